// Alerts of rules as observations: what a worker saw of them in a second, coalesced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analytics/frame/surroundings.h"
#include "sensor/base/bytes.h"
#include "sensor/base/hash.h"
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

/// A delta, of a bounded number of keys: those of the least hashes, which are the same in whatever order they come.
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
  static constexpr size_t kMost = 8192;

  /// `seed`: of the run, for hashes that whoever sends packets cannot choose.
  explicit AlertSums(uint64_t seed = kReplaySeed) : seed_(seed) {}

  void add(const AlertSeen& seen);
  void operator+=(AlertSums&& other);
  /// Before it is read: leaves no more than kMost keys.
  void cut();
  bool empty() const { return sums_.empty() && beyond_ == 0; }
  const std::map<Key, Sum>& sums() const { return sums_; }
  /// Alerts of keys for which there is no room.
  uint64_t beyond() const { return beyond_; }

 private:
  uint64_t hash(const Key& key) const;

  uint64_t seed_, beyond_ = 0;
  uint64_t last_ = UINT64_MAX;  // hash behind which there is no room
  std::map<Key, Sum> sums_;     // 2 * kMost at most
};

}  // namespace lapwing::analytics
