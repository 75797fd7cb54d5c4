// Messages of a session of SMB 2 that is under way, for tests.
#pragma once

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/smb/smb_wire.h"

namespace lapwing::test::smb {

/// A message of such a session, and what the server says to it.
struct Talk {
  explicit Talk(Dialogue& dialogue, size_t piece_size = 0) : d(dialogue), piece(piece_size) {}

  Talk& exchange(uint16_t command, const std::string& request, const std::string& response, uint32_t status = 0) {
    ask(command, request);
    return answer(command, response, status);
  }
  Talk& ask(uint16_t command, const std::string& request) {
    d.client(packet(message2(command, {.message = ++message}, request)), piece);
    return *this;
  }
  Talk& answer(uint16_t command, const std::string& response, uint32_t status = 0, uint32_t flags = 0) {
    d.server(packet(message2(command, {.message = message, .status = status, .flags = kResponse | flags}, response)),
             piece);
    return *this;
  }
  Talk& tree(uint8_t type = 1) { return exchange(3, tree_connect2("\\\\srv\\share"), tree2(type)); }
  Talk& open(uint64_t file, std::string_view name) { return exchange(5, create2(name), created2(file_id(file))); }
  Talk& close(uint64_t file) { return exchange(6, close2(file_id(file)), closed2()); }
  Talk& write(uint64_t file, uint64_t offset, const std::string& bytes) {
    return exchange(9, write2(file_id(file), offset, bytes), written2());
  }
  Talk& read(uint64_t file, uint64_t offset, const std::string& bytes) {
    return exchange(8, read2(file_id(file), 65536, offset), data2(bytes));
  }

  Dialogue& d;
  size_t piece;
  uint64_t message = 0;
};

}  // namespace lapwing::test::smb
