// Counters in the words of Prometheus.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "sensor/base/counters.h"

namespace lapwing {

/// "outputs.2.dropped.failed" is lapwing_outputs_dropped_failed{output="2"}: what is numbered is a label, called as
/// its list without the last letter. Texts of one place are labels of a metric lapwing_..._info that is always 1.
std::vector<prometheus::MetricFamily> families_of(const CounterSet& counters);

}  // namespace lapwing
