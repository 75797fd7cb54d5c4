#include "analytics/detectors/mining.h"

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

constexpr uint32_t kMemory = 86'400;  // seconds

/// Values of the member "method".
constexpr std::string_view kMethods[] = {"mining.subscribe",   "mining.authorize",
                                         "mining.submit",      "mining.extranonce.subscribe",
                                         "mining.configure",   "mining.hello",
                                         "eth_submitLogin",    "eth_login",
                                         "eth_getWork",        "eth_submitWork",
                                         "eth_submitHashrate", "getjob",
                                         "keepalived",         "login"};
/// The last is a name that others have too: of a pool only beside one of these members, or where the answer is a job.
constexpr uint32_t kCommon = 1U << (std::size(kMethods) - 1);
constexpr std::string_view kMiner[] = {"\"agent\"", "\"algo\"", "\"rigid\""};
constexpr std::string_view kJob[] = {"\"job_id\"", "\"blob\""};

std::string_view skip_spaces(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

}  // namespace

uint32_t pool_methods(Bytes said, Bytes answered) {
  const std::string_view text = to_text(said), answer = to_text(answered);
  if (!skip_spaces(text).starts_with('{')) return 0;
  uint32_t out = 0;
  constexpr std::string_view kMember = "\"method\"";
  for (size_t at = text.find(kMember); at != std::string_view::npos; at = text.find(kMember, at + 1)) {
    std::string_view rest = skip_spaces(text.substr(at + kMember.size()));
    if (!rest.starts_with(':')) continue;
    rest = skip_spaces(rest.substr(1));
    if (!rest.starts_with('"')) continue;
    rest = rest.substr(1, rest.find('"', 1) - 1);
    const auto known = std::ranges::find(kMethods, rest);
    if (known == std::end(kMethods)) continue;
    out |= 1U << (known - std::begin(kMethods));
  }
  const auto has = [](std::string_view where) {
    return [where](std::string_view member) { return where.find(member) != std::string_view::npos; };
  };
  if (out & kCommon && std::ranges::none_of(kMiner, has(text)) && !std::ranges::all_of(kJob, has(answer))) {
    out &= ~kCommon;
  }
  return out;
}

void Mining::Talk::merge(const Talk& other) {
  connections += other.connections;
  methods |= other.methods;
  answered |= other.answered;
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  if (other.flow < flow) {
    flow = other.flow;
    client_port = other.client_port;
  }
}

Mining::Local::Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}

void Mining::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const uint32_t methods = pool_methods(update.said[0], update.said[1]);
  if (methods == 0) return;
  if (delta.pools.bytes() == 0) delta.pools = DeltaTable<Pool, Talk>(seed_, Global::kMostPools);
  delta.pools.at({flow.client, flow.server, flow.server_port})
      .merge({.connections = 1,
              .methods = methods,
              .answered = !update.said[1].empty(),
              .first = update.time.ns,
              .last = update.time.ns,
              .flow = flow.id,
              .client_port = flow.client_port});
}

Mining::Global::Global(const Config&, const Surroundings& surroundings)
    : pools_(surroundings.part(kMostPools), surroundings.hash_seed) {}

void Mining::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.pools.overflowed();
  delta.pools.walk([&](const Pool& pool, const Talk& talk) {
    auto* entry = pools_.touch(pool, now);
    if (!entry) return;
    Talk& all = entry->value;
    all.merge(talk);
    pools_.set_worth(*entry, static_cast<uint8_t>(std::bit_width(all.connections)));
    Report report{.key = hash_of(pool, kReplaySeed),
                  .subject = to_string(pool.client),
                  .objects = {endpoint(pool.server, pool.port)},
                  .severity = 60,
                  .confidence = static_cast<uint8_t>(all.answered ? 90 : 60),
                  .time = {talk.last},
                  .first = {all.first},
                  .last = {all.last},
                  .count = all.connections,
                  .src = pool.client,
                  .dest = pool.server};
    report.flows = {{all.flow, pool.client, pool.server, all.client_port, pool.port, 6}};
    findings.report(std::move(report), [&](JsonWriter& json) {
      json.begin_array("methods");
      for (size_t i = 0; i < std::size(kMethods); ++i) {
        if (all.methods >> i & 1) json.value(kMethods[i]);
      }
      json.end_array();
      json.member("answered", all.answered).member("connections", all.connections);
    });
  });
}

void Mining::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  pools_.expire(static_cast<uint32_t>(second - kMemory), [](const auto&) {});
}

StateUse Mining::Global::use() const {
  return {.keys = pools_.keys(), .bytes = pools_.bytes(), .evicted = pools_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
