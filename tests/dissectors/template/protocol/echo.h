// Echo (RFC 862 servers asked in lines): the smallest complete dissector, and the template of the others.
#pragma once

#include <string>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/open.h"
#include "tests/dissectors/template/protocol/echo_parser.h"

namespace lapwing::echo {

struct Config {
  bool log_text = true;
};

/// One request and what the server sent back [W].
struct Exchange : Transaction {
  std::string request, reply;  // whole lines without their ends

  void reset() {
    static_cast<Transaction&>(*this) = {};
    request.clear();
    reply.clear();
  }
};

/// Progress of either direction of an Exchange.
inline constexpr uint8_t kLine = 1;

enum Anomaly : uint8_t { kMismatchedReply, kUnexpectedReply, kInvalidLine, kLineTooLong, kTooManyPending };

/// What echo_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
RecordExtent record_extent(const void* config, std::string_view record);

class Echo {
 public:
  using Config = echo::Config;
  using Anomaly = echo::Anomaly;
  using Pdu = None;
  enum class Cap : uint8_t { pending };
  static constexpr lapwing::Cap kCaps[] = {
      {"pending", 64, "requests that wait for their reply; the oldest is given up"},
  };
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Echo(const Config&, const Out<Echo>& out) : out_(out) {}
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  bool line(Bytes text, Direction direction);
  void close(Exchange& exchange, Direction direction);

  Out<Echo> out_;
  Open<Exchange> pending_;
};

}  // namespace lapwing::echo
