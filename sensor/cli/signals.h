// SIGINT and SIGTERM end a run in good order; SIGHUP has it read its rules anew.
#pragma once

#include "sensor/pipeline/pipeline.h"

namespace lapwing {

/// While it lives, the first SIGINT or SIGTERM drains and closes; the second has its usual effect.
class StopOnSignal {
 public:
  explicit StopOnSignal(Pipeline& pipeline);
  ~StopOnSignal();
};

/// From its making on, SIGHUP no longer ends the process, but is noted.
class NoteHangup {
 public:
  NoteHangup();
  ~NoteHangup();
  /// Whether there was one since the last call.
  bool take();
};

}  // namespace lapwing
