// Publisher: the export thread. Takes batches from every worker and gives them to every exporter.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "export/outputs/exporter.h"

namespace lapwing {

struct PublisherCounters {
  uint64_t batches = 0, records = 0;
  // Records refused because so much was waiting of their worker (live); a replay waits instead.
  uint64_t queue_full_drops = 0;   // kQueueBatches
  uint64_t queue_bytes_drops = 0;  // kQueueBytes
  uint64_t out_of_memory = 0;      // of one output each
};
std::span<const CounterRow<PublisherCounters>> publisher_counter_rows();

struct ExporterStatus {
  ExporterLabel label;
  ExporterCounters counters;
};
/// "outputs.N." and what each counted.
void add_exporter_counters(std::span<const ExporterStatus> exporters, CounterSet& set);

/// One per process. push() is called by workers, each on its own ring: no locks on the way.
class Publisher {
 public:
  static constexpr size_t kQueueBatches = 4096;
  /// Of a worker's batches that wait, as RecordBatch::memory() has them. One batch alone may be larger.
  static constexpr size_t kQueueBytes = 64 << 20;
  /// Where a full queue is waited for, a long one only costs memory.
  static constexpr size_t kLosslessQueueBatches = 256;

  Publisher(std::vector<std::unique_ptr<Exporter>> exporters, size_t workers, bool lossless);
  /// Delivers everything pushed, flushes the exporters, joins the thread.
  ~Publisher();
  void push(size_t worker, std::shared_ptr<const RecordBatch> batch);
  /// Waits until everything pushed so far has been written.
  void drain();
  PublisherCounters counters() const;
  /// Soon: every exporter reopens its files. Safe from any thread.
  void reopen();
  std::vector<ExporterStatus> exporters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
