// Lines of SMTP (RFC 5321 4.1, 4.2): pure functions over lines without their ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/likelihood.h"
#include "sensor/base/bytes.h"

namespace lapwing::smtp {

/// `text` stands for the end of a message's text, which is answered like a command.
enum class Verb : uint8_t {
  other,
  helo,
  ehlo,
  lhlo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  starttls,
  auth,
  quit,
  known,
  text,
};

struct Command {
  Verb verb = Verb::other;
  std::string_view argument;  // behind the verb and blanks
};
Command parse_command(std::string_view line);

/// The path of MAIL and RCPT, with its brackets: "<a@b>" of "FROM:<a@b> SIZE=7".
std::string_view path(std::string_view argument);

/// "1000 LAST" of BDAT (RFC 3030 2).
struct ChunkSize {
  uint64_t bytes = 0;
  bool last = false;
};
std::optional<ChunkSize> parse_chunk_size(std::string_view argument);

struct Reply {
  uint16_t code = 0;       // 0: the line is none
  bool continued = false;  // more lines of it follow
  std::string_view text;   // behind the code

  bool positive() const { return code >= 200 && code < 300; }
};
Reply parse_reply(std::string_view line);

/// Whether the first bytes of a side are those of SMTP.
Likelihood judge(std::string_view first, bool to_server);

}  // namespace lapwing::smtp
