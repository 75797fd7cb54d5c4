// RecordHunt: what of old records the indicators name.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "analytics/intel/indicator_set.h"

namespace lapwing::analytics {

struct RecordHit {
  IndicatorType type = IndicatorType::domain;
  std::string value, timestamp, event_type;  // value: as the record has it
  IndicatorText text;
};

/// One thread's. Records are EVE JSON, ours or Suricata's.
class RecordHunt {
 public:
  /// `set` is borrowed.
  explicit RecordHunt(const IndicatorSet& set) : set_(set) {}
  /// False: the line is no record. An indicator is told once a record.
  bool read(std::string_view line, const std::function<void(const RecordHit&)>& hit) const;

 private:
  const IndicatorSet& set_;
};

}  // namespace lapwing::analytics
