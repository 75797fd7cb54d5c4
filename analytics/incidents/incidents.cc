#include "analytics/incidents/incidents.h"

#include <algorithm>
#include <array>

#include "analytics/frame/evidence.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = IncidentConfig;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.incidents.enabled", &C::enabled, "yes", "findings and alerts are put together into incidents"},
    {"analytics.incidents.opens-at", &C::opens_at, "30", "score from which on a host's findings are an incident"},
    {"analytics.incidents.quiet", &C::quiet, "14400",
     "silence after which an incident is closed, once all its findings are over", Unit::seconds},
    {"analytics.incidents.memory", &C::memory, "86400",
     "time within which findings of a host belong together, and a host that was attacked is suspected of what it does",
     Unit::seconds},
};

using N = IncidentCounters;
constexpr CounterRow<N> kCounters[] = {
    {"incidents.input", &N::input, "findings and alerts that incidents are made of"},
    {"incidents.opened", &N::opened, "incidents"},
    {"incidents.updates", &N::updates, "records that brought one up to date"},
    {"incidents.closed", &N::closed, "incidents that came to their end"},
    {"incidents.background", &N::background, "attacks from outside without effect, put together by day and network"},
    {"incidents.promoted", &N::promoted, "of them those that had an effect after all: a target became an incident"},
    {"incidents.open", &N::open, "incidents that are open", CounterKind::gauge},
    {"incidents.previous_max", &N::previous_max, "closed incidents that later ones do not name: 16384 hosts have such",
     CounterKind::loss},
    {"incidents.hosts_max", &N::hosts_max, "hosts that incidents name no more: 65536 became known since",
     CounterKind::loss},
    {"incidents.subjects_max", &N::subjects_max, "findings and alerts of hosts beyond the 16384 that are remembered",
     CounterKind::loss},
    {"incidents.alerts_max", &N::alerts_max,
     "alerts of which no incident is made: in their second 8192 others differ in host or rule", CounterKind::loss},
    {"incidents.shared_max", &N::shared_max,
     "objects of findings by which no hosts are linked, beyond the 16384 that are remembered", CounterKind::loss},
};

/// Between records of one that only grows: an incident is read by people.
constexpr int64_t kPause = 60'000'000'000;
constexpr int64_t kDay = 86'400;
/// Within which a new incident of a subject names the last one.
constexpr int64_t kPrevious = 7 * kDay;
/// Hosts by which an object is used at most, to link them.
constexpr size_t kRare = 3;
/// Lateral movement: whoever is its target may be the next to act.
constexpr std::string_view kLateral = "TA0008";

/// Percent of the score, by how much the host matters.
unsigned weight_of(std::string_view criticality) {
  return criticality == "low" ? 80 : criticality == "high" ? 125 : 100;
}

std::string make_id(std::string_view subject, Timestamp first) {
  const std::array<uint64_t, 2> parts = {keyed_hash(to_bytes(subject), kReplaySeed), static_cast<uint64_t>(first.ns)};
  const uint64_t hash = keyed_hash({reinterpret_cast<const uint8_t*>(parts.data()), sizeof parts}, kReplaySeed);
  return "i" + to_hex({reinterpret_cast<const uint8_t*>(&hash), sizeof hash});
}

/// "192.0.2.0/24"; of IPv6 the /64.
std::string network_of(const IpAddress& address) {
  IpAddress network = address;
  std::fill(network.bytes.begin() + (address.version == 4 ? 3 : 8), network.bytes.end(), uint8_t{0});
  return to_string(network) + (address.version == 4 ? "/24" : "/64");
}

}  // namespace

std::span<const OptionRow<IncidentConfig>> incident_options() {
  return kOptions;
}

std::span<const CounterRow<IncidentCounters>> incident_counter_rows() {
  return kCounters;
}

void Incidents::add_counters(CounterSet& set) const {
  set.add(counters_, incident_counter_rows());
  set.add(case_counters_, case_counter_rows());
}

void list_incident_counters(CounterSet& set) {
  set.add(IncidentCounters{}, incident_counter_rows());
  set.add(CaseCounters{}, case_counter_rows());
}

/// Null where as many are remembered as may be.
Case* Incidents::of(const std::string& subject, Timestamp time) {
  auto found = cases_.find(subject);
  if (found == cases_.end()) {
    if (cases_.size() >= kMostSubjects) {
      ++counters_.subjects_max;
      return nullptr;
    }
    found =
        cases_.emplace(subject, std::make_unique<Case>(make_id(subject, time), subject, time, case_counters_)).first;
    if (const AssetBrief* host = host_at(subject)) found->second->matters = weight_of(host->criticality);
  }
  return found->second.get();
}

Case* Incidents::background(const AlertSums::Key& key, const AlertSums::Sum& sum) {
  const std::string technique = sum.says.attack.empty() ? "any" : sum.says.attack.front().first;
  const std::string day = std::to_string(sum.first.seconds() / kDay);
  Case* found = of("background " + technique + " " + network_of(key.victim) + " " + day, sum.first);
  if (found && !found->background && !found->promoted) {
    found->background = true;
    ++counters_.background;
  }
  return found;
}

void Incidents::take(const AlertSums& alerts) {
  if (!config_.enabled) return;
  counters_.alerts_max += alerts.beyond();
  for (const auto& [key, sum] : alerts.sums()) {
    counters_.input += sum.count;
    const std::string actor = to_string(key.actor), victim = to_string(key.victim);
    if (surroundings_.inside(key.actor)) {
      Case* subject = of(actor, sum.first);
      if (!subject) continue;
      acted(*subject, sum.first);
      subject->add(key, sum, "victim", victim);
      attacked(victim, *subject, sum.last);
      consider(*subject, sum.last);
    } else if (Case* outside = background(key, sum)) {
      outside->add(key, sum, "victim", victim);
      attacked(victim, *outside, sum.last);
      if (outside->promoted) consider(*outside, sum.last);
    }
  }
}

/// Null where nothing is known of it, or it is no address.
const AssetBrief* Incidents::host_at(std::string_view text) {
  const auto address = IpAddress::parse(text);
  const auto* entry = address ? hosts_.find(*address) : nullptr;
  return entry ? &entry->value : nullptr;
}

void Incidents::known(const IpAddress& address, const AssetBrief& brief) {
  if (!config_.enabled) return;
  hosts_.touch(address, static_cast<uint32_t>(std::clamp<int64_t>(now_, 0, UINT32_MAX))).value = brief;
  counters_.hosts_max = hosts_.evicted();
  if (const auto subject = cases_.find(to_string(address)); subject != cases_.end()) {
    subject->second->matters = weight_of(brief.criticality);
  }
}

/// Null where there is no room, or where it is over and its case is no more, as a person closed its incident.
Case* Incidents::home_of(const Behaviour& behaviour, bool inside) {
  const auto home = homes_.find(behaviour.id);
  const auto known = home == homes_.end() ? cases_.end() : cases_.find(home->second);
  if (behaviour.state == FindingState::over) {
    if (home != homes_.end()) homes_.erase(home);
    return known == cases_.end() ? nullptr : known->second.get();
  }
  if (known != cases_.end()) return known->second.get();
  AlertSums::Sum sum{.first = behaviour.first};
  if (!behaviour.attack.empty()) sum.says.attack.emplace_back(behaviour.attack.front().id, "");
  Case* out = inside ? of(behaviour.subject, behaviour.first) : background({.victim = behaviour.dest}, sum);
  if (out) homes_[behaviour.id] = out->subject();
  return out;
}

void Incidents::take(const Behaviour& behaviour) {
  if (!config_.enabled) return;
  if (behaviour.state == FindingState::open) ++counters_.input;
  const auto address = IpAddress::parse(behaviour.subject);
  // A name or a MAC address is of this network.
  const bool inside = !address || surroundings_.inside(*address);
  Case* subject = home_of(behaviour, inside);
  if (!subject) return;
  if (inside) acted(*subject, behaviour.first);
  subject->add(behaviour);
  const bool lateral = std::ranges::any_of(behaviour.attack, [](const Technique& t) { return t.tactic == kLateral; });
  for (const std::string& object : behaviour.objects) {
    if (lateral) attacked(std::string(host_of(object)), *subject, behaviour.last);
  }
  share(*subject, behaviour);
  consider(*subject, behaviour.time);
}

void Incidents::attacked(const std::string& victim, const Case& by, Timestamp time) {
  if (victim == by.subject()) return;
  if (attacked_.size() >= kMostSubjects && !attacked_.contains(victim)) {
    ++counters_.subjects_max;
    return;
  }
  attacked_[victim] = {by.id(), by.subject(), by.campaign.empty() ? by.id() : by.campaign, time};
}

/// One that was attacked before does something itself: the attack had an effect.
void Incidents::acted(Case& subject, Timestamp time) {
  const auto found = attacked_.find(subject.subject());
  if (found == attacked_.end() || subject.linked()) return;
  const Attacked& attack = found->second;
  if (time < attack.time || time.seconds() - attack.time.seconds() > static_cast<int64_t>(config_.memory)) return;
  subject.link(attack.by, "spread_from");
  subject.campaign = attack.campaign;
  subject.cause = attack.case_of;
}

/// Hosts of which few use the same thing, and each with good reason to be suspected.
void Incidents::share(Case& subject, const Behaviour& behaviour) {
  constexpr unsigned kSure = 60;
  if (behaviour.confidence < kSure || subject.background) return;
  for (const std::string& object : behaviour.objects) {
    const auto address = IpAddress::parse(host_of(object));
    if (address && surroundings_.inside(*address)) continue;
    if (sharing_.size() >= kMostShared && !sharing_.contains(object)) {
      ++counters_.shared_max;
      continue;
    }
    auto& [subjects, last] = sharing_[object];
    last = std::max(last, behaviour.time);
    if (subjects.size() <= kRare) subjects.insert(subject.subject());
    if (subjects.size() < 2 || subjects.size() > kRare) continue;
    for (const std::string& other : subjects) {
      const auto known = cases_.find(other);
      if (other == subject.subject() || known == cases_.end()) continue;
      subject.link(known->second->id(), "shares");
      if (subject.campaign.empty()) {
        subject.campaign = known->second->campaign.empty() ? known->second->id() : known->second->campaign;
      }
    }
  }
}

/// What is new of a case is told when it matters.
void Incidents::consider(Case& subject, Timestamp time) {
  if (subject.background) return;
  const unsigned score = subject.score();
  if (!subject.open) {
    if (score < config_.opens_at) return;
    open(subject, "score", time);
    return promote(subject, time);
  }
  const bool level = level_of(score, 100) != subject.told_level;
  const bool tactic = subject.tactics() != subject.told_tactics;
  const bool technique = subject.techniques() != subject.told_techniques;
  const bool growth = subject.items() >= 2 * subject.told_items;
  if (!(level || tactic || technique || growth) || time.ns - subject.told_at.ns < kPause) return;
  ++counters_.updates;
  tell(subject, IncidentState::updated, level ? "level" : tactic ? "tactic" : technique ? "technique" : "growth", time);
}

void Incidents::open(Case& subject, std::string_view reason, Timestamp time) {
  subject.open = true;
  ++counters_.opened;
  ++counters_.open;
  const auto last = closed_.find(subject.subject());
  if (last != closed_.end() && time.seconds() - last->second.time.seconds() <= kPrevious) {
    subject.follow(last->second.id);
  }
  tell(subject, IncidentState::open, reason, time);
}

/// The background that it was attacked from has had an effect: it is an incident, with its past.
void Incidents::promote(const Case& victim, Timestamp time) {
  const auto found = cases_.find(victim.cause);
  if (found == cases_.end() || !found->second->background) return;
  found->second->background = false;
  found->second->promoted = true;
  ++counters_.promoted;
  open(*found->second, "effect", time);
}

void Incidents::close(Case& subject, std::string_view reason, Timestamp time) {
  if (subject.open) {
    ++counters_.closed;
    --counters_.open;
    if (closed_.size() < kMostSubjects || closed_.contains(subject.subject())) {
      closed_[subject.subject()] = {subject.id(), time};
    } else {
      ++counters_.previous_max;
    }
  }
  tell(subject, IncidentState::closed, reason, time);
}

bool Incidents::close(std::string_view id, std::string_view reason) {
  const auto found =
      std::ranges::find_if(cases_, [&](const auto& row) { return row.second->open && row.second->id() == id; });
  if (found == cases_.end()) return false;
  close(*found->second, reason, std::max(found->second->last(), Timestamp::from_seconds(now_)));
  cases_.erase(found);
  return true;
}

void Incidents::tell(Case& subject, IncidentState state, std::string_view reason, Timestamp time) {
  subject.told_at = time;
  subject.told_items = subject.items();
  subject.told_techniques = subject.techniques();
  subject.told_tactics = subject.tactics();
  subject.told_level = level_of(subject.score(), 100);
  Incident incident = subject.tell(state, reason, time);
  if (const AssetBrief* host = host_at(incident.subject)) incident.host = *host;
  if (incident.host.vendor.empty()) incident.host.vendor = surroundings_.vendor_of(incident.subject);
  for (Incident::Object& object : incident.objects) {
    if (const AssetBrief* host = host_at(host_of(object.name))) object.host = host->name;
  }
  sink_.incident(incident);
}

void Incidents::expire(int64_t second) {
  now_ = std::max(now_, second);
  constexpr int64_t kStep = 60;  // of cases, none of which is urgent
  if (second < expired_to_ + kStep) return;
  expired_to_ = second;
  for (auto next = cases_.begin(); next != cases_.end();) {
    Case& subject = *next->second;
    const int64_t silent = second - subject.last().seconds();
    const bool quiet = !subject.lives() && silent > static_cast<int64_t>(subject.open ? config_.quiet : config_.memory);
    if (quiet && (subject.open || subject.background)) {
      const int64_t due =
          subject.last().seconds() + static_cast<int64_t>(subject.open ? config_.quiet : config_.memory);
      close(subject, "quiet", std::max(subject.ended(), Timestamp::from_seconds(due)));
    }
    next = quiet ? cases_.erase(next) : std::next(next);
  }
  std::erase_if(closed_, [&](const auto& row) { return second - row.second.time.seconds() > kPrevious; });
  const auto forgotten = [&](Timestamp last) { return second - last.seconds() > static_cast<int64_t>(config_.memory); };
  std::erase_if(attacked_, [&](const auto& row) { return forgotten(row.second.time); });
  std::erase_if(sharing_, [&](const auto& row) { return forgotten(row.second.last); });
}

/// The run is over: what was not told of those that are open is.
void Incidents::finish() {
  for (const auto& [name, subject] : cases_) {
    if (!subject->open && !subject->background) continue;
    if (subject->open && subject->items() == subject->told_items && subject->told_at >= subject->last()) continue;
    tell(*subject, subject->open ? IncidentState::updated : IncidentState::closed, "end", subject->last());
  }
}

}  // namespace lapwing::analytics
