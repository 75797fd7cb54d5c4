#include "analytics/detectors/long_connection.h"

#include <bit>

#include "analytics/shape/saved_table.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = LongConnection::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.long-connection.age", &C::age, "3600",
     "from which one of an unknown protocol or to a rare peer is told", Unit::seconds},
    {"analytics.long-connection.known-age", &C::known_age, "43200", "from which any other is", Unit::seconds},
    {"analytics.long-connection.steady", &C::steady, "1024", "a minute each way, below which it only waits",
     Unit::bytes},
    {"analytics.long-connection.confidence", &C::confidence, "50", "in percent, of which one is told"},
    {"analytics.long-connection.rare", &C::rare, "2", "hosts that may talk to a rare peer"},
};

constexpr uint8_t kTcp = 6, kUdp = 17;
constexpr int64_t kLeast = 600;         // seconds: younger ones are not remembered
constexpr uint32_t kIdle = 2 * 86'400;  // seconds after which one is forgotten
constexpr uint64_t kHistory = 200;      // connections that tell what is usual
constexpr uint32_t kUnusual = 995;      // in 1/1000
constexpr unsigned kHarm = 45, kLittleHarm = 35;

LongConnection::Kind kind_of(std::string_view application, uint16_t port, uint64_t seed) {
  return {.application = keyed_hash(to_bytes(application), seed), .port = port};
}

}  // namespace

std::span<const OptionRow<LongConnection::Config>> LongConnection::options() {
  return kOptions;
}

void LongConnection::Span::merge(const Span& other) {
  out += other.out;
  in += other.in;
  first = std::min(first, other.first);
  // The latest knows best what it is.
  if (std::tie(other.last, other.closed) >= std::tie(last, closed)) {
    flow = other.flow;
    peer = other.peer;
    bare = other.bare;
    known = other.known;
    waits = other.waits;
    proxied = other.proxied;
    name = other.name;
    application = other.application;
  }
  last = std::max(last, other.last);
  closed |= other.closed;
}

size_t LongConnection::Ages::bin(int64_t seconds) {
  return std::min<size_t>(std::bit_width(static_cast<uint64_t>(std::max<int64_t>(seconds, 0))), kBins - 1);
}

std::pair<uint64_t, uint32_t> LongConnection::Ages::rank(int64_t seconds) const {
  uint64_t all = 0, below = 0;
  for (size_t i = 0; i < kBins; ++i) {
    all += counts[i];
    if (i < bin(seconds)) below += counts[i];
  }
  return {all, all == 0 ? 1000 : static_cast<uint32_t>(below * 1000 / all)};
}

void LongConnection::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  if ((flow.proto != kTcp && flow.proto != kUdp) || update.all_packets[1] == 0 || !surroundings_.inside(flow.client) ||
      to_many(flow.server)) {
    return;
  }
  const bool proxied = Peers::by_proxy(flow);
  if (surroundings_.inside(flow.server) && !proxied) return;
  if (delta.connections.bytes() == 0) {
    delta.connections = DeltaTable<Connection, Span>(surroundings_.hash_seed, Delta::kMostConnections);
    delta.kinds = DeltaTable<Kind, Ages>(surroundings_.hash_seed, Delta::kMostKinds);
  }
  const int64_t age = (update.time.ns - flow.start.ns) / 1'000'000'000;
  const bool closed = update.moment == FlowMoment::closed;
  if (closed) {
    ++delta.kinds.at(kind_of(flow.application, flow.server_port, surroundings_.hash_seed)).counts[Ages::bin(age)];
  }
  if (closed && age < kLeast) return;
  const Peer& peer = peers_.of(flow);
  if (peer.key.version != 0 && surroundings_.inside(peer.key)) return;
  delta.connections.at({flow.id}).merge(
      {.out = update.bytes[0],
       .in = update.bytes[1],
       .first = flow.start,
       .last = update.time,
       .closed = closed,
       .bare = flow.application.empty() && (flow.protocol.empty() || flow.protocol == "failed"),
       .known = Peers::known_service(flow),
       .waits = Peers::waits(flow),
       .proxied = proxied,
       .flow = name_of(flow),
       .peer = peer.key,
       .name = peer.name,
       .application = std::string(flow.application)});
}

LongConnection::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      connections_(surroundings.part(kMostConnections), surroundings.hash_seed),
      kinds_(surroundings.part(kMostKinds), surroundings.hash_seed),
      peers_(surroundings.part(kMostPeers), surroundings.hash_seed) {}

void LongConnection::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.connections.overflowed() + delta.kinds.overflowed();
  delta.kinds.walk([&](const Kind& kind, const Ages& ages) { kinds_.touch(kind, now_).value.merge(ages); });
  delta.connections.walk([&](const Connection& connection, const Span& span) {
    const uint64_t client = hash_of(span.flow.client, surroundings_.hash_seed);
    clients_.add(client);
    peers_.touch(span.peer, now_).value.add(client, now_);
    auto& entry = connections_.touch(connection, now_);
    Span& whole = entry.value;
    whole.merge(span);
    const int64_t age = (whole.last.ns - whole.first.ns) / 1'000'000'000;
    connections_.set_worth(entry, static_cast<uint8_t>(std::min<size_t>(Ages::bin(age), 15)));
    judge(whole, findings);
    if (whole.closed) connections_.erase(entry);
  });
}

void LongConnection::Global::judge(const Span& span, Findings& findings) {
  const auto age = static_cast<uint64_t>(std::max<int64_t>(span.last.ns - span.first.ns, 0) / 1'000'000'000);
  if (age < config_.age || span.waits) return;
  const auto* ages = kinds_.find(kind_of(span.application, span.flow.server_port, surroundings_.hash_seed));
  const auto [others, rank] = ages ? ages->value.rank(static_cast<int64_t>(age)) : std::pair(uint64_t{0}, 1000U);
  if (others >= kHistory && rank < kUnusual) return;
  const auto* known_peer = peers_.find(span.peer);
  const uint32_t hosts = known_peer ? known_peer->value.judge(clients_.count(), now_).hosts : 1;
  const bool rare = clients_.count() >= 10 && hosts <= config_.rare;
  if (age < config_.known_age && !span.bare && !rare) return;

  const uint64_t out_rate = span.out * 60 / age, in_rate = span.in * 60 / age;
  const bool steady = out_rate < config_.steady && in_rate < config_.steady;
  const bool known = span.known;
  int sure = 35 + (rare ? 10 : 0) + (span.bare ? 10 : 0) + (steady ? 10 : 0);
  for (uint64_t times : {1, 4, 12, 24}) sure += age >= times * config_.age ? 15 : 0;
  if (known) sure -= 40;
  sure = std::clamp(sure, 1, 95);
  if (static_cast<uint64_t>(sure) < config_.confidence) return;

  const std::string place = endpoint(span.flow.server, span.flow.server_port);
  const bool usual_port = span.proxied || span.flow.server_port == 443 || span.flow.server_port == 80;
  // Of its ends and its beginning, which a live sensor and a replay call alike.
  const std::string key = endpoint(span.flow.client, span.flow.client_port) + " " + place + " " +
                          std::to_string(span.flow.proto) + " " + std::to_string(span.first.ns);
  Report report{.key = keyed_hash(to_bytes(key), kReplaySeed),
                .subject = to_string(span.flow.client),
                .objects = {place},
                .severity = static_cast<uint8_t>(known ? kLittleHarm : kHarm),
                .confidence = static_cast<uint8_t>(sure),
                .techniques = 1U | (usual_port ? 0U : 2U) | (known ? 4U : 0U),
                .time = span.last,
                .first = span.first,
                .last = span.last,
                .count = age,
                .flows = {span.flow},
                .src = span.flow.client,
                .dest = span.flow.server};
  const bool by_address = span.name.empty() && span.proxied && span.peer != span.flow.server;
  if (!span.name.empty() || by_address) {
    report.objects.insert(report.objects.begin(), by_address ? to_string(span.peer) : span.name);
  }
  findings.report(std::move(report), [&, others = others, rank = rank](JsonWriter& json) {
    json.member("seconds", age).member("seconds_needed", span.bare || rare ? config_.age : config_.known_age);
    json.member("bytes_out", span.out).member("bytes_in", span.in);
    json.member("bytes_out_minute", out_rate).member("bytes_in_minute", in_rate).member("steady_below", config_.steady);
    json.member("others", others).member("shorter_pct", rank / 10.0).member("shorter_pct_needed", kUnusual / 10.0);
    json.member("hosts", hosts).member("hosts_active", clients_.count());
    json.member("confidence_needed", config_.confidence);
    if (!span.application.empty()) json.member("app", span.application);
    if (span.proxied) json.member("proxy", place);
  });
}

void LongConnection::Global::expire(Second second, Findings&) {
  if (second <= kIdle || second % 60 != 0) return;
  const auto due = static_cast<uint32_t>(second - kIdle);
  connections_.expire(due, [](const auto&) {});
  peers_.expire(due, [](const auto&) {});
}

void LongConnection::Global::save(StateWriter& out) {
  out.u32(now_);
  out.bytes(clients_.bytes());
  save_table(kinds_, out, [](const Ages& ages, StateWriter& to) {
    for (uint32_t count : ages.counts) to.u32(count);
  });
  save_table(peers_, out, [](const Novelty& peer, StateWriter& to) { peer.save(to); });
}

bool LongConnection::Global::load(StateReader& in) {
  now_ = in.u32();
  if (!clients_.load(in.bytes(clients_.bytes().size()))) return false;
  return load_table(kinds_, in, now_, sizeof(Ages),
                    [](Ages& ages, StateReader& from) {
                      for (uint32_t& count : ages.counts) count = from.u32();
                      return from.ok();
                    }) &&
         load_table(peers_, in, now_, Novelty::kSaved,
                    [](Novelty& peer, StateReader& from) { return peer.load(from); });
}

StateUse LongConnection::Global::use() const {
  return {.keys = uint64_t{connections_.keys()} + kinds_.keys() + peers_.keys(),
          .bytes = connections_.bytes() + kinds_.bytes() + peers_.bytes(),
          .evicted = connections_.evicted() + kinds_.evicted() + peers_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
