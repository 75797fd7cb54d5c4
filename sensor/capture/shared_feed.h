// What can be read only once - standard input, pipes, compressed files - read by one thread for all workers.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sensor/capture/byte_input.h"
#include "sensor/capture/decompress.h"

namespace lapwing::capture {

/// A ring of kChunk-sized buffers, filled by the reader thread and seen by every consumer; a buffer is written anew
/// when all consumers have left it. The slowest consumer limits the reader. Consumers run on threads of their own.
class SharedFeed {
 public:
  static constexpr size_t kChunks = 8;  // 8 MiB between the reader and the slowest worker

  struct Chunk {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size = 0;
    size_t input = 0;            // index into the feed's paths
    uint64_t file_position = 0;  // of the compressed bytes
    bool end = false;            // of the input; holds no bytes
    std::string error;           // why it ended early
  };

  /// `paths` are read in order; "-" is standard input.
  SharedFeed(std::vector<std::string> paths, size_t consumers);
  ~SharedFeed();
  SharedFeed(const SharedFeed&) = delete;
  SharedFeed& operator=(const SharedFeed&) = delete;

  /// The chunk after the one this consumer has, which it leaves. Null when the consumer was stopped.
  const Chunk* next(size_t consumer);
  /// The consumer takes no more chunks, and nothing waits for it.
  void leave(size_t consumer);
  /// Async-signal-safe: next() of the consumer returns null soon.
  void stop(size_t consumer) { consumers_[consumer].stopped.store(true, std::memory_order_relaxed); }

 private:
  struct Consumer {
    uint64_t taken = 0;  // chunks handed out; the last is still in use
    bool left = false;
    std::atomic<bool> stopped{false};
  };

  void run();
  /// An input being read, and where and why its reading ended.
  struct Reading {
    int fd = -1;
    uint64_t position = 0;
    std::string error;
    ~Reading();
  };
  void read_input(size_t input, Reading& reading);
  /// A buffer to fill, when the slowest consumer has left it; null when nobody is left.
  Chunk* acquire();
  void publish();
  bool wanted() const;
  /// Bytes read, 0 at the end, -1 on an error or when nobody wants more.
  ssize_t read_some(int fd, uint8_t* out, size_t room, std::string& error);

  std::vector<std::string> paths_;
  std::vector<Consumer> consumers_;
  std::array<Chunk, kChunks> ring_;
  uint64_t published_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread reader_;
  std::atomic<bool> closing_{false};
};

/// One consumer's view of one input of the feed.
class SharedInput final : public ByteInput {
 public:
  /// `stitch` holds kMaxRecord bytes: records that lie across two chunks are put together there.
  SharedInput(SharedFeed& feed, size_t input, size_t consumer, uint8_t* stitch)
      : feed_(feed), input_(input), consumer_(consumer), stitch_(stitch) {}
  bool require(size_t count) override;
  uint64_t file_position() const override { return file_position_; }

 private:
  void move_to_stitch();
  bool next_chunk();

  SharedFeed& feed_;
  size_t input_, consumer_;
  uint8_t* stitch_;
  Bytes ahead_;  // of the present chunk, what comes after a stitched view
  bool end_ = false;
  uint64_t file_position_ = 0;
};

}  // namespace lapwing::capture
