// What can be read only once - standard input, pipes, compressed files - read by a thread of its own.
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

/// A ring of kChunk-sized buffers, filled by the reader thread ahead of who takes them, one thread at a time.
class Feed {
 public:
  static constexpr size_t kChunks = 8;  // 8 MiB ahead

  struct Chunk {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size = 0;
    size_t input = 0;            // index into the feed's paths
    uint64_t file_position = 0;  // of the compressed bytes
    bool end = false;            // of the input; holds no bytes
    std::string error;           // why it ended early
  };

  /// `paths` are read in order; "-" is standard input.
  explicit Feed(std::vector<std::string> paths);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// The chunk after the one at hand, which is left. Null when stopped.
  const Chunk* next();
  /// Async-signal-safe: nothing more is read, and next() returns null soon.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  void run();
  /// An input being read, and where and why its reading ended.
  struct Reading {
    int fd = -1;
    uint64_t position = 0;
    std::string error;
    ~Reading();
  };
  void read_input(size_t input, Reading& reading);
  /// A buffer to fill, when there is one; null when stopped.
  Chunk* acquire();
  void publish();
  /// Bytes read, 0 at the end, -1 on an error or when stopped.
  ssize_t read_some(int fd, uint8_t* out, size_t room, std::string& error);

  std::vector<std::string> paths_;
  std::array<Chunk, kChunks> ring_;
  uint64_t published_ = 0, taken_ = 0;  // the chunk taken last is still in use
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread reader_;
  std::atomic<bool> stopped_{false};
};

/// One input of the feed, its bytes copied as from a file: those at hand lie together, and in the taker's own cache.
class FeedInput final : public ByteInput {
 public:
  FeedInput(Feed& feed, size_t input, uint8_t* buffer) : ByteInput(buffer), feed_(feed), input_(input) {}
  uint64_t file_position() const override { return file_position_; }

 private:
  size_t read_some(uint8_t* out, size_t room) override;

  Feed& feed_;
  size_t input_;
  Bytes ahead_;  // of the present chunk
  uint64_t file_position_ = 0;
};

}  // namespace lapwing::capture
