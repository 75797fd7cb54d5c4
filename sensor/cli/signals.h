// SIGINT and SIGTERM end a run in good order.
#pragma once

#include "sensor/pipeline/pipeline.h"

namespace lapwing {

/// While it lives, the first SIGINT or SIGTERM drains and closes; the second has its usual effect.
class StopOnSignal {
 public:
  explicit StopOnSignal(Pipeline& pipeline);
  ~StopOnSignal();
};

}  // namespace lapwing
