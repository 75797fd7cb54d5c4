#include "export/outputs/publisher.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>

namespace lapwing {
namespace {

using BatchPtr = std::shared_ptr<const RecordBatch>;

/// One worker's queue: one thread pushes, one pops.
class Ring {
 public:
  enum class Push : uint8_t { done, full, too_many_bytes };

  explicit Ring(size_t capacity) : slots_(capacity) {}

  Push push(BatchPtr& batch) {
    size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == slots_.size()) return Push::full;
    const size_t bytes = batch->memory(), waiting = bytes_.load(std::memory_order_acquire);
    if (waiting > 0 && waiting + bytes > Publisher::kQueueBytes) return Push::too_many_bytes;
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    slots_[tail % slots_.size()] = std::move(batch);
    tail_.store(tail + 1, std::memory_order_release);
    return Push::done;
  }
  size_t size() const { return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed); }
  bool pop(BatchPtr& batch) {
    size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    batch = std::move(slots_[head % slots_.size()]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }
  /// Of batches popped and delivered: until then they take memory.
  void release(size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_release); }

 private:
  std::vector<BatchPtr> slots_;
  alignas(64) std::atomic<size_t> head_ = 0;
  alignas(64) std::atomic<size_t> tail_ = 0;
  std::atomic<size_t> bytes_ = 0;
};

constexpr CounterRow<PublisherCounters> kRows[] = {
    {"publisher.batches", &PublisherCounters::batches, "bursts of records handed to the export thread"},
    {"publisher.records", &PublisherCounters::records, "records handed to the export thread"},
    {"publisher.queue_full_drops", &PublisherCounters::queue_full_drops,
     "records dropped before export: the queue was full", CounterKind::loss},
    {"publisher.queue_bytes_drops", &PublisherCounters::queue_bytes_drops,
     "records dropped before export: 64 MiB of their worker's waited in the queue", CounterKind::loss},
    {"publisher.out_of_memory", &PublisherCounters::out_of_memory,
     "records that an output did not get whole because memory for them could not be had", CounterKind::loss},
};

constexpr std::chrono::milliseconds kFlushInterval{100};
/// How long the export thread sleeps when nobody wakes it: bursts gather meanwhile, and a push needs no system call.
constexpr std::chrono::milliseconds kNap{10};
/// Batches waiting in one ring from which a push wakes it early; an urgent batch always does.
constexpr size_t kWakeBatches = 64;
constexpr std::chrono::microseconds kFullPause{50};
constexpr size_t kRound = 256;  // batches given to the exporters at once

}  // namespace

std::span<const CounterRow<PublisherCounters>> publisher_counter_rows() {
  return kRows;
}

struct Publisher::Impl {
  Impl(std::vector<std::unique_ptr<Exporter>> outputs, size_t workers, bool wait)
      : exporters(std::move(outputs)), lossless(wait) {
    for (size_t i = 0; i < workers; ++i) rings.emplace_back(lossless ? kLosslessQueueBatches : kQueueBatches);
    round_bytes.resize(workers);
    for (const auto& exporter : exporters) status.push_back({exporter->label(), {}});
    publish_counters();
  }

  void run() {
    std::vector<BatchPtr> round;
    round.reserve(kRound);
    auto flushed = std::chrono::steady_clock::now();
    while (true) {
      const bool last = stop.load(std::memory_order_acquire);
      gather(round);
      if (!round.empty()) {
        uint64_t entries = 0;
        for (const BatchPtr& batch : round) entries += batch->entries.size();
        for (auto& exporter : exporters) spare_process(entries, [&] { exporter->write(round); });
        const size_t count = round.size();
        round.clear();
        for (size_t i = 0; i < rings.size(); ++i) rings[i].release(std::exchange(round_bytes[i], 0));
        publish_counters();
        done.fetch_add(count, std::memory_order_release);
      }
      auto now = std::chrono::steady_clock::now();
      if (reopen_wanted.exchange(false)) {
        for (auto& exporter : exporters) spare_process(0, [&] { exporter->reopen(); });
      }
      const bool wanted = flush_wanted.load();
      if (now - flushed >= kFlushInterval || wanted) {
        flush();
        flushed = now;
        if (wanted) flush_wanted.store(false);
      }
      if (done.load(std::memory_order_relaxed) != pushed.load(std::memory_order_acquire)) continue;
      if (last) break;
      std::unique_lock lock(mutex);
      sleeping.store(true);
      if (!urgent.load() && !stop.load() && !flush_wanted.load()) wake.wait_for(lock, kNap);
      sleeping.store(false);
      urgent.store(false);
    }
    flush();
  }

  void flush() {
    for (auto& exporter : exporters) spare_process(0, [&] { exporter->flush(); });
    publish_counters();
  }

  /// Memory that cannot be had costs an output at most these records.
  template <class Step>
  void spare_process(uint64_t entries, Step step) {
    try {
      step();
    } catch (const std::bad_alloc&) {
      out_of_memory.fetch_add(std::max<uint64_t>(entries, 1), std::memory_order_relaxed);
    }
  }

  /// Exporters count for their own thread; others read this copy.
  void publish_counters() {
    std::lock_guard lock(counters_mutex);
    for (size_t i = 0; i < exporters.size(); ++i) status[i].counters = exporters[i]->counters();
  }

  void gather(std::vector<BatchPtr>& round) {
    // Each round begins with another ring, so that one busy worker does not starve the rest.
    first_ring = (first_ring + 1) % rings.size();
    for (size_t i = 0; i < rings.size(); ++i) {
      BatchPtr batch;
      const size_t worker = (first_ring + i) % rings.size();
      while (round.size() < kRound && rings[worker].pop(batch)) {
        round_bytes[worker] += batch->memory();
        round.push_back(std::move(batch));
      }
    }
  }

  /// An export thread that is awake is not woken. `urgent` is set before `sleeping` is read, and the export thread does
  /// it the other way round, so that one of the two sees the other.
  void notify() {
    urgent.store(true);
    if (!sleeping.load()) return;
    std::lock_guard lock(mutex);
    wake.notify_one();
  }

  std::vector<std::unique_ptr<Exporter>> exporters;
  std::deque<Ring> rings;
  std::vector<size_t> round_bytes;  // by ring, of what is being delivered
  const bool lossless;
  size_t first_ring = 0;
  std::atomic<bool> stop = false, sleeping = false, urgent = false, flush_wanted = false, reopen_wanted = false;
  std::atomic<uint64_t> pushed = 0, done = 0, records = 0, dropped = 0, dropped_bytes = 0, out_of_memory = 0;
  std::mutex mutex;
  std::condition_variable wake;
  mutable std::mutex counters_mutex;
  std::vector<ExporterStatus> status;
  std::thread thread;
};

Publisher::Publisher(std::vector<std::unique_ptr<Exporter>> exporters, size_t workers, bool lossless)
    : impl_(std::make_unique<Impl>(std::move(exporters), workers, lossless)) {
  impl_->thread = std::thread([this] { impl_->run(); });
}

Publisher::~Publisher() {
  impl_->stop.store(true, std::memory_order_release);
  {
    std::lock_guard lock(impl_->mutex);
    impl_->wake.notify_one();
  }
  impl_->thread.join();
}

void Publisher::push(size_t worker, std::shared_ptr<const RecordBatch> batch) {
  const size_t records = batch->entries.size();
  const bool urgent = batch->urgent;
  // Counted first: whoever waits for `done` to catch up must not miss a batch that is already on its way.
  impl_->pushed.fetch_add(1, std::memory_order_release);
  for (Ring::Push result; (result = impl_->rings[worker].push(batch)) != Ring::Push::done;) {
    if (!impl_->lossless) {
      (result == Ring::Push::full ? impl_->dropped : impl_->dropped_bytes)
          .fetch_add(records, std::memory_order_relaxed);
      impl_->pushed.fetch_sub(1, std::memory_order_release);
      return;
    }
    impl_->notify();
    std::this_thread::sleep_for(kFullPause);
  }
  impl_->records.fetch_add(records, std::memory_order_relaxed);
  if (urgent || impl_->rings[worker].size() >= kWakeBatches) impl_->notify();
}

void Publisher::drain() {
  while (impl_->done.load(std::memory_order_acquire) < impl_->pushed.load(std::memory_order_acquire)) {
    impl_->notify();
    std::this_thread::sleep_for(kFullPause);
  }
  impl_->flush_wanted.store(true);
  impl_->notify();
  while (impl_->flush_wanted.load()) std::this_thread::sleep_for(kFullPause);
}

PublisherCounters Publisher::counters() const {
  return {.batches = impl_->pushed.load(),
          .records = impl_->records.load(),
          .queue_full_drops = impl_->dropped.load(),
          .queue_bytes_drops = impl_->dropped_bytes.load(),
          .out_of_memory = impl_->out_of_memory.load()};
}

void Publisher::reopen() {
  impl_->reopen_wanted.store(true);
}

std::vector<ExporterStatus> Publisher::exporters() const {
  std::lock_guard lock(impl_->counters_mutex);
  return impl_->status;
}

void add_exporter_counters(std::span<const ExporterStatus> exporters, CounterSet& set) {
  for (size_t i = 0; i < exporters.size(); ++i) {
    const std::string path = "outputs." + std::to_string(i) + ".";
    set.set_text(path + "type", exporters[i].label.type, "kind of this output");
    set.set_text(path + "destination", exporters[i].label.destination, "where this output writes to");
    for (const auto& row : exporter_counter_rows()) {
      set.add(path + std::string(row.path), exporters[i].counters.*row.member, row.help, row.kind);
    }
  }
}

}  // namespace lapwing
