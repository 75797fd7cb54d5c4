#include "sensor/cli/rule_faults.h"

namespace lapwing {

void RuleFaults::take(const std::vector<RuleMessage>& messages) {
  std::vector<RuleMessage> faults;
  for (const RuleMessage& message : messages) {
    if (message.level == RuleMessage::Level::error && faults.size() < kMost) faults.push_back(message);
  }
  std::lock_guard lock(mutex_);
  faults_.swap(faults);
}

std::vector<RuleMessage> RuleFaults::get() const {
  std::lock_guard lock(mutex_);
  return faults_;
}

}  // namespace lapwing
