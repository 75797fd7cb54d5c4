// Alerts of rules as observations: what a worker saw of them in a second, coalesced.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analytics/frame/surroundings.h"
#include "sensor/base/bytes.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "sensor/event/alert.h"
#include "sensor/event/behaviour.h"

namespace lapwing::analytics {

/// [W] An alert where it was raised. Of a packet that is of no flow its sender is the client.
struct AlertAt {
  const RuleInfo& rule;
  Timestamp time;
  FlowName flow;
  Direction direction = Direction::to_server;  // of the packet that the rule means
  Bytes payload;                               // what was inspected; lives as long as the call
};

/// [W] The same, with who does it to whom.
struct AlertSeen {
  const RuleInfo& rule;
  Timestamp time;
  IpAddress actor, victim;
  bool attack = false;  // the rule is one of attacks by which hosts are taken over
  FlowName flow;
  Bytes payload;

  /// The victim is the rule's target. Of an attack it is otherwise the end that the rule's metadata `attack_target`
  /// names, or else the one inside that received it from outside. Where these say nothing, and of anything else, it is
  /// the server.
  static AlertSeen of(const AlertAt& alert, const Surroundings& surroundings);
};

/// What a rule says of itself that an incident tells.
struct RuleSays {
  std::string message;
  unsigned severity = 0, confidence = 0;
  std::vector<std::pair<std::string, std::string>> attack;  // technique and tactic

  static RuleSays of(const RuleInfo& rule);
};

/// A delta.
class AlertSums {
 public:
  struct Key {
    IpAddress actor, victim;
    uint32_t gid = 0, sid = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Sum {
    uint64_t count = 0;
    Timestamp first, last;
    RuleSays says;  // the same for the same rule
  };

  void add(const AlertSeen& seen) {
    Sum& sum = sums_[{seen.actor, seen.victim, seen.rule.gid, seen.rule.sid}];
    if (sum.count == 0) sum = {0, seen.time, seen.time, RuleSays::of(seen.rule)};
    ++sum.count;
    sum.first = std::min(sum.first, seen.time);
    sum.last = std::max(sum.last, seen.time);
  }
  void operator+=(AlertSums&& other) {
    for (auto& [key, theirs] : other.sums_) {
      Sum& sum = sums_[key];
      if (sum.count == 0) {
        sum = std::move(theirs);
        continue;
      }
      sum.count += theirs.count;
      sum.first = std::min(sum.first, theirs.first);
      sum.last = std::max(sum.last, theirs.last);
    }
  }
  bool empty() const { return sums_.empty(); }
  const std::map<Key, Sum>& sums() const { return sums_; }

 private:
  std::map<Key, Sum> sums_;
};

}  // namespace lapwing::analytics
