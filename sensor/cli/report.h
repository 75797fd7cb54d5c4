// What a person sees of a run: a progress bar while it lasts, one screen at its end.
#pragma once

#include "sensor/pipeline/pipeline.h"

namespace lapwing {

/// Draws on standard error when that is a terminal, and only for work of some length.
class ProgressBar {
 public:
  void show(double progress);
  void clear();

 private:
  double shown_ = -1;
  int calls_ = 0;
};

/// Packets, bytes, flows, records by type, alerts by signature, losses, seconds and rate, on standard error.
void print_summary(const RunSummary& summary);
/// Records that an output was given and did not deliver.
uint64_t records_lost(const RunSummary& summary);

}  // namespace lapwing
