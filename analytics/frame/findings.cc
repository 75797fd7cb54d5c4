#include "analytics/frame/findings.h"

#include <algorithm>
#include <array>

#include "analytics/frame/detector.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr CounterRow<FindingCounters> kRows[] = {
    {"analytics.findings.opened", &FindingCounters::opened, "findings of detectors"},
    {"analytics.findings.updated", &FindingCounters::updated, "records that brought one up to date"},
    {"analytics.findings.over", &FindingCounters::over, "findings that came to their end"},
    {"analytics.findings.open", &FindingCounters::open, "findings that are open", CounterKind::gauge},
    {"analytics.findings_max", &FindingCounters::findings_max, "findings refused: 16384 are open", CounterKind::loss},
    {"analytics.objects_max", &FindingCounters::objects_max,
     "times that a finding had more objects than the 16 that it shows and by which incidents are linked"},
};

/// Equal in every run over the same traffic.
std::string make_id(std::string_view detector, uint64_t key, Timestamp first) {
  std::array<uint64_t, 3> parts = {keyed_hash(to_bytes(detector), kReplaySeed), key, static_cast<uint64_t>(first.ns)};
  const uint64_t hash = keyed_hash({reinterpret_cast<const uint8_t*>(parts.data()), sizeof parts}, kReplaySeed);
  return "b" + to_hex({reinterpret_cast<const uint8_t*>(&hash), sizeof hash});
}

template <class T>
void cut(std::vector<T>& list, size_t most) {
  if (list.size() > most) list.resize(most);
}

}  // namespace

std::span<const CounterRow<FindingCounters>> finding_counter_rows() {
  return kRows;
}

/// Not by address, which differs from build to build.
bool FindingBook::ByName::operator()(const Key& one, const Key& other) const {
  return one.first != other.first ? one.first->name < other.first->name : one.second < other.second;
}

void FindingBook::report(const About& about, Report&& report, std::string&& evidence) {
  const Key key{&about, report.key};
  auto found = open_.find(key);
  if (found == open_.end()) {
    if (open_.size() >= kMostOpen) {
      ++counters_.findings_max;
      return;
    }
    std::string id = make_id(about.name, report.key, report.first);  // memory may fail here: then there is none
    found = open_.try_emplace(key).first;
    found->second.about = &about;
    found->second.behaviour.id = std::move(id);
    found->second.behaviour.name = about.name;
    found->second.behaviour.first = report.first;
    found->second.lost = lost_before_;
  }
  Open& open = found->second;
  Behaviour& now = open.behaviour;
  const Judged judged = gate_ ? gate_->judge(about, report) : Judged{};
  if (judged.as != open.judged) gate_->count(judged);
  open.judged = judged.as;
  if (judged.withheld() && open.told) return;  // as it was told, until it is over
  const bool opens = !open.told;
  counters_.objects_max += report.objects.size() > kMostObjects;
  cut(report.objects, kMostObjects);
  cut(report.flows, kMostFlows);
  // The host that it was told of: what is held against one must not end as another's.
  if (opens) {
    now.subject = std::move(report.subject);
    now.src = report.src;
  }
  now.objects = std::move(report.objects);
  const bool lowered = judged.as == Judged::As::lowered;
  now.severity = lowered ? std::min(report.severity, kLowered) : report.severity;
  now.explained_by = lowered ? names_of(judged.explained) : std::string();
  now.confidence = report.confidence;
  // A capture's clock may go backwards, and a detector forget what it had counted.
  const auto [earlier, later] = std::minmax(report.first, report.last);
  now.first = std::min(now.first, earlier);
  now.last = std::max(now.last, later);
  now.count = std::max(now.count, report.count);
  now.evidence = std::move(evidence);
  now.flows = std::move(report.flows);
  now.dest = report.dest;
  const uint32_t joined = report.techniques & ~open.techniques;
  for (size_t i = 0; i < about.techniques.size(); ++i) {
    if (joined >> i & 1) now.attack.push_back(about.techniques[i]);
  }
  open.techniques |= report.techniques;
  open.idle = std::max(about.idle, report.idle);
  next_due_ = std::min(next_due_, due_of(open).seconds());

  if (judged.withheld()) return;
  const FindingLevel level = level_of(now.severity, now.confidence);
  const bool grown = now.count >= 2 * open.count && report.time.ns - open.time.ns >= kPause;
  if (opens || level != open.level || joined || grown) {
    tell(open, opens ? FindingState::open : FindingState::updated, report.time);
  }
}

void FindingBook::tell(Open& open, FindingState state, Timestamp time) {
  Behaviour& now = open.behaviour;
  now.state = state;
  now.time = time;
  open.level = level_of(now.severity, now.confidence);
  open.count = now.count;
  open.time = time;
  ++(state == FindingState::open      ? counters_.opened
     : state == FindingState::updated ? counters_.updated
                                      : counters_.over);
  if (state == FindingState::open) ++counters_.open;
  if (state == FindingState::over) --counters_.open;
  open.told = true;
  if (open.lost == lost_) return sink_.behaviour(now);
  Behaviour shown = now;
  shown.evidence = with_loss(open);
  sink_.behaviour(shown);
}

/// The evidence, and that some is missing.
std::string FindingBook::with_loss(const Open& open) const {
  std::string out = open.behaviour.evidence;
  if (out.empty()) out = "{}";
  out.pop_back();
  if (out.size() > 1) out += ',';
  out += "\"loss\":";
  std::string object;
  JsonWriter json(object);
  json.begin_object();
  for (size_t i = 0; i < kPacketLosses.size(); ++i) {
    if (lost_[i] > open.lost[i]) json.member(kPacketLosses[i].name, lost_[i] - open.lost[i]);
  }
  json.end_object();
  return out + object + "}";
}

Timestamp FindingBook::due_of(const Open& open) {
  return Timestamp::from_seconds(open.behaviour.last.seconds() + open.idle + 1);
}

void FindingBook::expire(int64_t second) {
  if (second < next_due_) return;
  next_due_ = INT64_MAX;
  for (auto next = open_.begin(); next != open_.end();) {
    Open& open = next->second;
    const Timestamp due = due_of(open);
    if (due.seconds() > second) {
      next_due_ = std::min(next_due_, due.seconds());
      ++next;
      continue;
    }
    if (open.told) tell(open, FindingState::over, due);
    next = open_.erase(next);
  }
}

void FindingBook::finish() {
  while (!open_.empty()) {
    const auto first = open_.begin();
    if (first->second.told) tell(first->second, FindingState::over, first->second.behaviour.last);
    open_.erase(first);
  }
}

void Findings::report(Report report, const std::function<void(JsonWriter&)>& evidence) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  evidence(json);
  json.end_object();
  book_.report(about_, std::move(report), std::move(text));
}

}  // namespace lapwing::analytics
