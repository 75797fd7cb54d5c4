#include "analytics/detectors/zerologon.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "analytics/detectors/machine_login.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Zerologon::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.zerologon.authentications", &C::authentications, "5",
     "logins of machines by one client within a minute that do not succeed, or of which this does not show"},
    {"analytics.zerologon.window", &C::window, "600",
     "time after them within which a machine's password that is set belongs to them", Unit::seconds},
};

constexpr int64_t kMinute = 60;
constexpr uint8_t kGuessed = 90, kReset = 98;  // severities

}  // namespace

std::span<const OptionRow<C>> Zerologon::options() {
  return kOptions;
}

void Zerologon::Local::operation(const OperationOf& operation, Delta& delta) const {
  const FlowRef& flow = operation.flow;
  const OperationSeen& seen = operation.operation;
  const bool guess = logs_machine_in(seen) && seen.outcome != Outcome::success;
  if (!surroundings_.inside(flow.server) || !(guess || sets_machine_password(seen))) return;
  const uint8_t act = guess ? authenticate : password_set;
  delta.acts.at({{flow.client, flow.server}, act}).merge(Act::of(operation, {}, seed_));
}

void Zerologon::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = table_second(second);
  overflow_ += delta.acts.overflowed();
  touched_.clear();
  delta.acts.walk([&](const ActOf& key, const Act& act) {
    const bool login = key.act == authenticate;
    acts_.add(key, act, login ? kMinute : static_cast<int64_t>(config_.window),
              login ? ActMemory::Renewal::by_time : ActMemory::Renewal::after_silence, now_);
    Timestamp& time = touched_.try_emplace(key.pair, act.last).first->second;
    time = std::max(time, act.last);
  });
  for (const auto& [pair, time] : touched_) judge(pair, time, findings);
}

void Zerologon::Global::judge(const PairOf& pair, Timestamp time, Findings& findings) {
  const Timestamp since = seconds_before(time, static_cast<int64_t>(config_.window));
  const Act* logins = acts_.find(pair, authenticate, since);
  const uint64_t least = std::max<uint64_t>(config_.authentications, 1);
  if (!logins || logins->count < least) return;
  const Act* set = acts_.find(pair, password_set, since);
  const bool reset = set && set->done() && set->last >= logins->first;
  const int confidence = 40 + 10 * static_cast<int>(std::bit_width(logins->total() / least)) + (reset ? 20 : 0);
  Report out{.key = hash_of(pair, kReplaySeed),
             .subject = to_string(pair.client),
             .objects = {endpoint(pair.server, logins->flow.server_port)},
             .severity = reset ? kReset : kGuessed,
             .confidence = static_cast<uint8_t>(std::min(confidence, 95)),
             .techniques = 1,
             .time = time,
             .first = logins->first,
             .last = time,
             .count = logins->total(),
             .flows = {logins->flow}};
  if (reset && set->flow != logins->flow) out.flows.push_back(set->flow);
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.member("logins", logins->total())
        .member("logins_needed", least)
        .member("failed", logins->failed)
        .member("sealed", logins->sealed)
        .member("by_pipe", logins->by_pipe)
        .member("password_set", reset)
        .member("seconds", time.seconds() - logins->first.seconds())
        .member("window_s", config_.window);
  });
}

void Zerologon::Global::expire(Second second, Findings&) {
  if (second % 60 != 0) return;
  now_ = table_second(second);
  acts_.expire(static_cast<uint32_t>(now_ - std::min<uint64_t>(now_, config_.window)));
}

StateUse Zerologon::Global::use() const {
  StateUse out = acts_.use();
  out.overflow = overflow_;
  return out;
}

}  // namespace lapwing::analytics
