// stats records: dotted counter paths become nested objects.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "export/eve/envelope.h"
#include "export/eve/recorder.h"
#include "sensor/base/counters.h"

namespace lapwing {

/// [W] Remembers the last values for the deltas. Every few seconds: not written for speed.
class StatsRecord {
 public:
  /// An object whose members are all numbered ("detect.engines.0.rules_loaded") becomes an array. A counter that
  /// lies on the way to others ("a" beside "a.b") has no place in the object and is left out.
  void write(std::string& out, RecordTools& tools, Timestamp time, const CounterSet& counters, double uptime_seconds);

 private:
  std::map<std::string, uint64_t, std::less<>> last_;
};

/// Members are counters by their paths as in a stats record, but what is numbered stands under its number.
void write_loss_record(std::string& out, RecordTools& tools, Timestamp time, const CounterSet& lost, double seconds);

}  // namespace lapwing
