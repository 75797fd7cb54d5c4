#include "analytics/detectors/cleartext_credentials.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

void add(CleartextCredentials::Sum& sum, const CleartextCredentials::Sum& more) {
  if (sum.logins == 0) {
    sum = more;
    return;
  }
  sum.logins += more.logins;
  sum.clients.merge(more.clients);
  sum.users.merge(more.users);
  sum.first = std::min(sum.first, more.first);
  sum.last = std::max(sum.last, more.last);
  keep_first(sum.flow_time, sum.flow, more.flow_time, more.flow);
}

}  // namespace

void CleartextCredentials::Delta::operator+=(Delta&& other) {
  for (const auto& [key, more] : other.sums) add(sums[key], more);
}

void CleartextCredentials::Local::login(const LoginOf& login, Delta& delta) const {
  if (!login.login.clear) return;
  const FlowRef& flow = login.flow;
  Sum one{.logins = login.login.attempts, .first = login.time, .last = login.time};
  one.clients.add(keyed_hash(flow.client.bytes, seed_));
  if (!login.login.user.empty()) one.users.add(keyed_hash(to_bytes(login.login.user), seed_));
  one.flow = name_of(flow);
  one.flow_time = login.time;
  add(delta.sums[{flow.server, flow.protocol}], one);
}

void CleartextCredentials::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  for (const auto& [key, more] : delta.sums) {
    const Service service{key.server.bytes, keyed_hash(to_bytes(key.service), surroundings_.hash_seed)};
    auto* entry = services_.touch(service, now);
    if (!entry) continue;
    Sum& sum = entry->value;
    add(sum, more);
    const bool inside = surroundings_.inside(key.server);
    Report report{.key = keyed_hash(to_bytes(to_string(key.server)), keyed_hash(to_bytes(key.service), kReplaySeed)),
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
    findings.report(std::move(report), [&, &key = key](JsonWriter& json) {
      json.member("service", key.service)
          .member("logins", sum.logins)
          .member("clients", sum.clients.count())
          .member("users", sum.users.count());
    });
  }
}

void CleartextCredentials::Global::expire(Second second, Findings&) {
  if (second > about.idle) services_.expire(static_cast<uint32_t>(second - about.idle), [](const auto&) {});
}

StateUse CleartextCredentials::Global::use() const {
  return {.keys = services_.keys(), .bytes = services_.bytes(), .evicted = services_.evicted()};
}

}  // namespace lapwing::analytics
