// RuleFaults: what was wrong with the rules in force when they were read.
#pragma once

#include <mutex>
#include <vector>

#include "signatures/compile/rule_environment.h"

namespace lapwing {

/// Safe from any thread.
class RuleFaults {
 public:
  static constexpr size_t kMost = 1000;  // that are kept

  /// Takes the errors among the messages, in place of those before.
  void take(const std::vector<RuleMessage>& messages);
  std::vector<RuleMessage> get() const;

 private:
  mutable std::mutex mutex_;
  std::vector<RuleMessage> faults_;
};

}  // namespace lapwing
