// Signals that a sensor lives with: those that end it in good order, those that ask for something, those it survives.
#pragma once

#include "sensor/pipeline/pipeline.h"

namespace lapwing {

/// While it lives, the first SIGINT or SIGTERM drains and closes; the second has its usual effect.
class StopOnSignal {
 public:
  explicit StopOnSignal(Pipeline& pipeline);
  ~StopOnSignal();
};

/// From its making on, a reader that is gone (SIGPIPE) and a file that reached the limit of its size (SIGXFSZ) are
/// errors of the output, which counts what it loses; SIGUSR1 and SIGUSR2 end nothing.
class SurviveSignals {
 public:
  SurviveSignals();
  ~SurviveSignals();
};

/// From its making on, SIGHUP and SIGUSR2 no longer end the process, but are noted.
class NoteSignals {
 public:
  NoteSignals();
  ~NoteSignals();
  struct Noted {
    bool reopen = false, reload = false;
  };
  /// What was asked for since the last call: SIGHUP opens outputs anew and reads rules, SIGUSR2 reads rules.
  Noted take();

 private:
  SurviveSignals survive_;
};

}  // namespace lapwing
