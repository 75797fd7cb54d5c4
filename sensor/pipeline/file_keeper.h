// FileKeeper: decides which files are stored, and hands their bytes to the store.
#pragma once

#include <atomic>
#include <cstdint>

#include "export/eve/recorder.h"
#include "export/filestore/file_store.h"
#include "sensor/base/counters.h"
#include "sensor/event/event.h"
#include "sensor/flow/flow.h"
#include "sensor/pipeline/frame_order.h"

namespace lapwing {

/// [W]
struct FileKeeperCounters {
  uint64_t stored = 0;      // files begun
  uint64_t incomplete = 0;  // files asked for when their beginning was gone
};
std::span<const CounterRow<FileKeeperCounters>> file_keeper_counter_rows();

/// What numbers the stored files of a run, for all its workers.
struct FileNumbers {
  std::atomic<uint64_t> last = 0;
};

/// [W] One per worker.
class FileKeeper {
 public:
  FileKeeper(const FileStoreConfig& config, FileNumbers& numbers, const FrameOrder* order, size_t worker,
             Recorder& recorder)
      : config_(config), numbers_(numbers), order_(order), worker_(worker), recorder_(recorder) {}

  /// As EventSink::file; `number` is that of the frame at hand.
  void take(Flow& flow, const Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over,
            uint64_t number);
  /// What rules have asked for by now will be stored, and the records that show its files say so.
  void promise(Flow& flow, const Protocol& protocol, Transaction& tx, Direction direction) const;
  const FileKeeperCounters& counters() const { return counters_; }

 private:
  bool wanted(const Flow& flow, const Transaction& tx, Direction direction, const CarriedFile& file) const;
  void grant(Flow& flow, CarriedFile& file) const;
  void pass(CarriedFile& file, Bytes bytes);

  const FileStoreConfig& config_;
  FileNumbers& numbers_;
  const FrameOrder* order_;
  const size_t worker_;
  Recorder& recorder_;
  FileKeeperCounters counters_;
};

}  // namespace lapwing
