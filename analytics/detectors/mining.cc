#include "analytics/detectors/mining.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <string_view>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

constexpr uint32_t kMemory = 86'400;  // seconds

/// A value of the member "method". `with`: members that must be there as well, where others have methods of that name.
struct Method {
  std::string_view name;
  bool by_pool = false;
  std::array<std::string_view, 2> with{};
};
constexpr std::string_view kJobId = "\"job_id\"", kBlob = "\"blob\"", kNonce = "\"nonce\"";
constexpr Method kMethods[] = {
    {"mining.subscribe"},
    {"mining.authorize"},
    {"mining.submit"},
    {"mining.extranonce.subscribe"},
    {"mining.configure"},
    {"mining.hello"},
    {"eth_submitLogin"},
    {"eth_login"},
    {"eth_getWork"},
    {"eth_submitWork"},
    {"eth_submitHashrate"},
    {"getjob"},
    {"keepalived"},
    {"submit", false, {kJobId, kNonce}},
    {"mining.notify", true},
    {"mining.set_difficulty", true},
    {"mining.set_target", true},
    {"mining.set_extranonce", true},
    {"job", true, {kJobId, kBlob}},
    {"login"},
};
/// The last is a name that others have too: of a pool only beside one of these members, or where the answer is a job.
constexpr uint32_t kCommon = 1U << (std::size(kMethods) - 1);
constexpr std::string_view kMiner[] = {"\"agent\"", "\"algo\"", "\"rigid\""};
constexpr std::string_view kJob[] = {kJobId, kBlob};

std::string_view skip_spaces(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

auto in(std::string_view text) {
  return [text](std::string_view member) { return text.find(member) != std::string_view::npos; };
}

/// Behind what a proxy was told and answered first (SOCKS 4, RFC 1928 and 1929, or HTTP).
std::string_view through_proxy(std::string_view text) {
  constexpr std::string_view kBegins[] = {"\4", "\5", {"\0", 1}, "CONNECT ", "HTTP/1."};
  if (std::ranges::none_of(kBegins, [&](std::string_view begin) { return text.starts_with(begin); })) return text;
  const size_t begin = text.find('{');
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

uint32_t methods_in(std::string_view text, bool by_pool) {
  if (!skip_spaces(text).starts_with('{')) return 0;
  uint32_t out = 0;
  constexpr std::string_view kMember = "\"method\"";
  for (size_t at = text.find(kMember); at != std::string_view::npos; at = text.find(kMember, at + 1)) {
    std::string_view rest = skip_spaces(text.substr(at + kMember.size()));
    if (!rest.starts_with(':')) continue;
    rest = skip_spaces(rest.substr(1));
    if (!rest.starts_with('"')) continue;
    rest = rest.substr(1, rest.find('"', 1) - 1);
    const auto known = std::ranges::find(kMethods, rest, &Method::name);
    if (known == std::end(kMethods) || known->by_pool != by_pool) continue;
    if (std::ranges::all_of(known->with, in(text))) out |= 1U << (known - std::begin(kMethods));
  }
  return out;
}

}  // namespace

uint32_t pool_methods(Bytes said, Bytes answered) {
  const std::string_view text = through_proxy(to_text(said)), answer = through_proxy(to_text(answered));
  uint32_t out = methods_in(text, false) | methods_in(answer, true);
  if (out & kCommon && std::ranges::none_of(kMiner, in(text)) && !std::ranges::all_of(kJob, in(answer))) {
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
  const auto& [said, answered] = update.said;
  const uint32_t methods = pool_methods(said, answered);
  // From the middle it may not show who connected.
  const uint32_t turned = methods == 0 && flow.midstream ? pool_methods(answered, said) : 0;
  if (methods == 0 && turned == 0) return;
  if (delta.pools.bytes() == 0) delta.pools = DeltaTable<Pool, Talk>(seed_, Global::kMostPools);
  const Pool pool =
      turned == 0 ? Pool{flow.client, flow.server, flow.server_port} : Pool{flow.server, flow.client, flow.client_port};
  delta.pools.at(pool).merge({.connections = 1,
                              .methods = methods | turned,
                              .answered = !said.empty() && !answered.empty(),
                              .first = update.time.ns,
                              .last = update.time.ns,
                              .flow = flow.id,
                              .client_port = turned == 0 ? flow.client_port : flow.server_port});
}

Mining::Global::Global(const Config&, const Surroundings& surroundings)
    : pools_(surroundings.part(kMostPools), surroundings.hash_seed) {}

void Mining::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.pools.overflowed();
  delta.pools.walk([&](const Pool& pool, const Talk& talk) {
    auto& entry = pools_.touch(pool, now);
    Talk& all = entry.value;
    all.merge(talk);
    pools_.set_worth(entry, static_cast<uint8_t>(std::bit_width(all.connections)));
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
        if (all.methods >> i & 1) json.value(kMethods[i].name);
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
