// BatchWriter: whole batches of records to a descriptor.
#pragma once

#include <string>

#include "export/outputs/exporter.h"

namespace lapwing {

/// What a destination does not take is counted and told once; it is tried again with every batch, and told when it
/// takes records again. A regular file is cut back to its last whole batch, so that it never holds half a record.
class BatchWriter {
 public:
  explicit BatchWriter(std::string name) : name_(std::move(name)) {}
  /// `descriptor` may be negative with errno as the reason: then everything is dropped.
  void write(int descriptor, std::span<const std::shared_ptr<const RecordBatch>> batches, ExporterCounters& counters);

 private:
  std::string name_;
  bool failing_ = false;
};

}  // namespace lapwing
