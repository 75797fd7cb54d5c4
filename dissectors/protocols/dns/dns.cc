#include "dissectors/protocols/dns/dns.h"

#include <algorithm>

#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"

namespace lapwing::dns {

namespace {

constexpr uint16_t kPorts[] = {53};
constexpr size_t kPrefix = 2;  // of a message over TCP: its length (RFC 1035 4.2.2)
constexpr uint8_t kFirstUnassignedOpcode = 7;

enum Frame : uint8_t { kPdu };
constexpr FrameKind kFrames[] = {{"pdu", "a message, over TCP without its length"}};

constexpr std::string_view kAnomalies[] = {
    "malformed_data", "not_request",   "not_response",    "z_flag_set",          "invalid_opcode",
    "name_too_long",  "infinite_loop", "too_many_labels", "invalid_additionals", "invalid_authorities",
};

constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.dns.record.version", &Config::version, "3",
     "form of dns records: 2 has query and answer with rrname on top, 3 has request and response with queries",
     Unit::none, "2|3"},
    {"app-layer.protocols.dns.record.formats", &Config::formats, "detailed,grouped",
     "answers one by one (detailed), by type (grouped), or both"},
    {"app-layer.protocols.dns.record.requests", &Config::requests, "yes", "write records of requests"},
    {"app-layer.protocols.dns.record.responses", &Config::responses, "yes", "write records of responses"},
    {"app-layer.protocols.dns.record.types", &Config::types, "",
     "write records only of messages that ask for one of these types (a, mx, https, ...); empty: all"},
};

/// The message at hand. One a worker: the capacities it keeps make parsing free of allocations.
MessageTransaction& scratch() {
  MessageTransaction& tx = per_thread([] { return MessageTransaction(); });
  tx.progress = {};
  tx.inspected = {};
  tx.begin = {kNowhere, kNowhere};
  tx.anomalies.clear();
  tx.cut = false;
  return tx;
}

}  // namespace

const About Dns::about{.name = "dns",
                       .transports = transport::tcp | transport::udp,
                       .ports = kPorts,
                       .help = "domain name system (RFC 1035)"};

const Protocol Dns::protocol{.name = "dns",
                             .fields = fields(),
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "domain name system",
                             .one_message = true,
                             .frames = kFrames,
                             .in_alert = columns(),
                             .most_entries = kMaxEntries,
                             .choice = &record_choice};

std::span<const OptionRow<Config>> Dns::options() {
  return kOptions;
}

namespace {

Likelihood likelihood(Verdict verdict) {
  switch (verdict) {
    case Verdict::no: return Likelihood::no;
    case Verdict::more: return Likelihood::more;
    case Verdict::plausible: return Likelihood::maybe;
    case Verdict::certain: return Likelihood::sure;
  }
  return Likelihood::no;
}

}  // namespace

Likelihood Dns::probe(const Chunk& first) {
  const bool to_server = first.direction == Direction::to_server;
  if (first.datagram) return likelihood(judge(first.data, first.data.size(), to_server, true));
  // BIND, Unbound and dnsmasq go on behind a first message that is none.
  Bytes rest = first.data;
  for (bool junk = false;; junk = true) {
    if (rest.size() < kPrefix) return Likelihood::more;
    const size_t size = load_be16(rest.data());
    rest = rest.subspan(kPrefix);
    const Verdict verdict = judge(rest, size, to_server, false);
    if (verdict != Verdict::no || junk || size > kMaxOdd) return likelihood(verdict);
    if (rest.size() < size) return Likelihood::more;
    rest = rest.subspan(size);
  }
}

Step Dns::data(const Chunk& chunk, EventSink& sink) {
  if (chunk.datagram) {
    return message(chunk.data, 0, chunk, sink) ? Step::ok(chunk.data.size()) : Step::fail();
  }
  bool& lost = lost_[index(chunk.direction)];
  if (lost) {
    // Messages often start a segment, so the first segment that looks like one is where reading goes on.
    if (chunk.data.size() < kPrefix + kHeaderSize || probe(chunk) < Likelihood::maybe)
      return Step::ok(chunk.data.size());
    lost = false;
  }
  size_t used = 0;
  while (true) {
    const Bytes rest = chunk.data.subspan(used);
    if (rest.size() < kPrefix) return Step::need(used, rest.empty() ? 0 : kPrefix - rest.size());
    const size_t size = load_be16(rest.data());
    if (rest.size() < kPrefix + size) return Step::need(used, kPrefix + size - rest.size());
    if (size > 0 && !message(rest.subspan(kPrefix, size), chunk.offset + used + kPrefix, chunk, sink)) {
      return Step::fail();
    }
    used += kPrefix + size;
  }
}

Step Dns::gap(Direction direction, uint64_t, EventSink&) {
  lost_[index(direction)] = true;
  return Step::ok(0);
}

bool Dns::message(Bytes wire, uint64_t offset, const Chunk& chunk, EventSink& sink) {
  sink.frame(kPdu, chunk.direction, offset, wire.size(), nullptr);
  MessageTransaction& tx = scratch();
  Message& parsed = tx.message;
  const bool readable = parse(wire, parsed);
  if (!sink.work(parsed.text.size() + parsed.followed)) return false;
  if (!readable) {
    sink.anomaly(protocol, nullptr, kMalformedData, chunk.direction);
    return true;
  }
  // Each message says itself which way it goes. A flow may begin with an answer; where requests came from the client
  // too, what goes the other way is wrong, and is read all the same: it may be the forged one that came first.
  const Direction direction = parsed.is_response() ? Direction::to_client : Direction::to_server;
  straight_ |= direction == chunk.direction;
  tx.id = next_id_++;
  tx.progress[index(direction)] = kComplete;
  if (!chunk.datagram) tx.begin[index(chunk.direction)] = offset - kPrefix;  // rules may look at its length
  tx.unrecorded = direction == Direction::to_client && std::erase(unrecorded_, parsed.id) > 0;

  constexpr struct {
    uint16_t fault;
    Anomaly anomaly;
  } kFaults[] = {
      {kInvalidAdditionals, kInvalidAdditionalsSeen},
      {kInvalidAuthorities, kInvalidAuthoritiesSeen},
      {kMalformedAnswers, kMalformedData},
      {kNameTooLong, kNameTooLongSeen},
      {kInfiniteLoop, kInfiniteLoopSeen},
      {kTooManyLabels, kTooManyLabelsSeen},
  };
  if (straight_ && direction != chunk.direction) {
    sink.anomaly(protocol, &tx, parsed.is_response() ? kNotRequest : kNotResponse, direction);
  }
  if (parsed.flags & header_flag::z) sink.anomaly(protocol, &tx, kZFlagSet, direction);
  if (parsed.opcode() >= kFirstUnassignedOpcode) sink.anomaly(protocol, &tx, kInvalidOpcode, direction);
  for (const auto& row : kFaults) {
    if (parsed.faults & row.fault) sink.anomaly(protocol, &tx, row.anomaly, direction);
  }
  publish(tx, chunk, direction, sink);
  if (!tx.unrecorded || direction == Direction::to_client) return true;
  if (unrecorded_.size() == kMaxUnrecorded) unrecorded_.erase(unrecorded_.begin());
  unrecorded_.push_back(parsed.id);
  return true;
}

bool Dns::wanted(uint16_t type) const {
  if (config_.types.empty()) return true;
  std::string scratch;
  const std::string_view name = type_name(type, scratch);
  return std::ranges::any_of(config_.types, [&](const std::string& wanted) { return equal_nocase(wanted, name); });
}

void Dns::publish(MessageTransaction& tx, const Chunk& chunk, Direction direction, EventSink& sink) const {
  const Message& parsed = tx.message;
  Event event{.protocol = &protocol, .tx = &tx, .direction = direction, .message = parsed.size};
  const bool enabled = direction == Direction::to_server ? config_.requests : config_.responses;
  auto matches = [&](const Question& question) { return wanted(question.type); };
  const bool due = enabled && (config_.types.empty() || std::ranges::any_of(parsed.questions, matches));
  if (due && config_.version == "2" && direction == Direction::to_server) {
    // Version 2 has a record for each question, all written from the client's side.
    constexpr size_t kAlways = 4, kBytes = 32;  // of the message, that pay for one record more
    const size_t most = std::min<size_t>(kMaxEntries, kAlways + parsed.size / kBytes);
    event.record = records().data();
    size_t shown = 0;
    for (const Question& question : parsed.questions) {
      if (!matches(question)) continue;
      if (shown == most) {
        tx.cut = true;
        break;
      }
      if (event.detail) sink.emit(event);
      event.detail = &question;
      ++shown;
    }
    if (!event.detail) event.record = nullptr;
  } else if (due) {
    event.record = records().data();
    event.reversed = config_.version != "2" && chunk.direction == Direction::to_client;
  }
  sink.emit(event);
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Dns>();

}  // namespace lapwing::dns
