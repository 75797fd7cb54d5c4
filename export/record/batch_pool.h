// BatchPool: RecordBatches that go out to any thread and come back to the worker that fills them.
#pragma once

#include <memory>

#include "export/record/record.h"

namespace lapwing {

/// [W] take() and hand_over() belong to one worker; the batches handed over may be released on any thread, also after
/// the pool is gone. In steady state nothing is allocated: a batch keeps its buffers, and the control block of its
/// shared_ptr lies within it.
class BatchPool {
 public:
  /// Text beyond this is given back to the system when the batch returns, so that one burst of huge records does not
  /// stay in every buffer for good.
  static constexpr size_t kKeepBytes = 256 << 10;

  BatchPool();
  ~BatchPool();
  /// An empty batch to fill; it stays the pool's until it is handed over.
  RecordBatch& take();
  /// Shares the batch that take() gave out last.
  std::shared_ptr<const RecordBatch> hand_over();

 private:
  struct Slot;
  struct Shared;
  template <class T>
  struct InSlot;

  std::shared_ptr<Shared> shared_;
  Slot* free_ = nullptr;     // returned slots this side has already collected
  Slot* current_ = nullptr;  // being filled
};

}  // namespace lapwing
