#include "analytics/detectors/exfiltration.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>

#include "analytics/shape/bits.h"
#include "analytics/shape/few.h"
#include "analytics/shape/saved_table.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Exfiltration::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.exfiltration.bytes", &C::bytes, "100mb", "sent to a peer in an hour", Unit::bytes},
    {"analytics.exfiltration.rare-bytes", &C::rare_bytes, "2mb",
     "to a new peer that few hosts talk to, by no service that is known", Unit::bytes},
    {"analytics.exfiltration.ratio", &C::ratio, "500",
     "in 1/1000: by how much what is sent exceeds what is received, of both"},
    {"analytics.exfiltration.times", &C::times, "8", "as much as is usual between the two"},
    {"analytics.exfiltration.uploads", &C::uploads, "20", "of one size, which make a finding of low harm"},
    {"analytics.exfiltration.upload-bytes", &C::upload_bytes, "50kb", "of the least upload that counts", Unit::bytes},
    {"analytics.exfiltration.confidence", &C::confidence, "50", "in percent, of which it is told"},
    {"analytics.exfiltration.rare", &C::rare, "2", "hosts that may talk to a rare peer"},
};

constexpr uint8_t kTcp = 6, kUdp = 17;
constexpr int16_t kUploadRatio = 800;  // in 1/1000
constexpr uint32_t kDay = 86'400, kIdle = 14 * kDay;
constexpr unsigned kMuch = 3;  // doublings of what is needed
constexpr unsigned kHarm = 80, kLittleHarm = 35;
constexpr uint64_t kForm = 4;  // part of what is told of any peer, to which people fill in forms with files

/// nDPI's names of protocols that take files to whoever runs a server: they tell of no service that is known.
bool moves_files(std::string_view application) {
  static constexpr auto kNames = few<std::string_view>("FTPS", "FTP_CONTROL", "FTP_DATA", "RSYNC", "SSH", "TFTP");
  return kNames.has(application);
}

}  // namespace

std::span<const OptionRow<Exfiltration::Config>> Exfiltration::options() {
  return kOptions;
}

void Exfiltration::Sent::merge(const Sent& other) {
  traffic.merge(other.traffic);
  known += other.known;
  bare += other.bare;
  uploads += other.uploads;
  web |= other.web;
  if (std::tie(other.first, other.flow.id) < std::tie(first, flow.id)) {
    first = other.first;
    flow = other.flow;
  }
  last = std::max(last, other.last);
  keep_greater(name, other.name);
  keep_greater(application, other.application);
}

/// Sums come from ticks, which tell in time; uploads from bursts, which tell their size.
void Exfiltration::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const Traffic traffic{update.bytes[0], update.bytes[1]};
  const bool burst = update.moment == FlowMoment::burst;
  // Most bursts are small.
  if (burst && (traffic.out < config_.upload_bytes || producer_ratio(traffic) < kUploadRatio)) return;
  if ((flow.proto != kTcp && flow.proto != kUdp) || traffic.empty() ||
      (surroundings_.inside(flow.server) && !Peers::by_proxy(flow)) || !surroundings_.inside(flow.client) ||
      to_many(flow.server)) {
    return;
  }
  if (delta.pairs.bytes() == 0) delta.pairs = DeltaTable<Pair, Sent>(surroundings_.hash_seed, Delta::kMostPairs);
  const Peer& peer = peers_.of(flow);
  Pair pair{.host = flow.client, .peer = peer.key};
  if (burst) pair.size_class = static_cast<uint8_t>(std::clamp(log2_sixteenths(traffic.out) / 2, 1, 255));
  const uint64_t both = traffic.out + traffic.in;
  const bool bare = flow.application.empty() && (flow.protocol.empty() || flow.protocol == "failed");
  Sent& sent = delta.pairs.at(pair);
  sent.traffic.merge(traffic);
  if (Peers::known_service(flow) && !moves_files(flow.application)) sent.known += both;
  if (bare) sent.bare += both;
  sent.uploads += burst;
  sent.web |= flow.protocol == "tls" || flow.protocol == "quic" || flow.protocol.starts_with("http");
  if (std::tie(update.time, flow.id) < std::tie(sent.first, sent.flow.id)) {
    sent.first = update.time;
    sent.flow = name_of(flow);
  }
  sent.last = std::max(sent.last, update.time);
  keep_greater(sent.name, peer.name);
  keep_greater(sent.application, flow.application);
}

unsigned Exfiltration::confidence(const Circumstances& of) {
  // A service that others here do without may hold what one host brings there: so much is no daily errand.
  const int service = of.rare && of.excess >= kMuch ? 25 : 40;
  const int sum = 50 + static_cast<int>(std::min(15U, 5 * of.excess)) + (of.rare ? 10 : 0) + (of.bare ? 15 : 0) -
                  (of.known ? service : 0);
  return static_cast<unsigned>(std::clamp(sum, 1, 95));
}

Exfiltration::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      hosts_(surroundings.part(kMostHosts), surroundings.hash_seed),
      pairs_(surroundings.part(kMostPairs), surroundings.hash_seed),
      peers_(surroundings.part(kMostPeers), surroundings.hash_seed) {}

void Exfiltration::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.pairs.overflowed();
  delta.pairs.walk([&](const Pair& pair, const Sent& sent) {
    const uint64_t host = hash_of(pair.host, surroundings_.hash_seed);
    clients_.add(host);
    peers_.touch(pair.peer, now_).value.add(host, now_);
    auto& whole = hosts_.touch(pair.host, now_);
    auto& entry = pairs_.touch(pair, now_);
    if (pair.size_class == 0) whole.value.add(sent.traffic, now_);
    entry.value.volume.add(sent.traffic, now_);
    entry.value.sum.merge(sent);
    pairs_.set_worth(entry,
                     static_cast<uint8_t>(std::min<uint64_t>(std::bit_width(entry.value.sum.traffic.out >> 16), 15)));
    judge(pair, entry.value, whole.value, findings);
  });
}

void Exfiltration::Global::judge(const Pair& pair, const State& state, const Volume& whole, Findings& findings) {
  const Volume::Judgement now = state.volume.judge(now_);
  const Sent& sum = state.sum;
  const bool by_size = pair.size_class != 0;
  // Most have sent little, whoever the peer is.
  if (by_size ? sum.uploads < config_.uploads
              : now.recent.out < std::min(config_.bytes, config_.rare_bytes) ||
                    now.pcr < static_cast<int64_t>(config_.ratio)) {
    return;
  }
  const Volume::Judgement host = whole.judge(now_);
  const auto* known_peer = peers_.find(pair.peer);
  const Novelty::Judgement peer = known_peer ? known_peer->value.judge(clients_.count(), now_) : Novelty::Judgement{};
  const bool rare = clients_.count() >= 10 && peer.hosts <= config_.rare;
  const uint64_t both = std::max<uint64_t>(1, sum.traffic.out + sum.traffic.in);
  Circumstances circumstances{.rare = rare, .bare = 2 * sum.bare >= both, .known = 2 * sum.known >= both};

  const bool strange = rare && peer.age < kDay && !circumstances.known;
  const uint64_t needed = by_size   ? config_.uploads * config_.upload_bytes
                          : strange ? config_.rare_bytes
                                    : config_.bytes;
  if (!by_size) {
    if (now.recent.out < needed) return;
    // A host without a history has none to differ from.
    const bool changed = host.hours == 0 || host.pcr - host.usual_pcr >= static_cast<int64_t>(config_.ratio) ||
                         now.out_percent / 100 >= config_.times;
    if (!changed) return;
  }
  const uint64_t times = (by_size ? sum.traffic.out : now.recent.out) / std::max<uint64_t>(1, needed);
  circumstances.excess = static_cast<unsigned>(log2_sixteenths(times) / kBit);
  const unsigned sure = confidence(circumstances);
  if (sure < config_.confidence) return;
  const bool form =
      !by_size && sum.web && !sum.name.empty() && !circumstances.bare && now.recent.out < config_.bytes / kForm;

  const std::string subject = to_string(pair.host), place = endpoint(sum.flow.server, sum.flow.server_port);
  const std::string key = subject + " " + (sum.name.empty() ? to_string(sum.flow.server) : sum.name) + " " +
                          std::to_string(pair.size_class);
  Report report{.key = keyed_hash(to_bytes(key), kReplaySeed),
                .subject = subject,
                .objects = {place},
                .severity = static_cast<uint8_t>(by_size || form ? kLittleHarm : kHarm),
                .confidence = static_cast<uint8_t>(sure),
                .techniques = circumstances.bare ? 1U
                              : sum.web          ? 4U
                                                 : 2U,
                .time = sum.last,
                .first = sum.first,
                .last = sum.last,
                .count = by_size ? sum.uploads : sum.traffic.out,
                .flows = {sum.flow},
                .src = pair.host,
                .dest = sum.flow.server};
  if (!sum.name.empty()) report.objects.insert(report.objects.begin(), sum.name);
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("bytes_out", sum.traffic.out).member("bytes_in", sum.traffic.in);
    if (by_size) {
      json.member("uploads", sum.uploads).member("uploads_needed", config_.uploads);
      json.member("upload_bytes", sum.traffic.out / std::max<uint32_t>(1, sum.uploads));
      json.member("upload_bytes_needed", config_.upload_bytes);
    } else {
      json.member("bytes_hour", now.recent.out).member("bytes_hour_needed", needed);
      json.member("bytes_hour_usual", now.usual.out).member("ratio", now.pcr / 1000.0);
      json.member("ratio_needed", static_cast<double>(config_.ratio) / 1000).member("ratio_of_host", host.pcr / 1000.0);
      json.member("ratio_of_host_usual", host.usual_pcr / 1000.0).member("hours_known", host.hours);
    }
    json.member("seconds", (sum.last.ns - sum.first.ns) / 1'000'000'000).member("peer_age_s", peer.age);
    json.member("hosts", peer.hosts).member("hosts_active", clients_.count());
    json.member("confidence_needed", config_.confidence);
    if (!sum.application.empty()) json.member("app", sum.application);
  });
}

void Exfiltration::Global::expire(Second second, Findings&) {
  if (second <= kIdle || second % 60 != 0) return;
  const auto due = static_cast<uint32_t>(second - kIdle);
  hosts_.expire(due, [](const auto&) {});
  pairs_.expire(due, [](const auto&) {});
  peers_.expire(due, [](const auto&) {});
}

void Exfiltration::Global::save(StateWriter& out) {
  out.u32(now_);
  out.bytes(clients_.bytes());
  save_table(hosts_, out, [](const Volume& volume, StateWriter& to) { volume.save(to); });
  save_table(peers_, out, [](const Novelty& peer, StateWriter& to) { peer.save(to); });
  save_table(pairs_, out, [](const State& state, StateWriter& to) { state.volume.save(to); });
}

bool Exfiltration::Global::load(StateReader& in) {
  now_ = in.u32();
  if (!clients_.load(in.bytes(clients_.bytes().size()))) return false;
  const auto volume = [](Volume& into, StateReader& from) { return into.load(from); };
  return load_table(hosts_, in, now_, Volume::kSaved, volume) &&
         load_table(peers_, in, now_, Novelty::kSaved,
                    [](Novelty& peer, StateReader& from) { return peer.load(from); }) &&
         load_table(pairs_, in, now_, Volume::kSaved,
                    [&](State& state, StateReader& from) { return volume(state.volume, from); });
}

StateUse Exfiltration::Global::use() const {
  return {.keys = uint64_t{hosts_.keys()} + pairs_.keys() + peers_.keys(),
          .bytes = hosts_.bytes() + pairs_.bytes() + peers_.bytes(),
          .evicted = hosts_.evicted() + pairs_.evicted() + peers_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
