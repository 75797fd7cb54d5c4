#include "analytics/detectors/directory_attack.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using D = DirectoryAttack;
using C = DirectoryAttack::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.directory-attack.authentications", &C::authentications, "5",
     "logins of machines by one client within a minute that do not succeed, or of which this does not show"},
    {"analytics.directory-attack.services", &C::services, "3",
     "services for which a client gets weak tickets within five minutes, where better are there; twice as many "
     "elsewhere"},
    {"analytics.directory-attack.accounts", &C::accounts, "2",
     "accounts of which a client gets a reply without proof within five minutes"},
    {"analytics.directory-attack.window", &C::window, "600", "time within which acts towards a server belong together",
     Unit::seconds},
};

constexpr int64_t kBack = 10;              // seconds within which a server that is made to log in does so
constexpr uint32_t kController = 2;        // clients of whom a host is a domain controller
constexpr uint32_t kRefusals = 3;          // accounts that had to prove themselves, beside one that had not
constexpr uint8_t kAmongControllers = 15;  // severity of what domain controllers do

/// Of other acts that a finding tells of.
constexpr std::string_view name_of_act(D::Kind kind) {
  switch (kind) {
    case D::replicate_prepare: return "crack-names";
    case D::replicate_manage: return "replica-sync";
    case D::password_set: return "password-set";
    case D::session_back: return "session-back";
    case D::ticket_rc4_asked: return "rc4-asked";
    case D::bare_refused: return "proof-required";
    default: return "";
  }
}

constexpr ActSet acts(std::initializer_list<unsigned> of) {
  ActSet out = 0;
  for (const unsigned act : of) out |= act_bit(act);
  return out;
}

}  // namespace

std::span<const OptionRow<C>> DirectoryAttack::options() {
  return kOptions;
}

/// A client and a server, and what was done between them of late.
struct DirectoryAttack::Global::Case {
  const PairOf& pair;
  Timestamp time;
  const Act& act;  // that the verdict is about
  const Config& config;
  ActMemory& memory;
  bool from_controller, at_controller;

  const Act* find(Kind kind, int64_t window = 0) const {
    return memory.find(pair, kind, seconds_before(time, window ? window : static_cast<int64_t>(config.window)));
  }
  const Act* back(Kind kind) const {
    return memory.find({pair.server, pair.client}, kind, seconds_before(time, static_cast<int64_t>(config.window)));
  }
};

/// Of one kind of act. `weigh`: confidence by what else was done, 0: it is nothing; it may change the severity.
struct DirectoryAttack::Global::Verdict {
  std::string_view name;
  Kind kind;
  ActSet with = 0;  // other acts with which it is judged anew
  uint8_t severity;
  uint32_t techniques;  // bits by place in About::techniques
  int (*weigh)(const Case& of, uint8_t& severity);
  RoleMask explained_by = 0;
  bool refused_too = false;  // an attempt counts, however it ended
};

const DirectoryAttack::Global::Verdict DirectoryAttack::Global::kVerdicts[] = {
    {"dcsync", replicate, acts({replicate_prepare, replicate_manage}), 95, 1 << 0,
     [](const Case& of, uint8_t& severity) {
       if (of.from_controller) severity = kAmongControllers;
       return 75 + (of.find(replicate_prepare) ? 15 : 0) - (of.find(replicate_manage) ? 30 : 0);
     },
     bit(Role::dc) | bit(Role::backup)},
    {"dcshadow", replica_add, 0, 95, 1 << 1,
     [](const Case& of, uint8_t& severity) {
       if (of.from_controller) severity = kAmongControllers;
       return of.back(replicate) ? 90 : 75;
     },
     bit(Role::dc)},
    {"zerologon", authenticate, acts({password_set}), 90, 1 << 2,
     [](const Case& of, uint8_t& severity) {
       const uint64_t least = std::max<uint64_t>(of.config.authentications, 1);
       if (of.act.count < least) return 0;
       const Act* set = of.find(password_set);
       const bool reset = set && set->done() && set->last >= of.act.first;
       if (reset) severity = 98;
       return 40 + 10 * static_cast<int>(std::bit_width(of.act.count / least)) + (reset ? 20 : 0);
     },
     0, true},
    {"kerberoast", ticket_rc4, acts({ticket_rc4_asked}), 75, 1 << 3,
     [](const Case& of, uint8_t&) {
       const bool better = of.find(granted_aes) != nullptr, asked = of.find(ticket_rc4_asked) != nullptr;
       const uint64_t services = of.act.objects.count();
       if (services >= of.config.services * (better ? 1 : 2)) return 50 + (better ? 10 : 0) + (asked ? 20 : 0);
       return better && asked ? 40 : 0;
     }},
    {"asrep-roast", bare_rc4, acts({bare_refused}), 75, 1 << 4,
     [](const Case& of, uint8_t&) {
       const Act* refused = of.find(bare_refused);
       const bool many = refused && refused->objects.count() >= kRefusals;
       if (of.act.objects.count() >= of.config.accounts) return many ? 80 : 65;
       return many ? 50 : 0;
     }},
    {"overpass", login_rc4, 0, 65, 1 << 5, [](const Case&, uint8_t&) { return 55; }},
    {"forced-auth", coerce_files, acts({session_back}), 80, 1 << 6,
     [](const Case& of, uint8_t&) {
       if (of.back(session_back)) return 85;
       return of.at_controller ? 60 : 50;
     },
     0, true},
    {"forced-auth-print", coerce_print, acts({session_back}), 80, 1 << 6,
     [](const Case& of, uint8_t&) {
       if (of.back(session_back)) return of.at_controller ? 75 : 45;
       return of.at_controller ? 40 : 0;
     },
     bit(Role::printer), true},
    {"account-change", account_change, 0, 50, 1 << 7, [](const Case&, uint8_t&) { return 50; }, bit(Role::admin)},
    {"member-add", member_add, 0, 55, 1 << 7, [](const Case&, uint8_t&) { return 50; }, bit(Role::admin)},
    {"account-key", account_key, 0, 75, 1 << 7, [](const Case&, uint8_t&) { return 60; }, bit(Role::admin)},
    {"secret-read", secret_read, 0, 70, 1 << 8, [](const Case&, uint8_t&) { return 60; }, bit(Role::admin)},
    {"hive-save", hive_save, 0, 80, 1 << 9, [](const Case&, uint8_t&) { return 75; },
     bit(Role::admin) | bit(Role::backup)},
    {"print-driver", print_driver, 0, 75, 1 << 2, [](const Case&, uint8_t&) { return 50; }, bit(Role::admin)},
    {"log-clear", log_clear, 0, 70, 1 << 10, [](const Case&, uint8_t&) { return 80; }, bit(Role::admin)},
    {"log-write", log_write, 0, 35, 1 << 10, [](const Case&, uint8_t&) { return 50; },
     bit(Role::admin) | bit(Role::monitor)},
    {"key-backup", key_backup, 0, 25, 1 << 11, [](const Case&, uint8_t&) { return 60; }},
};

DirectoryAttack::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      acts_(kMostActs, surroundings),
      controllers_(surroundings.part(kMostServers), surroundings.hash_seed) {}

void DirectoryAttack::Global::add(const ActOf& key, const Act& act, Timestamp time) {
  constexpr ActSet kRates = acts({authenticate, ticket_rc4, ticket_rc4_asked, bare_rc4, bare_refused});
  constexpr int64_t kMinute = 60;
  const bool rate = (kRates & act_bit(key.act)) != 0;
  const int64_t window = key.act == authenticate ? kMinute : rate ? 5 * kMinute : static_cast<int64_t>(config_.window);
  acts_.add(key, act, window, rate ? ActMemory::Renewal::by_time : ActMemory::Renewal::after_silence, now_);
  Touched& touched = touched_[key.pair];
  touched.acts |= act_bit(key.act);
  touched.time = std::max(touched.time, time);
}

void DirectoryAttack::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = table_second(second);
  overflow_ += delta.acts.acts.overflowed() + delta.sessions.overflowed() + delta.controllers.overflowed();
  delta.controllers.walk([&](const IpAddress& server, const Fan& clients) {
    if (auto* entry = controllers_.touch(server, now_)) {
      entry->value.merge(clients);
      controllers_.set_worth(*entry, static_cast<uint8_t>(std::bit_width(entry->value.count())));
    }
  });
  touched_.clear();
  delta.acts.acts.walk([&](const ActOf& key, const Act& act) { add(key, act, act.last); });
  // Of sessions only those count that somebody asked for.
  delta.sessions.walk([&](const PairOf& session, const Act& act) {
    const PairOf asked{session.server, session.client};
    for (const Kind kind : {coerce_print, coerce_files}) {
      const Act* coerced = acts_.find(asked, kind, seconds_before(act.last, kBack));
      if (!coerced || act.last < coerced->first) continue;
      acts_.add({session, session_back}, act, kBack, ActMemory::Renewal::after_silence, now_);
      Touched& touched = touched_[asked];
      touched.acts |= act_bit(session_back);
      touched.time = std::max(touched.time, act.last);
    }
  });
  for (const auto& [pair, touched] : touched_) judge(pair, touched, findings);
}

void DirectoryAttack::Global::judge(const PairOf& pair, const Touched& touched, Findings& findings) {
  const auto controls = [&](const IpAddress& host) {
    const auto* entry = controllers_.find(host);
    return entry && entry->value.count() >= kController;
  };
  for (const Verdict& verdict : kVerdicts) {
    if ((touched.acts & (act_bit(verdict.kind) | verdict.with)) == 0) continue;
    const Timestamp since = seconds_before(touched.time, static_cast<int64_t>(config_.window));
    const Act* act = acts_.find(pair, verdict.kind, since);
    if (!act || !(act->done() || verdict.refused_too)) continue;
    report({pair, touched.time, *act, config_, acts_, controls(pair.client), controls(pair.server)}, verdict, findings);
  }
}

void DirectoryAttack::Global::report(const Case& of, const Verdict& verdict, Findings& findings) const {
  uint8_t severity = verdict.severity;
  const int confidence = verdict.weigh(of, severity);
  if (confidence <= 0) return;
  const Act& act = of.act;
  Report out{.key = keyed_hash(bytes_of(of.pair), keyed_hash(to_bytes(verdict.name), kReplaySeed)),
             .subject = to_string(of.pair.client),
             .objects = {endpoint(of.pair.server, act.flow.server_port)},
             .severity = severity,
             .confidence = static_cast<uint8_t>(std::min(confidence, 95)),
             .techniques = verdict.techniques,
             .time = of.time,
             .first = act.first,
             .last = of.time,
             .count = act.count,
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
        .member("operations", act.count)
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
}

StateUse DirectoryAttack::Global::use() const {
  const StateUse acts = acts_.use();
  return {.keys = acts.keys + controllers_.keys(),
          .bytes = acts.bytes + controllers_.bytes(),
          .evicted = acts.evicted + controllers_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
