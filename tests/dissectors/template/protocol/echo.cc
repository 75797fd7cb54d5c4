#include "tests/dissectors/template/protocol/echo.h"

namespace lapwing::echo {

namespace {
constexpr uint16_t kPorts[] = {7};
constexpr std::string_view kVerb = "ECHO ";
constexpr auto kAnomalies = names<kTooManyPending>({{kMismatchedReply, "mismatched_reply"},
                                                    {kUnexpectedReply, "unexpected_reply"},
                                                    {kInvalidLine, "invalid_line"},
                                                    {kLineTooLong, "line_too_long"},
                                                    {kTooManyPending, "too_many_pending"}});
constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.echo.log-text", &Config::log_text, "yes", "write the echoed text into echo records"},
};
}  // namespace

const About Echo::about{.name = "echo",
                        .transports = transport::tcp | transport::udp,
                        .ports = kPorts,
                        .help = "echo requests in lines (RFC 862)",
                        .starts = {bytes_of(kVerb.substr(0, 1)), ByteSet()}};

const Protocol Echo::protocol{.name = "echo",
                              .anomalies = kAnomalies,
                              .records = records(),
                              .help = "echo requests in lines",
                              .in_alert = columns(),
                              .caps = kCaps,
                              .extent = &record_extent};

std::span<const OptionRow<Config>> Echo::options() {
  return kOptions;
}

Likelihood Echo::probe(const Chunk& first) {
  // Any text may be echoed, so only the verb tells, and never for sure: a port-7 table or nothing better decides.
  auto start = to_text(first.data.first(std::min(first.data.size(), kVerb.size())));
  if (first.direction != Direction::to_server || !kVerb.starts_with(start)) return Likelihood::no;
  Line line = parse_line(first.data, first.datagram);
  if (line.outcome == Outcome::incomplete) return first.datagram ? Likelihood::no : Likelihood::more;
  return line.outcome == Outcome::ok && is_request(line.text) ? Likelihood::maybe : Likelihood::no;
}

Step Echo::data(const Chunk& chunk) {
  size_t used = 0;
  while (used < chunk.data.size()) {
    Line next = parse_line(chunk.data.subspan(used), chunk.datagram);
    if (next.outcome == Outcome::incomplete) break;
    if (next.outcome != Outcome::ok) {
      out_.anomaly(next.outcome == Outcome::too_long ? kLineTooLong : kInvalidLine, chunk.direction);
      return Step::fail();
    }
    if (!line(next.text, chunk.direction)) return Step::fail();
    used += next.size;
  }
  return Step::ok(used);
}

bool Echo::line(Bytes text, Direction direction) {
  if (direction == Direction::to_server) {
    if (!is_request(text)) {
      out_.anomaly(kInvalidLine, direction);
      return false;
    }
    if (!out_.within(Cap::pending, pending_.size() + 1)) {
      out_.anomaly(kTooManyPending, direction, pending_.oldest());
      close(*pending_.oldest(), direction);
    }
    Exchange& exchange = pending_.open();
    out_.open(exchange);
    exchange.request = to_text(text);
    out_.reach(exchange, direction, kComplete);
    return true;
  }
  Exchange* exchange = pending_.oldest();
  if (!exchange) {
    out_.anomaly(kUnexpectedReply, direction);
    return false;
  }
  exchange->reply = to_text(text);
  if (exchange->reply != exchange->request) out_.anomaly(kMismatchedReply, direction, exchange);
  close(*exchange, direction);
  return true;
}

/// Tells the exchange's last progress with its record, and forgets it.
void Echo::close(Exchange& exchange, Direction direction) {
  exchange.progress = {kComplete, kComplete};
  out_.emit({.tx = &exchange, .direction = direction, .record = records().data()});
  pending_.close(exchange);
}

Step Echo::gap(Direction, uint64_t) {
  // Lines carry no number: after a hole nobody can tell which reply answers which request.
  return Step::fail();
}

void Echo::finish() {
  while (!pending_.empty()) close(*pending_.oldest(), Direction::to_client);
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Echo>();

}  // namespace lapwing::echo
