// The contract of an exporter: batches of records to one destination, on the export thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "export/record/record.h"
#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/base/setting.h"

namespace lapwing {

/// Of the file store; zero for every other output.
struct FileStoreCounters {
  uint64_t open_files = 0, open_files_max_hit = 0, fs_errors = 0, pieces_lost = 0, max_size_hit = 0, max_files_hit = 0,
           max_growing_hit = 0;
};
std::span<const CounterRow<FileStoreCounters>> file_store_counter_rows();

/// Of one output. Every record an exporter is given ends up in `records` or in one of the drops.
struct ExporterCounters {
  uint64_t records = 0, bytes = 0, errors = 0;
  uint64_t dropped_backpressure = 0, dropped_failed = 0, dropped_unreachable = 0, dropped_too_large = 0;
  uint64_t connections = 0, disconnections = 0, accepts_failed = 0, handshakes_failed = 0, clients_refused = 0,
           unknown_topics = 0, max_connections = 0, max_topics = 0, stalled = 0;
  uint64_t rotations = 0, rotations_failed = 0;
  FileStoreCounters files;

  uint64_t dropped() const { return dropped_backpressure + dropped_failed + dropped_unreachable + dropped_too_large; }
};
/// By paths below the output's own, "outputs.0.".
std::span<const CounterRow<ExporterCounters>> exporter_counter_rows();

/// Which output something is told of.
struct ExporterLabel {
  std::string type;         // as ExporterRow::name
  std::string destination;  // a file, endpoints, a host
};

/// [H side] Every output sees every batch; drops are counted, never waited for, except in replay, where
/// `lossless` exporters wait instead.
class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual void write(std::span<const std::shared_ptr<const RecordBatch>> batches) = 0;
  /// Called some ten times a second, and before the end: nothing may be left waiting.
  virtual void flush() = 0;
  /// The operator moved files away or changed lists that this output reads.
  virtual void reopen() {}
  virtual ExporterCounters counters() const = 0;
  virtual ExporterLabel label() const = 0;
};

/// What all exporters are told at start [S].
struct ExportContext {
  std::span<const std::string_view> topics;  // names by RecordType
  std::string sensor;                        // sensor-name
  uint64_t epoch = 0;                        // changes at every start
  bool lossless = false;                     // replay
  bool trial = false;                        // nothing is made, opened, bound or connected
};

/// One kind of output: what `filetype` of an eve-log section calls it, how to make it from that section, its options.
/// In a trial `create` looks at the section, at the files it reads and at the place that records would go to, throws
/// SettingError as ever and gives null.
struct ExporterRow {
  std::string_view name;
  std::unique_ptr<Exporter> (*create)(const Setting& node, const ExportContext& context);
  std::vector<OptionInfo> (*options)();
  std::string_view help;
};

/// THE list of outputs (registry.cc).
std::span<const ExporterRow> exporters();

}  // namespace lapwing
