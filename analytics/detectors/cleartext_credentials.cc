#include "analytics/detectors/cleartext_credentials.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
void CleartextCredentials::Sum::merge(const Sum& other) {
  service = std::max(service, other.service);
  logins += other.logins;
  clients.merge(other.clients);
  users.merge(other.users);
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  keep_first(flow_time, flow, other.flow_time, other.flow);
}

void CleartextCredentials::Local::login(const LoginOf& login, Delta& delta) const {
  if (!login.login.clear) return;
  const FlowRef& flow = login.flow;
  Sum one{.service = flow.protocol, .logins = login.login.attempts, .first = login.time, .last = login.time};
  one.clients.add(keyed_hash(flow.client.bytes, seed_));
  if (!login.login.user.empty()) one.users.add(keyed_hash(to_bytes(login.login.user), seed_));
  one.flow = name_of(flow);
  one.flow_time = login.time;
  if (delta.sums.bytes() == 0) delta.sums = DeltaTable<Key, Sum>(seed_, Delta::kMostSums);
  const uint64_t service = keyed_hash(to_bytes(flow.protocol), seed_);
  delta.sums.at({flow.server, std::bit_cast<std::array<uint8_t, 8>>(service)}).merge(one);
}

void CleartextCredentials::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.sums.overflowed();
  delta.sums.walk([&](const Key& key, const Sum& more) {
    Sum& sum = services_.touch(key, now).value;
    sum.merge(more);
    const bool inside = surroundings_.inside(key.server);
    Report report{.key = keyed_hash(to_bytes(to_string(key.server)), keyed_hash(to_bytes(sum.service), kReplaySeed)),
                  .subject = to_string(sum.flow.client),
                  .objects = {endpoint(key.server, sum.flow.server_port)}};
    report.severity = inside ? 15 : 25;  // alone no incident, which begins at 30
    report.confidence = 100;
    report.techniques = 0b11;
    report.time = more.last;
    report.first = sum.first;
    report.last = sum.last;
    report.count = sum.logins;
    report.flows = {sum.flow};
    findings.report(std::move(report), [&](JsonWriter& json) {
      json.member("service", sum.service)
          .member("logins", sum.logins)
          .member("clients", sum.clients.count())
          .member("users", sum.users.count());
    });
  });
}

void CleartextCredentials::Global::expire(Second second, Findings&) {
  if (second > about.idle) services_.expire(static_cast<uint32_t>(second - about.idle), [](const auto&) {});
}

StateUse CleartextCredentials::Global::use() const {
  return {.keys = services_.keys(), .bytes = services_.bytes(), .evicted = services_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
