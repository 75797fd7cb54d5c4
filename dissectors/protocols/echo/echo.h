// Echo (RFC 862 servers asked in lines): the smallest complete dissector, and the template of the others.
#pragma once

#include <deque>
#include <string>

#include "dissectors/contract/dissector.h"
#include "dissectors/protocols/echo/echo_parser.h"

namespace lapwing::echo {

struct Config {
  bool log_text = true;
};

/// One request and what the server sent back [W].
struct Exchange : Transaction {
  std::string request, reply;  // whole lines without their ends
};

/// Progress of either direction of an Exchange.
inline constexpr uint8_t kLine = 1;

enum Anomaly : uint8_t { kMismatchedReply, kUnexpectedReply, kInvalidLine, kLineTooLong, kTooManyPending };

/// Requests that wait for their reply; the oldest is given up beyond it.
inline constexpr size_t kMaxPending = 64;

/// What echo_columns.cc brings.
Table columns();
std::span<const Field> fields();
std::span<const RecordRow> records();
RecordChoice record_choice(const void* config, std::string_view record);

class Echo {
 public:
  using Config = echo::Config;
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  explicit Echo(const Config&) {}
  Step data(const Chunk& chunk, EventSink& sink);
  Step gap(Direction direction, uint64_t lost, EventSink& sink);
  void finish(EventSink& sink);

 private:
  bool line(Bytes text, Direction direction, EventSink& sink);
  void close_oldest(Direction direction, EventSink& sink);

  std::deque<Exchange> pending_;
  uint64_t next_id_ = 0;
};

}  // namespace lapwing::echo
