#include "analytics/frame/gate.h"

#include <algorithm>

#include "analytics/frame/detector.h"

namespace lapwing::analytics {
namespace {

constexpr CounterRow<GateCounters> kRows[] = {
    {"analytics.explained", &GateCounters::explained, "findings withheld: a role explains them (analytics.roles)"},
    {"analytics.allowed", &GateCounters::allowed, "findings withheld by a row of analytics.allow"},
};

void add_row(size_t row, uint64_t hits, CounterSet& set) {
  set.add("analytics.allow." + std::to_string(row) + ".hits", hits, "findings that the row withheld, rows from 0 on");
}

}  // namespace

std::span<const CounterRow<GateCounters>> gate_counter_rows() {
  return kRows;
}

Withheld Gate::judge(const About& about, const Report& report) const {
  using Why = Withheld::Why;
  const auto roles_of = [&](std::string_view host) {
    const auto address = IpAddress::parse(host);
    return address ? roles_.of(*address) : RoleMask{0};
  };
  const RoleMask explained_by = about.explained_by | report.explained_by;
  if (explained_by != 0 && (roles_of(report.subject) & explained_by)) return {Why::explained};
  if (about.explained_at != 0 && !report.objects.empty() &&
      std::ranges::all_of(report.objects, [&](const std::string& object) {
        return (roles_of(host_of(object)) & about.explained_at) != 0;
      })) {
    return {Why::explained};
  }
  for (size_t i = 0; i < policy_.allow.size(); ++i) {
    if (policy_.allow[i].hits(about.name, report.subject, report.objects, report.time)) return {Why::allowed, i};
  }
  return {};
}

void Gate::count(const Withheld& withheld) {
  if (withheld.why == Withheld::Why::explained) ++counters_.explained;
  if (withheld.why == Withheld::Why::allowed) {
    ++counters_.allowed;
    ++hits_[withheld.row];
  }
}

void Gate::add_counters(CounterSet& set) const {
  set.add(counters_, gate_counter_rows());
  set.add(roles_.counters(), role_counter_rows());
  for (size_t i = 0; i < hits_.size(); ++i) add_row(i, hits_[i], set);
}

void list_gate_counters(CounterSet& set) {
  set.add(GateCounters{}, gate_counter_rows());
  set.add(RoleCounters{}, role_counter_rows());
  add_row(0, 0, set);
}

}  // namespace lapwing::analytics
