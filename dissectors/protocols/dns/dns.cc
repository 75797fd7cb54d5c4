#include "dissectors/protocols/dns/dns.h"

#include <algorithm>

#include "sensor/base/per_thread.h"

namespace lapwing::dns {

namespace {

constexpr uint16_t kPorts[] = {53};
constexpr size_t kPrefix = 2;  // of a message over TCP: its length (RFC 1035 4.2.2)
constexpr uint8_t kFirstUnassignedOpcode = 7;

constexpr FrameKind kFrames[] = {{"pdu", "a message, over TCP without its length"}};

constexpr auto kAnomalies = names<Anomaly::invalid_authorities>({
    {Anomaly::malformed_data, "malformed_data"},
    {Anomaly::not_request, "not_request"},
    {Anomaly::not_response, "not_response"},
    {Anomaly::z_flag_set, "z_flag_set"},
    {Anomaly::invalid_opcode, "invalid_opcode"},
    {Anomaly::name_too_long, "name_too_long"},
    {Anomaly::infinite_loop, "infinite_loop"},
    {Anomaly::too_many_labels, "too_many_labels"},
    {Anomaly::invalid_additionals, "invalid_additionals"},
    {Anomaly::invalid_authorities, "invalid_authorities"},
});

constexpr NamedValue kVersions[] = {{"2", 2}, {"3", 3}};

const OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.dns.record.version", one_of<&Config::version>(kVersions), "3",
     "form of dns records and of dns in alerts: 2 has query and answer, 3 has request and response with queries"},
    {"app-layer.protocols.dns.record.formats", some_of<&Config::formats>(kFormats), "detailed,grouped",
     "answers one by one (detailed), by type (grouped), or both"},
    {"app-layer.protocols.dns.record.requests", &Config::requests, "yes", "write records of requests"},
    {"app-layer.protocols.dns.record.responses", &Config::responses, "yes", "write records of responses"},
    {"app-layer.protocols.dns.record.types", some_of<&Config::types>(type_names()), "",
     "write records only of messages that ask for one of these types (a, mx, https, ...); empty: all"},
};

/// The message at hand. One a worker: the capacities it keeps make parsing free of allocations.
MessageTransaction& scratch() {
  MessageTransaction& tx = per_thread([] { return MessageTransaction(); });
  tx.reset();
  return tx;
}

}  // namespace

const About Dns::about{.name = "dns",
                       .transports = transport::tcp | transport::udp,
                       .ports = kPorts,
                       .help = "domain name system (RFC 1035)"};

const Protocol Dns::protocol{.name = "dns",
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "domain name system",
                             .facts = &facts,
                             .sightings = &sightings,
                             .one_message = true,
                             .frames = kFrames,
                             .in_alert = columns(),
                             .most_entries = kCaps[static_cast<size_t>(Cap::entries)].limit,
                             .caps = kCaps,
                             .extent = &record_extent};

std::span<const OptionRow<Config>> Dns::options() {
  return kOptions;
}

namespace {}  // namespace

Likelihood Dns::probe(const Chunk& first) {
  const bool to_server = first.direction == Direction::to_server;
  if (first.datagram) return judge(first.data, first.data.size(), to_server, true, first.only_sure);
  // BIND, Unbound and dnsmasq go on behind a first message that is none.
  Bytes rest = first.data;
  for (bool junk = false;; junk = true) {
    if (rest.size() < kPrefix) return Likelihood::more;
    const size_t size = load_be16(rest.data());
    rest = rest.subspan(kPrefix);
    const Likelihood verdict = judge(rest, size, to_server, false);
    if (verdict != Likelihood::no || junk || size > kMaxOdd) return verdict;
    if (rest.size() < size) return Likelihood::more;
    rest = rest.subspan(size);
  }
}

Step Dns::data(const Chunk& chunk) {
  if (chunk.datagram) return message(chunk.data, 0, chunk) ? Step::ok(chunk.data.size()) : Step::fail();
  Resync& resync = resync_[index(chunk.direction)];
  size_t used = resync.skip(chunk, kPrefix + kEnoughToResume, [&](Bytes rest) {
    return rest.size() < kPrefix
               ? Likelihood::more
               : resume(rest.subspan(kPrefix), load_be16(rest.data()), chunk.direction == Direction::to_server);
  });
  if (resync.lost()) return Step::need(used, 1);
  while (true) {
    const Bytes rest = chunk.data.subspan(used);
    if (rest.size() < kPrefix) return Step::need(used, rest.empty() ? 0 : kPrefix - rest.size());
    const size_t size = load_be16(rest.data());
    const uint64_t begin = chunk.offset + used + kPrefix;
    resync.reaches(begin + size);
    if (rest.size() < kPrefix + size) return Step::need(used, kPrefix + size - rest.size());
    if (size > 0 && !message(rest.subspan(kPrefix, size), begin, chunk)) return Step::fail();
    used += kPrefix + size;
  }
}

Step Dns::gap(Direction direction, uint64_t) {
  resync_[index(direction)].lose();
  return Step::ok(0);
}

bool Dns::message(Bytes wire, uint64_t offset, const Chunk& chunk) {
  out_.frame(Pdu::pdu, chunk.direction, offset, wire.size());
  MessageTransaction& tx = scratch();
  Message& parsed = tx.message;
  const bool readable = parse(wire, parsed);
  if (!out_.work(parsed.text.size() + parsed.followed)) return false;
  if (!readable) {
    out_.anomaly(Anomaly::malformed_data, chunk.direction);
    return true;
  }
  // Each message says itself which way it goes. A flow may begin with an answer; where requests came from the client
  // too, what goes the other way is wrong, and is read all the same: it may be the forged one that came first.
  const Direction direction = parsed.is_response() ? Direction::to_client : Direction::to_server;
  straight_ |= direction == chunk.direction;
  out_.open(tx);
  if (!chunk.datagram) tx.begin[index(chunk.direction)] = offset - kPrefix;  // rules may look at its length
  tx.unrecorded = direction == Direction::to_client && std::erase(unrecorded_, parsed.id) > 0;
  raise(tx, chunk, direction);
  publish(tx, chunk, direction);
  if (!tx.unrecorded || direction == Direction::to_client) return true;
  if (!out_.within(Cap::unrecorded, unrecorded_.size() + 1)) unrecorded_.erase(unrecorded_.begin());
  unrecorded_.push_back(parsed.id);
  return true;
}

void Dns::raise(MessageTransaction& tx, const Chunk& chunk, Direction direction) {
  constexpr struct {
    uint16_t fault;
    Anomaly anomaly;
  } kFaults[] = {
      {kInvalidAdditionals, Anomaly::invalid_additionals},
      {kInvalidAuthorities, Anomaly::invalid_authorities},
      {kMalformedAnswers, Anomaly::malformed_data},
      {kNameTooLong, Anomaly::name_too_long},
      {kInfiniteLoop, Anomaly::infinite_loop},
      {kTooManyLabels, Anomaly::too_many_labels},
  };
  const Message& parsed = tx.message;
  if (straight_ && direction != chunk.direction) {
    out_.anomaly(parsed.is_response() ? Anomaly::not_request : Anomaly::not_response, direction, &tx);
  }
  if (parsed.flags & header_flag::z) out_.anomaly(Anomaly::z_flag_set, direction, &tx);
  if (parsed.opcode() >= kFirstUnassignedOpcode) out_.anomaly(Anomaly::invalid_opcode, direction, &tx);
  for (const auto& row : kFaults) {
    if (parsed.faults & row.fault) out_.anomaly(row.anomaly, direction, &tx);
  }
}

bool Dns::wanted(uint16_t type) const {
  return config_.types.empty() || std::ranges::find(config_.types, type) != config_.types.end();
}

void Dns::publish(MessageTransaction& tx, const Chunk& chunk, Direction direction) {
  const Message& parsed = tx.message;
  tx.progress[index(direction)] = kComplete;
  Event event{.tx = &tx, .direction = direction, .message = parsed.size};
  const bool enabled = direction == Direction::to_server ? config_.requests : config_.responses;
  auto matches = [&](const Question& question) { return wanted(question.type); };
  const bool due = enabled && (config_.types.empty() || std::ranges::any_of(parsed.questions, matches));
  if (due && config_.version == 2 && direction == Direction::to_server) {
    // Version 2 has a record for each question, all written from the client's side.
    constexpr size_t kAlways = 4, kBytes = 32;  // of the message, that pay for one record more
    const size_t most = std::min<size_t>(out_.limit(Cap::entries), kAlways + parsed.size / kBytes);
    event.record = records().data();
    size_t shown = 0;
    for (const Question& question : parsed.questions) {
      if (!matches(question)) continue;
      if (shown == most) {
        tx.cut = true;
        out_.capped(Cap::entries);
        break;
      }
      if (event.detail) out_.emit(event);
      event.detail = &question;
      ++shown;
    }
    if (!event.detail) event.record = nullptr;
  } else if (due) {
    event.record = records().data();
    event.reversed = config_.version != 2 && chunk.direction == Direction::to_client;
  }
  out_.emit(event);
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Dns>();

}  // namespace lapwing::dns
