#include "analytics/detectors/brute_force.h"

#include <algorithm>
#include <bit>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = BruteForce::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.brute-force.failures", &C::failures, "10",
     "failed logins of a client at a server that are guesses, unless as many succeed"},
    {"analytics.brute-force.users", &C::users, "6", "users tried once or twice each that are a spray"},
    {"analytics.brute-force.servers", &C::servers, "8",
     "servers that a client fails at, and gets into few of, that are a spray"},
    {"analytics.brute-force.clients", &C::clients, "8",
     "clients outside that fail with one account of a server, and seldom succeed, that guess together"},
    {"analytics.brute-force.before-success", &C::before_success, "5",
     "failed logins behind which one that succeeds is told"},
    {"analytics.brute-force.window", &C::window, "1800", "time within which they count", Unit::seconds},
};

constexpr uint32_t kGuessing = 1, kSpraying = 2, kSuccess = 4;  // by place in About::techniques

constexpr size_t kMostShown = 16;
constexpr uint8_t kStored = 20;      // severity
constexpr uint8_t kPatient = 35;     // severity: rather one that is stored and does not show
constexpr int64_t kPatience = 20;    // seconds between failures, on average
constexpr uint32_t kMostStored = 2;  // secrets of one: when it is changed, the one before as well
constexpr uint32_t kSeldom = 4;      // failures for each success, and more

std::array<uint8_t, 8> hashed(std::string_view text, uint64_t seed) {
  return std::bit_cast<std::array<uint8_t, 8>>(keyed_hash(to_bytes(text), seed));
}

void keep_least(std::string& name, const std::string& other) {
  if (name.empty() || (!other.empty() && other < name)) name = other;
}

}  // namespace

std::span<const OptionRow<BruteForce::Config>> BruteForce::options() {
  return kOptions;
}

void BruteForce::Sum::merge(const Sum& other) {
  service = std::max(service, other.service);
  outcomes.merge(other.outcomes);
  users.merge(other.users);
  tried.merge(other.tried);
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  last_good = std::max(last_good, other.last_good);
  last_bad = std::max(last_bad, other.last_bad);
  clear |= other.clear;
  guessed |= other.guessed;
  hidden |= other.hidden;
  keep_first(flow_time, flow, other.flow_time, other.flow);
  keep_least(name, other.name);
  keep_least(good_name, other.good_name);
}

void BruteForce::Local::login(const LoginOf& login, Delta& delta) const {
  const LoginSeen& seen = login.login;
  if (seen.outcome == Outcome::unknown) return;
  const FlowRef& flow = login.flow;
  if (delta.sums.bytes() == 0) delta.sums = DeltaTable<Key, Sum>(seed_, Delta::kMostSums);
  Sum& sum = delta.sums.at({flow.client, flow.server, hashed(flow.protocol, seed_)});
  sum.service = flow.protocol;
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
  const uint64_t user = keyed_hash(to_bytes(seen.user), seed_);
  if (!seen.user.empty()) sum.users.add(user);
  sum.hidden |= seen.secret.empty();
  sum.tried.add(keyed_hash(to_bytes(seen.secret), user));
  keep_first(sum.flow_time, sum.flow, login.time, name_of(flow));
  keep_least(sum.name, seen.user);
}

/// A login over RDP is encrypted, and what comes behind it is a screen. Who brought credentials, and was shown none
/// before the connection ended, was refused.
void BruteForce::Local::flow(const FlowUpdate& update, Delta& delta) const {
  constexpr uint64_t kCredentials = 700, kScreen = 8192;  // bytes: the least with them; the most before it
  const FlowRef& flow = *update.flow;
  if (flow.protocol != "rdp" || flow.midstream || flow.one_sided) return;
  const bool whole = update.time.ns - flow.start.ns < kTickTime;
  const auto& [asked, answered] = update.bytes;
  if (!whole || asked < kCredentials || asked >= kScreen || answered < kCredentials || answered >= kScreen) return;
  login({{.outcome = Outcome::failure, .guessed = true}, flow, update.time}, delta);
}

BruteForce::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      pairs_(surroundings.part(kMostPairs), surroundings.hash_seed),
      crowds_(surroundings.part(kMostCrowds), surroundings.hash_seed) {
  test_.good = -4 * kBit;
  test_.guilty = 12 * kBit;
  test_.least_bad = static_cast<uint16_t>(std::min<uint64_t>(config.failures, UINT16_MAX));
  test_.half_life = static_cast<uint32_t>(config.window);
}

void BruteForce::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.sums.overflowed();
  delta.sums.walk([&](const Key& key, const Sum& sum) {
    const auto& [good, partial, bad] = sum.outcomes;
    meet({.address = key.client, .service = key.service}, key.server, bad, good, sum, findings);
    if (!surroundings_.inside(key.client)) {
      const auto of = [&](const std::string& name) {
        return Crowd{key.server, key.service, hashed(name, surroundings_.hash_seed)};
      };
      // Of several in a second it is not known whose failures they are.
      if (!sum.name.empty() && sum.users.count() == 1) meet(of(sum.name), key.client, bad, 0, sum, findings);
      if (!sum.good_name.empty()) meet(of(sum.good_name), key.client, 0, good, sum, findings);
    }
    auto& entry = pairs_.touch(key, now);
    State& state = entry.value;
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
    state.tried.merge(sum.tried);
    state.trial.add(sum.outcomes, now, test_);
    state.clear |= sum.clear;
    state.guessed |= sum.guessed;
    state.hidden |= sum.hidden;
    state.last_bad = std::max(state.last_bad, sum.last_bad);
    keep_first(state.flow_time, state.flow, sum.flow_time, sum.flow);
    pairs_.set_worth(entry, static_cast<uint8_t>(std::min<uint32_t>(state.failures, 15)));
    report(key, state, sum, findings);
  });
}

void BruteForce::Global::meet(const Crowd& crowd, const IpAddress& other, uint32_t failures, uint32_t successes,
                              const Sum& sum, Findings& findings) {
  const auto second = static_cast<uint32_t>(std::max<int64_t>(sum.last.seconds(), 0));
  auto* entry = failures > 0 ? &crowds_.touch(crowd, second) : crowds_.find(crowd);
  if (!entry) return;
  Met& met = entry->value;
  if (met.last.ns != 0 && sum.first.seconds() - met.last.seconds() > static_cast<int64_t>(config_.window)) met = Met();
  if (met.first.ns == 0) met.first = sum.first;
  met.last = std::max(met.last, sum.last);
  met.successes += successes;
  met.failures += failures;
  if (failures == 0) return;
  if (met.others.empty()) met.flow = sum.flow;
  met.others.add(hash_of(other, surroundings_.hash_seed));
  if (met.shown.size() < kMostShown && std::ranges::find(met.shown, other) == met.shown.end()) {
    met.shown.push_back(other);
  }
  crowds_.set_worth(*entry, static_cast<uint8_t>(std::bit_width(met.others.count())));
  if (met.failures < kSeldom * met.successes) return;
  report(crowd, met, sum, findings);
}

void BruteForce::Global::report(const Crowd& crowd, const Met& met, const Sum& sum, Findings& findings) const {
  const bool of_account = crowd.account != std::array<uint8_t, 8>{};
  const uint32_t others = met.others.count();
  const uint64_t needed = of_account ? config_.clients : config_.servers;
  if (others < needed) return;
  const IpAddress& client = of_account ? met.flow.client : crowd.address;
  // Who takes part in guessing one account is one finding of that account, whoever began.
  Report report{.key = hash_of(crowd, kReplaySeed),
                .subject = to_string(client),
                .severity = static_cast<uint8_t>(surroundings_.inside(client) ? 65 : 50),
                .confidence = static_cast<uint8_t>(
                    std::min<uint64_t>(90, 60 + 10 * std::bit_width(others / std::max<uint64_t>(1, needed)))),
                .techniques = of_account ? kGuessing : kSpraying,
                .time = met.last,
                .first = met.first,
                .last = met.last,
                .count = met.failures,
                .src = client,
                .dest = met.flow.server};
  if (met.flow.id != 0) report.flows = {met.flow};
  if (of_account) {
    report.objects = {endpoint(crowd.address, met.flow.server_port)};
  } else {
    for (const IpAddress& server : met.shown) report.objects.push_back(to_string(server));
  }
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("service", sum.service).member("failures", met.failures).member("successes", met.successes);
    json.member(of_account ? "clients" : "servers", others);
    json.member(of_account ? "clients_needed" : "servers_needed", needed);
    json.member("seconds", met.last.seconds() - met.first.seconds()).member("clear", sum.clear);
    if (!sum.name.empty()) json.member("user", sum.name);
    if (!of_account) return;
    json.begin_array("from");
    for (const IpAddress& from : met.shown) json.value(from);
    json.end_array();
  });
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
                                  keyed_hash(to_bytes(sum.service), kReplaySeed)),
                .subject = to_string(key.client),
                .objects = {endpoint(key.server, state.flow.server_port)}};
  // A program that goes on with what it was once told does not guess.
  const bool stored = !state.hidden && state.tried.count() <= kMostStored && !state.succeeded;
  const int64_t seconds = state.last_bad.seconds() - state.first.seconds();
  const bool patient = inside && users == 1 && !state.succeeded && seconds >= kPatience * (state.failures - 1);
  report.severity = stored ? kStored : patient ? kPatient : state.succeeded ? 85 : inside ? 65 : 50;
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
    json.member("service", sum.service)
        .member("failures", state.failures)
        .member("failures_needed", config_.failures)
        .member("successes", state.successes)
        .member("users", users)
        .member("success_after_failures", state.succeeded)
        .member("likelihood_bits", state.trial.likelihood() / kBit)
        .member("likelihood_needed", test_.guilty / kBit)
        .member("seconds", state.last.seconds() - state.first.seconds())
        .member("clear", state.clear)
        .member("guessed", state.guessed)
        .member("stored", stored)
        .member("patient", patient);
    if (!sum.name.empty()) json.member("user", sum.name);
    if (state.succeeded && !sum.good_name.empty()) json.member("user_in", sum.good_name);
  });
}

void BruteForce::Global::expire(Second second, Findings&) {
  const auto window = static_cast<Second>(config_.window);
  if (second <= window) return;
  pairs_.expire(static_cast<uint32_t>(second - window), [](const auto&) {});
  crowds_.expire(static_cast<uint32_t>(second - window), [](const auto&) {});
}

StateUse BruteForce::Global::use() const {
  return {.keys = uint64_t{pairs_.keys()} + crowds_.keys(),
          .bytes = pairs_.bytes() + crowds_.bytes(),
          .evicted = pairs_.evicted() + crowds_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
