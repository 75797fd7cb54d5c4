// CaptureReader: the captures of a replay, one after the other, as frames. Private to the room.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sensor/capture/byte_input.h"
#include "sensor/capture/feed.h"
#include "sensor/capture/format.h"
#include "sensor/capture/packet_source.h"

namespace lapwing::capture {

struct CaptureInput {
  std::string path;
  uint64_t size = 0;      // 0 where it cannot be known
  bool once = false;      // can be read only once, from the feed
  size_t feed_index = 0;  // set by the reader
};

struct CaptureList {
  std::vector<CaptureInput> inputs;
  uint64_t skipped_files = 0;
  bool aloud = true;  // what is passed over is told in the log
};

/// One thread at a time, but for stop().
class CaptureReader {
 public:
  explicit CaptureReader(CaptureList captures);

  /// Reads on into this buffer of kChunk bytes; what lies in the one before stays.
  void move_to(uint8_t* buffer);
  /// Frames of one input, as many as were at hand or could be had by reading once; none at the end. Their bytes lie in
  /// the buffer until next() is called again without another.
  size_t next(std::span<Frame> room);
  /// Async-signal-safe: next() ends soon.
  void stop();

  // Of the frames given last:
  const CaptureCounters& counters() const { return counters_; }
  size_t input() const { return next_; }  // counted from 1
  std::string_view file(size_t input) const { return input == 0 ? std::string_view() : inputs_[input - 1].path; }
  size_t interfaces() const;
  std::string_view interface_name(size_t index) const;
  std::span<const CaptureError> errors() const { return errors_; }
  double progress() const;

 private:
  size_t read_on(std::span<Frame> room);
  bool open_next();
  bool read_header();
  void fail(std::string message);
  void note_unknown(const Fill& got);
  void close();

  std::vector<CaptureInput> inputs_;
  uint64_t total_size_ = 0;  // 0 when one has no known size
  std::unique_ptr<Feed> feed_;
  uint8_t* buffer_ = nullptr;
  size_t next_ = 0;  // input
  std::unique_ptr<ByteInput> input_;
  std::optional<Format> format_;
  uint64_t number_ = 0, finished_bytes_ = 0;
  CaptureCounters counters_;
  std::vector<CaptureError> errors_;
  bool told_unknown_;
  std::atomic<bool> stopped_{false};
};

}  // namespace lapwing::capture
