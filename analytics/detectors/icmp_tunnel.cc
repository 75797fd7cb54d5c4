#include "analytics/detectors/icmp_tunnel.h"

#include <algorithm>
#include <bit>
#include <string>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = IcmpTunnel::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.icmp-tunnel.window", &C::window, "600", "what a pair of hosts exchanges is judged so long together",
     Unit::seconds},
    {"analytics.icmp-tunnel.messages", &C::messages, "20", "echo messages of a pair before it is judged"},
    {"analytics.icmp-tunnel.altered", &C::altered, "30",
     "percent of the replies that carry something else than their request did, or answer none"},
    {"analytics.icmp-tunnel.unasked", &C::unasked, "10", "replies that answer no request, before they count"},
    {"analytics.icmp-tunnel.varied", &C::varied, "70",
     "percent of long requests, or replies that nobody asked for, that differ behind their first 32 bytes, where a "
     "clock may stand"},
};

using N = IcmpTunnel::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.icmp-tunnel.requests_max", &N::requests_max,
     "echo requests forgotten before a reply came: 32 of two hosts are remembered", CounterKind::loss},
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint64_t kMostWindow = 86'400;
constexpr size_t kClock = 32;            // bytes at the front in which ping, fping and the like keep the time
constexpr size_t kMiddle = 16;           // bytes behind them that are compared whatever the length
constexpr uint64_t kLeastVaried = 1024;  // bytes

uint64_t percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : part * 100 / whole;
}

}  // namespace

std::span<const OptionRow<IcmpTunnel::Config>> IcmpTunnel::options() {
  return kOptions;
}

std::span<const CounterRow<IcmpTunnel::Counters>> IcmpTunnel::counter_rows() {
  return kCounters;
}

IcmpTunnel::Local::Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}

void IcmpTunnel::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  const std::string_view name = message_.text(observed);
  const bool reply = name == "echo_reply";
  if (!reply && name != "echo_request") return;
  if (to_many(observed.src) || to_many(observed.dest)) return;
  const auto data = data_.first(observed);
  const Bytes bytes = data ? data->bytes : Bytes();
  const auto hash = [&](Bytes of) { return keyed_hash(of, seed_); };
  // Of a flow the addresses are those of its client and server, whoever sent the message.
  const bool from_src = !observed.flow || event.direction == Direction::to_server;
  Message message{.client = from_src != reply ? observed.src : observed.dest,
                  .server = from_src != reply ? observed.dest : observed.src,
                  .reply = reply,
                  .start = bytes.size() < kClock ? 0 : hash(bytes.first(kClock)),
                  .middle = bytes.size() < kClock + kMiddle ? 0 : hash(bytes.subspan(kClock, kMiddle)),
                  .whole = hash(bytes),
                  .size = bytes.size()};
  if (const auto id = id_.first(observed)) message.id = static_cast<uint16_t>(id->integer);
  if (const auto seq = seq_.first(observed)) message.seq = static_cast<uint16_t>(seq->integer);
  if (delta.messages.bytes() == 0) delta.messages = DeltaTable<Message, Sightings>(seed_, Delta::kMostMessages);
  Sightings seen{.count = 1, .first = observed.time.ns, .last = observed.time.ns};
  if (observed.flow) seen.flow = observed.flow->id;
  delta.messages.at(message).merge(seen);
}

IcmpTunnel::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config), seed_(surroundings.hash_seed), pairs_(surroundings.part(kMostPairs), surroundings.hash_seed) {}

void IcmpTunnel::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.messages.overflowed();
  // Messages of a pair follow each other.
  Messages of_pair;
  const auto finish = [&] {
    if (!of_pair.empty()) take(of_pair, findings);
    of_pair.clear();
  };
  delta.messages.walk([&](const Message& message, const Sightings& seen) {
    if (!of_pair.empty() && pair_of(*of_pair.front().first) != pair_of(message)) finish();
    of_pair.push_back({&message, &seen});
  });
  finish();
}

void IcmpTunnel::Global::take(Messages& of_pair, Findings& findings) {
  const PairKey key = pair_of(*of_pair.front().first);
  auto& entry = pairs_.touch(key, now_);
  Exchange& exchange = entry.value;
  std::ranges::stable_sort(of_pair, {}, [](const auto& of) { return of.second->first; });
  const auto window = static_cast<int64_t>(std::min(config_.window, kMostWindow)) * kSecond;
  for (const auto& [message, seen] : of_pair) {
    if (exchange.since.ns == 0 || seen->first - exchange.since.ns > window) {
      Exchange fresh{.recent = std::move(exchange.recent),
                     .next = exchange.next,
                     .before = exchange.before + exchange.requests + exchange.replies,
                     .since = {seen->first}};
      exchange = std::move(fresh);
    }
    add(*message, *seen, exchange);
  }
  pairs_.set_worth(entry, static_cast<uint8_t>(std::bit_width(exchange.altered + exchange.unasked)));
  judge(key, exchange, findings);
}

void IcmpTunnel::Global::add(const Message& message, const Sightings& seen, Exchange& exchange) {
  exchange.last = std::max(exchange.last, Timestamp{seen.last});
  if (exchange.flow == 0) exchange.flow = seen.flow;
  const auto add_middle = [&] {
    if (message.middle == 0) return;
    exchange.long_messages += seen.count;
    exchange.middles.add(message.middle);
  };
  const auto count = [&](uint64_t& messages, uint64_t& bytes) {
    messages += seen.count;
    bytes += seen.count * message.size;
    exchange.sizes.add(keyed_hash({reinterpret_cast<const uint8_t*>(&message.size), sizeof message.size}, seed_));
  };
  if (message.reply == 0) {
    if (message.size > 0) count(exchange.requests, exchange.bytes_out);
    add_middle();
    const Request request{message.id, message.seq, message.start, message.whole, message.size};
    if (exchange.recent.size() < Exchange::kMostRequests) {
      exchange.recent.push_back(request);
    } else {
      Request& oldest = exchange.recent[exchange.next++ % Exchange::kMostRequests];
      counters_.requests_max += !oldest.answered;
      oldest = request;
    }
    return;
  }
  bool asked = false, echoed = false;
  uint64_t longest = 0;
  for (Request& request : exchange.recent) {
    if (request.id != message.id || request.seq != message.seq) continue;
    asked = request.answered = true;
    longest = std::max(longest, request.size);
    // Some hosts return the beginning alone.
    echoed |= request.whole == message.whole ||
              (message.start != 0 && message.size < request.size && request.start == message.start);
  }
  if (message.size == 0 && longest == 0) return;
  count(exchange.replies, exchange.bytes_in);
  if (echoed) return;
  if (exchange.requests == 0) add_middle();
  if (message.size == 0) {
    exchange.emptied += seen.count;
    return;
  }
  exchange.grown |= asked && message.size > longest;
  (asked ? exchange.altered : exchange.unasked) += seen.count;
}

void IcmpTunnel::Global::judge(const PairKey& key, Exchange& exchange, Findings& findings) const {
  const uint64_t messages = exchange.requests + exchange.replies;
  if (messages < config_.messages) return;
  // Where no request was ever seen, replies without one mean nothing.
  const uint64_t unasked = exchange.requests > 0 && exchange.unasked >= config_.unasked ? exchange.unasked : 0;
  const uint64_t others = exchange.altered + unasked + (exchange.grown ? exchange.emptied : 0);
  const uint64_t altered = percent(others, exchange.replies);
  const bool differs = altered >= config_.altered && others >= config_.unasked;
  const bool many =
      exchange.long_messages >= config_.messages && exchange.bytes_out + exchange.bytes_in >= kLeastVaried;
  if (!differs && !many) return;
  const uint64_t varied = std::min<uint64_t>(100, percent(exchange.middles.count(), exchange.long_messages));
  const bool varies = many && varied >= config_.varied;
  if (!differs && !varies) return;

  unsigned confidence = 50;
  if (differs)
    confidence +=
        10 + 5 * static_cast<unsigned>(std::min<uint64_t>(4, std::bit_width(messages / (config_.messages + 1))));
  if (varies) confidence += 10;
  if (exchange.sizes.count() >= 4) confidence += 10;
  Report report{.key = hash_of(key, kReplaySeed),
                .subject = to_string(key.client),
                .objects = {to_string(key.server)},
                .severity = 75,
                .confidence = static_cast<uint8_t>(std::min(95U, confidence)),
                .techniques = 3,
                .time = exchange.last,
                .first = exchange.since,
                .last = exchange.last,
                .count = exchange.before + messages,
                .src = key.client,
                .dest = key.server};
  const uint8_t proto = key.client.version == 4 ? 1 : 58;
  if (exchange.flow != std::numeric_limits<uint64_t>::max()) {
    report.flows = {{exchange.flow, key.client, key.server, 0, 0, proto}};
  }
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("requests", exchange.requests).member("replies", exchange.replies);
    json.member("messages_needed", config_.messages).member("altered", exchange.altered);
    json.member("unasked", exchange.unasked).member("emptied", exchange.emptied).member("grown", exchange.grown);
    json.member("altered_pct", altered);
    json.member("altered_pct_needed", config_.altered).member("sizes", exchange.sizes.count());
    json.member("long_messages", exchange.long_messages).member("varied_pct", varied);
    json.member("varied_pct_needed", config_.varied).member("bytes_out", exchange.bytes_out);
    json.member("bytes_in", exchange.bytes_in).member("seconds", (exchange.last.ns - exchange.since.ns) / kSecond);
  });
}

void IcmpTunnel::Global::expire(Second second, Findings&) {
  const auto memory = static_cast<Second>(std::min(config_.window, kMostWindow));
  if (second <= memory || second % 60 != 0) return;
  pairs_.expire(static_cast<uint32_t>(second - memory), [](const auto&) {});
}

StateUse IcmpTunnel::Global::use() const {
  return {.keys = pairs_.keys(), .bytes = pairs_.bytes(), .evicted = pairs_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
