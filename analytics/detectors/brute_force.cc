#include "analytics/detectors/brute_force.h"

#include <algorithm>
#include <array>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = BruteForce::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.brute-force.failures", &C::failures, "10",
     "failed logins of a client at a server that are guesses, unless as many succeed"},
    {"analytics.brute-force.users", &C::users, "6", "users tried once or twice each that are a spray"},
    {"analytics.brute-force.before-success", &C::before_success, "5",
     "failed logins behind which one that succeeds is told"},
    {"analytics.brute-force.window", &C::window, "1800", "time within which they count", Unit::seconds},
};

constexpr uint32_t kGuessing = 1, kSpraying = 2, kSuccess = 4;  // by place in About::techniques

void keep_least(std::string& name, const std::string& other) {
  if (name.empty() || (!other.empty() && other < name)) name = other;
}

}  // namespace

std::span<const OptionRow<BruteForce::Config>> BruteForce::options() {
  return kOptions;
}

void BruteForce::Delta::operator+=(Delta&& other) {
  for (auto& [key, theirs] : other.sums) {
    const auto [mine, fresh] = sums.try_emplace(key, std::move(theirs));
    if (fresh) continue;
    Sum& sum = mine->second;
    sum.outcomes.merge(theirs.outcomes);
    sum.users.merge(theirs.users);
    sum.first = std::min(sum.first, theirs.first);
    sum.last = std::max(sum.last, theirs.last);
    sum.last_good = std::max(sum.last_good, theirs.last_good);
    sum.last_bad = std::max(sum.last_bad, theirs.last_bad);
    sum.clear |= theirs.clear;
    sum.guessed |= theirs.guessed;
    keep_first(sum.flow_time, sum.flow, theirs.flow_time, theirs.flow);
    keep_least(sum.name, theirs.name);
    keep_least(sum.good_name, theirs.good_name);
  }
}

void BruteForce::Local::login(const LoginOf& login, Delta& delta) const {
  const LoginSeen& seen = login.login;
  if (seen.outcome == Outcome::unknown) return;
  const FlowRef& flow = login.flow;
  Sum& sum = delta.sums[{flow.client, flow.server, flow.protocol}];
  if (sum.outcomes.empty()) sum.first = sum.last = login.time;
  sum.first = std::min(sum.first, login.time);
  sum.last = std::max(sum.last, login.time);
  sum.clear |= seen.clear;
  sum.guessed |= seen.guessed;
  const bool good = seen.outcome == Outcome::success;
  const uint32_t failed = good ? seen.attempts - 1 : seen.attempts;
  if (good) {
    ++sum.outcomes.good;
    sum.last_good = std::max(sum.last_good, login.time);
    keep_least(sum.good_name, seen.user);
  }
  if (failed == 0) return;
  sum.outcomes.bad += failed;
  sum.last_bad = std::max(sum.last_bad, login.time);
  if (!seen.user.empty()) sum.users.add(keyed_hash(to_bytes(seen.user), seed_));
  keep_first(sum.flow_time, sum.flow, login.time, name_of(flow));
  keep_least(sum.name, seen.user);
}

BruteForce::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config), surroundings_(surroundings), pairs_(surroundings.part(kMostPairs), surroundings.hash_seed) {
  test_.good = -4 * kBit;
  test_.guilty = 12 * kBit;
  test_.least_bad = static_cast<uint16_t>(std::min<uint64_t>(config.failures, UINT16_MAX));
  test_.half_life = static_cast<uint32_t>(config.window);
}

void BruteForce::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  for (const auto& [key, sum] : delta.sums) {
    const Pair pair{key.client.bytes, key.server.bytes, keyed_hash(to_bytes(key.service), surroundings_.hash_seed)};
    auto* entry = pairs_.touch(pair, now);
    if (!entry) continue;
    State& state = entry->value;
    if (state.failures == 0 && state.successes == 0) state.first = sum.first;
    // A client that guesses again and again is one finding; one that failed long ago begins anew.
    const bool stale = sum.first.seconds() - state.last.seconds() > static_cast<int64_t>(config_.window);
    if (stale && state.last.ns != 0) {
      state = State();
      state.first = sum.first;
    }
    state.last = std::max(state.last, sum.last);
    state.failures += sum.outcomes.bad;
    state.successes += sum.outcomes.good;
    state.users.merge(sum.users);
    state.trial.add(sum.outcomes, now, test_);
    state.clear |= sum.clear;
    state.guessed |= sum.guessed;
    state.last_bad = std::max(state.last_bad, sum.last_bad);
    keep_first(state.flow_time, state.flow, sum.flow_time, sum.flow);
    pairs_.set_worth(*entry, static_cast<uint8_t>(std::min<uint32_t>(state.failures, 15)));
    report(key, state, sum, findings);
  }
}

void BruteForce::Global::report(const Key& key, State& state, const Sum& sum, Findings& findings) {
  const uint32_t users = state.users.count();
  // Many users behind one address, of whom some mistype in a row, mostly get in.
  const Outcomes late = state.trial.outcomes();
  const bool guessing = state.trial.judge(test_) == Verdict::guilty && late.bad > late.good;
  const bool spraying = users >= config_.users && state.failures <= 2 * users && state.failures > state.successes;
  // The good one comes behind the bad, and they are not the same few typing errors of many users behind one address.
  if (sum.outcomes.good > 0 && sum.last_good >= state.last_bad && state.failures >= config_.before_success &&
      state.failures > 2 * state.successes) {
    state.succeeded = true;
  }
  if (!guessing && !spraying && !state.succeeded && !state.open) return;
  state.open = true;
  const bool inside = surroundings_.inside(key.client);
  const uint32_t doublings = static_cast<uint32_t>(std::bit_width(state.failures / 10));
  unsigned confidence = std::min(60 + 8 * doublings, 95U);
  if (state.succeeded) confidence = std::min(60 + 4 * state.failures, 95U);
  if (state.guessed) confidence -= 15;
  // One user at a steady pace is rather a service whose password has changed than a guess.
  if (users == 1 && !state.succeeded && state.failures < 2 * config_.failures) confidence -= 10;
  Report report{.key = keyed_hash(to_bytes(to_string(key.client) + " " + to_string(key.server)),
                                  keyed_hash(to_bytes(key.service), kReplaySeed)),
                .subject = to_string(key.client),
                .objects = {endpoint(key.server, state.flow.server_port)}};
  report.severity = state.succeeded ? 85 : inside ? 65 : 50;
  report.confidence = static_cast<uint8_t>(confidence);
  report.techniques =
      (guessing || state.succeeded ? kGuessing : 0) | (spraying ? kSpraying : 0) | (state.succeeded ? kSuccess : 0);
  if (report.techniques == 0) report.techniques = kGuessing;
  report.time = sum.last;
  report.first = state.first;
  report.last = state.last;
  report.count = state.failures;
  if (state.flow.id != 0) report.flows = {state.flow};
  report.src = key.client;
  report.dest = key.server;
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("service", key.service)
        .member("failures", state.failures)
        .member("failures_needed", config_.failures)
        .member("successes", state.successes)
        .member("users", users)
        .member("success_after_failures", state.succeeded)
        .member("likelihood_bits", state.trial.likelihood() / kBit)
        .member("likelihood_needed", test_.guilty / kBit)
        .member("seconds", state.last.seconds() - state.first.seconds())
        .member("clear", state.clear)
        .member("guessed", state.guessed);
    if (!sum.name.empty()) json.member("user", sum.name);
    if (state.succeeded && !sum.good_name.empty()) json.member("user_in", sum.good_name);
  });
}

void BruteForce::Global::expire(Second second, Findings&) {
  const auto window = static_cast<Second>(config_.window);
  if (second > window) pairs_.expire(static_cast<uint32_t>(second - window), [](const auto&) {});
}

StateUse BruteForce::Global::use() const {
  return {.keys = pairs_.keys(), .bytes = pairs_.bytes(), .evicted = pairs_.evicted()};
}

}  // namespace lapwing::analytics
