// Gate: the one place where findings are withheld that are to be expected: by the roles of who is in them, by rows of
// the configuration. What only traffic says of a host hides nothing, as whoever sends it chooses what it says.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analytics/frame/allow.h"
#include "analytics/frame/roles.h"
#include "sensor/base/counters.h"

namespace lapwing::analytics {

struct About;
struct Report;

/// [S] What the configuration says of findings.
struct Policy {
  std::vector<RoleHosts> roles;
  std::vector<AllowRow> allow;
};

struct GateCounters {
  uint64_t explained = 0;  // findings withheld, for the roles of subject or objects
  uint64_t allowed = 0;    // findings withheld, for a row
  uint64_t lowered = 0;    // findings told as info, for learned roles
};
std::span<const CounterRow<GateCounters>> gate_counter_rows();

/// What becomes of a finding.
struct Judged {
  enum class As : uint8_t { told, lowered, explained, allowed } as = As::told;
  size_t row = 0;          // of Policy::allow
  RoleMask explained = 0;  // by these roles of subject or objects
  bool withheld() const { return as >= As::explained; }
};

/// [G] Counts are of findings, not of reports.
class Gate {
 public:
  /// Borrowed for the run.
  explicit Gate(const Policy& policy) : policy_(policy), roles_(policy.roles), hits_(policy.allow.size()) {}

  Judged judge(const About& about, const Report& report) const;
  /// A finding that was not judged so before is now.
  void count(const Judged& judged);
  Roles& roles() { return roles_; }
  void add_counters(CounterSet& set) const;

 private:
  const Policy& policy_;
  Roles roles_;
  std::vector<uint64_t> hits_;  // by row of Policy::allow
  GateCounters counters_;
};

/// What add_counters() adds, for listing.
void list_gate_counters(CounterSet& set);

}  // namespace lapwing::analytics
