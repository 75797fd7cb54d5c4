#include "analytics/incidents/case.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "analytics/frame/evidence.h"
#include "analytics/incidents/next.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

/// Distinct objects of a technique that are told apart.
constexpr size_t kDistinct = 64;

template <class List, class Match>
auto* find_in(List& list, Match match) {
  const auto found = std::ranges::find_if(list, match);
  return found == list.end() ? nullptr : &*found;
}

using C = CaseCounters;
constexpr CounterRow<C> kRows[] = {
    {"incidents.techniques_max", &C::techniques_max,
     "techniques of findings and alerts by which no incident is scored: it has 64 already", CounterKind::loss},
    {"incidents.objects_max", &C::objects_max,
     "objects of findings and alerts that no incident counts: it tells 256 apart, and shows the first 32",
     CounterKind::loss},
    {"incidents.findings_max", &C::findings_max, "findings that their incident does not list: it has 32 already",
     CounterKind::loss},
    {"incidents.living_max", &C::living_max,
     "findings that keep their incident open no longer than any other news: 32 that are not over do already",
     CounterKind::loss},
    {"incidents.signatures_max", &C::signatures_max,
     "alerts whose rule their incident does not list: it has 32 already", CounterKind::loss},
    {"incidents.links_max", &C::links_max, "links of incidents that are not told: it has 32 already",
     CounterKind::loss},
};

/// A name with the one address that it had is one object.
size_t distinct(const std::vector<std::string>& objects) {
  const auto address = [&](size_t i) { return IpAddress::parse(host_of(objects[i])).has_value(); };
  return objects.size() == 2 && !address(0) && address(1) ? 1 : objects.size();
}

}  // namespace

std::span<const CounterRow<CaseCounters>> case_counter_rows() {
  return kRows;
}

Case::Case(std::string id, std::string subject, Timestamp first, CaseCounters& counters) : counters_(counters) {
  told_.id = std::move(id);
  told_.subject = std::move(subject);
  told_.first = told_.last = first;
}

void Case::note_time(Timestamp first, Timestamp last) {
  told_.first = std::min(told_.first, first);
  told_.last = std::max(told_.last, last);
}

void Case::note(std::string_view id, std::string_view tactic, unsigned weight,
                const std::vector<std::string>& objects) {
  Technique* known = find_in(techniques_, [&](const Technique& technique) { return technique.id == id; });
  if (!known) {
    if (techniques_.size() == kMostTechniques) {
      ++counters_.techniques_max;
      return;
    }
    known = &techniques_.emplace_back();
    known->id = id;
    known->tactic = tactic;
  }
  if (!tactic.empty()) tactics_.emplace(tactic);
  known->weight = std::max(known->weight, weight);
  for (const std::string& object : std::span(objects).first(distinct(objects))) {
    const uint64_t hash = keyed_hash(to_bytes(object), kReplaySeed);
    if (known->objects.size() < kDistinct) known->objects.insert(hash);
    if (&object == objects.data() && known->growth.size() < kDistinct) known->growth.insert(hash);
  }
}

void Case::note_object(const std::string& object, std::string_view role) {
  const uint64_t hash = keyed_hash(to_bytes(object), kReplaySeed);
  const auto place = std::ranges::lower_bound(objects_, hash);
  if (place != objects_.end() && *place == hash) return;
  if (objects_.size() == kMostObjects) {
    ++counters_.objects_max;
    return;
  }
  objects_.insert(place, hash);
  told_.objects_total = objects_.size();
  if (told_.objects.size() < kShownObjects) told_.objects.push_back({object, "", role});
}

void Case::add(const Behaviour& behaviour) {
  const unsigned weight = unsigned{behaviour.severity} * behaviour.confidence;
  note_time(behaviour.first, behaviour.last);
  if (behaviour.state == FindingState::over) {
    living_.erase(behaviour.id);
    ended_ = std::max(ended_, behaviour.time);
  } else if (living_.size() < kMostFindings) {
    living_.insert(behaviour.id);
  } else if (behaviour.state == FindingState::open) {
    ++counters_.living_max;
  }
  // It is weighed once, by the technique that comes first: several names of one thing are no more than one.
  unsigned share = weight;
  for (const lapwing::Technique& technique : behaviour.attack) {
    note(technique.id, technique.tactic, std::exchange(share, 0), behaviour.objects);
  }
  for (const std::string& object : behaviour.objects) note_object(object, "peer");
  Incident::Member* known =
      find_in(told_.findings, [&](const Incident::Member& member) { return member.id == behaviour.id; });
  if (!known) {
    const bool full = told_.findings.size() == kMostFindings;
    if (behaviour.state == FindingState::open || !full) ++told_.findings_total;
    if (full) {
      counters_.findings_max += behaviour.state == FindingState::open;
      return;
    }
    known = &told_.findings.emplace_back();
    known->id = behaviour.id;
    known->name = behaviour.name;
  }
  known->first = behaviour.first;
  known->last = behaviour.last;
  known->score = weight / 100;
  known->count = behaviour.count;
  known->objects = behaviour.objects.size();
  if (!behaviour.objects.empty()) known->object = behaviour.objects.front();
}

void Case::add(const AlertSums::Key& key, const AlertSums::Sum& sum, std::string_view role, const std::string& object) {
  const unsigned weight = sum.says.severity * sum.says.confidence;
  note_time(sum.first, sum.last);
  unsigned share = weight;
  for (const auto& [technique, tactic] : sum.says.attack) note(technique, tactic, std::exchange(share, 0), {object});
  // A rule that names no technique is one of its own kind.
  if (sum.says.attack.empty()) note("", "", weight, {object});
  note_object(object, role);
  told_.alerts_total += sum.count;
  Incident::Signature* known = find_in(told_.signatures, [&](const Incident::Signature& signature) {
    return signature.gid == key.gid && signature.sid == key.sid;
  });
  if (!known) {
    if (told_.signatures.size() == kMostSignatures) {
      counters_.signatures_max += sum.count;
      return;
    }
    told_.signatures.push_back({key.gid, key.sid, sum.says.message, 0, sum.first, sum.last});
    known = &told_.signatures.back();
  }
  known->count += sum.count;
  known->first = std::min(known->first, sum.first);
  known->last = std::max(known->last, sum.last);
}

void Case::link(const std::string& incident, std::string_view kind) {
  const auto same = [&](const Incident::Link& link) { return link.incident == incident; };
  if (find_in(told_.links, same)) return;
  if (told_.links.size() == kMostLinks) {
    ++counters_.links_max;
    return;
  }
  told_.links.push_back({incident, kind});
}

/// 1 - prod(1 - w) over techniques, w = min(0.95, weight * (1 + 0.1 log2 n)) of n different first objects; times 1.15
/// for a second tactic, 1.3 for a third, at most 1.6; times how much the host matters. In parts of 10,000, and of log2
/// the whole part.
unsigned Case::score() const {
  uint64_t innocent = 10'000;
  for (const Technique& technique : techniques_) {
    const uint64_t objects = std::max<uint64_t>(1, technique.growth.size());
    const uint64_t growth = 10 + static_cast<uint64_t>(std::bit_width(objects) - 1);
    const uint64_t weight = std::min<uint64_t>(9'500, technique.weight * growth / 10);
    innocent = innocent * (10'000 - weight) / 10'000;
  }
  const uint64_t stages = std::min<uint64_t>(160, 100 + 15 * (std::max<uint64_t>(1, tactics_.size()) - 1));
  return static_cast<unsigned>(std::min<uint64_t>(100, (10'000 - innocent) * stages * matters / 1'000'000));
}

Incident Case::tell(IncidentState state, std::string_view reason, Timestamp time) const {
  Incident out = told_;
  out.state = state;
  out.reason = reason;
  out.time = time;
  out.score = score();
  out.level = background ? FindingLevel::info : level_of(out.score, 100);
  out.background = background;
  out.campaign = campaign;
  for (const Technique& technique : techniques_) {
    if (!technique.id.empty()) out.attack.push_back({technique.id, technique.tactic, technique.objects.size()});
  }
  if (!background) out.next = next_of(out.attack);
  return out;
}

}  // namespace lapwing::analytics
