#include "sensor/event/alert.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing {

bool MetadataReader::next() {
  while (true) {
    while (rest_.empty()) {
      if (part_ == rule_->metadata.size()) return false;
      const RuleInfo::Part& part = rule_->metadata[part_++];
      rest_ = std::string_view(rule_->text).substr(part.at, part.size);
    }
    const size_t comma = std::min(rest_.find(','), rest_.size());
    const std::string_view item = trim(rest_.substr(0, comma));
    rest_.remove_prefix(std::min(comma + 1, rest_.size()));
    if (item.empty()) continue;
    const size_t blank = std::min(item.find(' '), item.size());
    key_ = item.substr(0, blank);
    value_ = trim(item.substr(blank));
    return true;
  }
}

}  // namespace lapwing
