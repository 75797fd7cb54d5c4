#include "analytics/frame/gate.h"

#include <algorithm>

#include "analytics/frame/detector.h"

namespace lapwing::analytics {
namespace {

constexpr CounterRow<GateCounters> kRows[] = {
    {"analytics.explained", &GateCounters::explained, "findings withheld: a role explains them (analytics.roles)"},
    {"analytics.allowed", &GateCounters::allowed, "findings withheld by a row of analytics.allow"},
    {"analytics.lowered", &GateCounters::lowered, "findings told as info: a role that was learned explains them"},
};

void add_row(size_t row, uint64_t hits, CounterSet& set) {
  set.add("analytics.allow." + std::to_string(row) + ".hits", hits, "findings that the row withheld, rows from 0 on");
}

/// `of`: the roles of an address.
template <class Of>
RoleMask explaining(const About& about, const Report& report, Of of) {
  const auto roles_of = [&](std::string_view host) {
    const auto address = IpAddress::parse(host);
    return address ? of(*address) : RoleMask{0};
  };
  const RoleMask by = about.explained_by | report.explained_by;
  if (const RoleMask found = by == 0 ? 0 : roles_of(report.subject) & by) return found;
  if (about.explained_at == 0) return 0;
  RoleMask at = 0;
  for (const std::string& object : report.objects) {
    const RoleMask found = roles_of(host_of(object)) & about.explained_at;
    if (found == 0) return 0;
    at |= found;
  }
  return at;
}

}  // namespace

std::span<const CounterRow<GateCounters>> gate_counter_rows() {
  return kRows;
}

Judged Gate::judge(const About& about, const Report& report) const {
  const auto configured = [&](const IpAddress& address) { return roles_.configured(address); };
  if (const RoleMask roles = explaining(about, report, configured)) return {Judged::As::explained, 0, roles};
  for (size_t i = 0; i < policy_.allow.size(); ++i) {
    if (policy_.allow[i].hits(about.name, report.subject, report.objects, report.time)) return {Judged::As::allowed, i};
  }
  const auto all = [&](const IpAddress& address) { return roles_.of(address); };
  if (const RoleMask roles = explaining(about, report, all)) return {Judged::As::lowered, 0, roles};
  return {};
}

void Gate::count(const Judged& judged) {
  switch (judged.as) {
    case Judged::As::told: break;
    case Judged::As::lowered: ++counters_.lowered; break;
    case Judged::As::explained: ++counters_.explained; break;
    case Judged::As::allowed: ++counters_.allowed; ++hits_[judged.row];
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
