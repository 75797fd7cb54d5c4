#include "dissectors/protocols/echo/echo.h"

namespace lapwing::echo {

namespace {
constexpr uint16_t kPorts[] = {7};
constexpr std::string_view kAnomalies[] = {"mismatched_reply", "unexpected_reply", "invalid_line", "line_too_long",
                                           "too_many_pending"};
constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.echo.log-text", &Config::log_text, "yes", "write the echoed text into echo records"},
};
}  // namespace

const About Echo::about{.name = "echo",
                        .transports = transport::tcp | transport::udp,
                        .ports = kPorts,
                        .help = "echo requests in lines (RFC 862)",
                        .starts = {bytes_of("E"), ByteSet()}};

const Protocol Echo::protocol{.name = "echo",
                              .fields = fields(),
                              .anomalies = kAnomalies,
                              .records = records(),
                              .help = "echo requests in lines",
                              .in_alert = columns(),
                              .choice = &record_choice};

std::span<const OptionRow<Config>> Echo::options() {
  return kOptions;
}

Likelihood Echo::probe(const Chunk& first) {
  // Any text may be echoed, so only the verb tells, and never for sure: a port-7 table or nothing better decides.
  constexpr std::string_view kVerb = "ECHO ";
  auto start = to_text(first.data.first(std::min(first.data.size(), kVerb.size())));
  if (first.direction != Direction::to_server || !kVerb.starts_with(start)) return Likelihood::no;
  Line line = parse_line(first.data, first.datagram);
  if (line.outcome == Outcome::incomplete) return first.datagram ? Likelihood::no : Likelihood::more;
  return line.outcome == Outcome::ok && is_request(line.text) ? Likelihood::maybe : Likelihood::no;
}

Step Echo::data(const Chunk& chunk, EventSink& sink) {
  size_t used = 0;
  while (used < chunk.data.size()) {
    Line next = parse_line(chunk.data.subspan(used), chunk.datagram);
    if (next.outcome == Outcome::incomplete) break;
    if (next.outcome != Outcome::ok) {
      sink.anomaly(protocol, nullptr, next.outcome == Outcome::too_long ? kLineTooLong : kInvalidLine, chunk.direction);
      return Step::fail();
    }
    if (!line(next.text, chunk.direction, sink)) return Step::fail();
    used += next.size;
  }
  return Step::ok(used);
}

bool Echo::line(Bytes text, Direction direction, EventSink& sink) {
  if (direction == Direction::to_server) {
    if (!is_request(text)) {
      sink.anomaly(protocol, nullptr, kInvalidLine, direction);
      return false;
    }
    if (pending_.size() == kMaxPending) {
      sink.anomaly(protocol, &pending_.front(), kTooManyPending, direction);
      close_oldest(direction, sink);
    }
    Exchange& exchange = pending_.emplace_back();
    exchange.id = next_id_++;
    exchange.request = to_text(text);
    exchange.progress[index(direction)] = kComplete;
    sink.emit({.protocol = &protocol, .tx = &exchange, .direction = direction});
    return true;
  }
  if (pending_.empty()) {
    sink.anomaly(protocol, nullptr, kUnexpectedReply, direction);
    return false;
  }
  Exchange& exchange = pending_.front();
  exchange.reply = to_text(text);
  if (exchange.reply != exchange.request) sink.anomaly(protocol, &exchange, kMismatchedReply, direction);
  close_oldest(direction, sink);
  return true;
}

/// Emits the oldest exchange's last progress with its record, and forgets it.
void Echo::close_oldest(Direction direction, EventSink& sink) {
  Exchange& exchange = pending_.front();
  exchange.progress = {kComplete, kComplete};
  sink.emit({.protocol = &protocol, .tx = &exchange, .direction = direction, .record = records().data()});
  pending_.pop_front();
}

Step Echo::gap(Direction, uint64_t, EventSink&) {
  // Lines carry no number: after a hole nobody can tell which reply answers which request.
  return Step::fail();
}

void Echo::finish(EventSink& sink) {
  while (!pending_.empty()) close_oldest(Direction::to_client, sink);
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Echo>();

}  // namespace lapwing::echo
