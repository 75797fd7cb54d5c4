#include "analytics/detectors/directory_attack.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "analytics/detectors/directory_verdicts.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = DirectoryAttack::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.directory-attack.services", &C::services, "3",
     "services for which a client gets weak tickets within five minutes, where better are there, or accounts for which "
     "it gets strong ones by their own names; twice as many weak ones elsewhere"},
    {"analytics.directory-attack.accounts", &C::accounts, "2",
     "accounts of which a client gets a reply without proof within five minutes"},
    {"analytics.directory-attack.listed", &C::listed, "20",
     "accounts that a client is asked to prove within five minutes, of which it then proves a quarter at most: it asks "
     "which there are"},
    {"analytics.directory-attack.window", &C::window, "600", "time within which acts towards a server belong together",
     Unit::seconds},
};

constexpr int64_t kBack = 10;  // seconds between a server that logs in and the answer to who made it
constexpr int64_t kFiveMinutes = 300;
constexpr uint32_t kController = 2;  // clients of whom a host is a domain controller

}  // namespace

std::span<const OptionRow<C>> DirectoryAttack::options() {
  return kOptions;
}

DirectoryAttack::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      acts_(kMostActs, surroundings),
      controllers_(surroundings.part(kMostServers), surroundings.hash_seed),
      sessions_(surroundings.part(kMostSessions), surroundings.hash_seed) {}

void DirectoryAttack::Global::add(const ActOf& key, const Act& act, Timestamp time) {
  constexpr ActSet kRates =
      act_bits({ticket_rc4, ticket_rc4_asked, ticket_account, bare_rc4, bare_aes, bare_refused, login_granted});
  const bool rate = (kRates & act_bit(key.act)) != 0;
  const int64_t window = rate ? kFiveMinutes : static_cast<int64_t>(config_.window);
  acts_.add(key, act, window, rate ? ActMemory::Renewal::by_time : ActMemory::Renewal::after_silence, now_);
  Touched& touched = touched_[key.pair];
  touched.acts |= act_bit(key.act);
  touched.time = std::max(touched.time, time);
}

void DirectoryAttack::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = table_second(second);
  overflow_ += delta.acts.acts.overflowed() + delta.sessions.overflowed() + delta.controllers.overflowed();
  delta.controllers.walk([&](const IpAddress& server, const Fan& clients) {
    auto& entry = controllers_.touch(server, now_);
    entry.value.merge(clients);
    controllers_.set_worth(entry, static_cast<uint8_t>(std::bit_width(entry.value.count())));
  });
  touched_.clear();
  delta.acts.acts.walk([&](const ActOf& key, const Act& act) { add(key, act, act.last); });
  delta.sessions.walk([&](const PairOf& session, const Session& seen) {
    sessions_.touch(session, now_).value = seen;
    link({session.server, session.client});
  });
  constexpr ActSet kCoercions = act_bits({coerce_print, coerce_files});
  delta.acts.acts.walk([&](const ActOf& key, const Act&) {
    if (kCoercions & act_bit(key.act)) link(key.pair);
  });
  for (const auto& [pair, touched] : touched_) judge(pair, touched, findings);
}

/// Of sessions only those count that somebody asked for. A server that is made to log in does so before it answers.
void DirectoryAttack::Global::link(const PairOf& asked) {
  const PairOf session{asked.server, asked.client};
  const auto* entry = sessions_.find(session);
  if (!entry) return;
  const Timestamp time = entry->value.first;
  for (const Kind kind : {coerce_print, coerce_files}) {
    const Act* coerced = acts_.find(asked, kind, seconds_before(time, kBack));
    if (!coerced || time < seconds_before(coerced->first, kBack)) continue;
    const Act act{.count = 1, .first = time, .last = time, .flow = entry->value.flow};
    acts_.add({session, session_back}, act, kBack, ActMemory::Renewal::after_silence, now_);
    Touched& touched = touched_[asked];
    touched.acts |= act_bit(session_back);
    touched.time = std::max(touched.time, time);
  }
}

void DirectoryAttack::Global::judge(const PairOf& pair, const Touched& touched, Findings& findings) {
  const auto controls = [&](const IpAddress& host) {
    const auto* entry = controllers_.find(host);
    return entry && entry->value.count() >= kController;
  };
  for (const DirectoryVerdict& verdict : directory_verdicts()) {
    if ((touched.acts & (act_bit(verdict.kind) | verdict.with)) == 0) continue;
    const Timestamp since = seconds_before(touched.time, static_cast<int64_t>(config_.window));
    const Act* act = acts_.find(pair, verdict.kind, since);
    if (!act || !(act->done() || verdict.refused_too)) continue;
    report({pair, touched.time, *act, config_, acts_, controls(pair.client), controls(pair.server)}, verdict, findings);
  }
}

void DirectoryAttack::Global::report(const DirectoryCase& of, const DirectoryVerdict& verdict,
                                     Findings& findings) const {
  uint8_t severity = verdict.severity;
  const int confidence = verdict.weigh(of, severity);
  if (confidence <= 0) return;
  const Act& act = of.act;
  Report out{.key = hash_of(of.pair, keyed_hash(to_bytes(verdict.name), kReplaySeed)),
             .subject = to_string(of.pair.client),
             .objects = {endpoint(of.pair.server, act.flow.server_port)},
             .severity = severity,
             .confidence = static_cast<uint8_t>(std::min(confidence, 95)),
             .techniques = verdict.techniques,
             .time = of.time,
             .first = act.first,
             .last = of.time,
             .count = act.total(),
             .flows = {act.flow},
             .explained_by = verdict.explained_by};
  ActSet beside = 0;
  for (uint8_t kind = 0; kind < kKinds; ++kind) {
    if (!(verdict.with & act_bit(kind))) continue;
    const Act* other = kind == session_back ? of.back(session_back) : of.find(static_cast<Kind>(kind));
    if (!other) continue;
    beside |= act_bit(kind);
    if (other->flow != act.flow) out.flows.push_back(other->flow);
  }
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.member("verdict", verdict.name)
        .member("operations", act.total())
        .member("failed", act.failed)
        .member("sealed", act.sealed)
        .member("by_pipe", act.by_pipe)
        .member("objects", act.objects.count());
    json.begin_array("names");
    act.names.walk([&](std::string_view name) { json.value(name); });
    json.end_array();
    json.begin_array("beside");
    for (uint8_t kind = 0; kind < kKinds; ++kind) {
      if (beside & act_bit(kind)) json.value(name_of_act(static_cast<Kind>(kind)));
    }
    json.end_array();
    json.member("seconds", of.time.seconds() - act.first.seconds())
        .member("from_controller", of.from_controller)
        .member("at_controller", of.at_controller)
        .member("window_s", config_.window);
  });
}

void DirectoryAttack::Global::expire(Second second, Findings&) {
  constexpr uint32_t kMemory = 86'400;  // of who is a domain controller
  if (second % 60 != 0) return;
  now_ = table_second(second);
  const auto before = [&](uint64_t age) { return static_cast<uint32_t>(now_ - std::min<uint64_t>(now_, age)); };
  acts_.expire(before(config_.window));
  controllers_.expire(before(kMemory), [](const auto&) {});
  sessions_.expire(before(kBack), [](const auto&) {});
}

StateUse DirectoryAttack::Global::use() const {
  const StateUse acts = acts_.use();
  return {.keys = acts.keys + controllers_.keys() + sessions_.keys(),
          .bytes = acts.bytes + controllers_.bytes() + sessions_.bytes(),
          .evicted = acts.evicted + controllers_.evicted() + sessions_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
