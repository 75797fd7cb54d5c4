// Where the bytes of one capture come from. Private to the room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sensor/base/bytes.h"

namespace lapwing::capture {

inline constexpr size_t kChunk = 1 << 20;  // bytes of a buffer, and of one read of a thread that only reads
inline constexpr size_t kRead =
    128 << 10;  // ... where who reads also works: what is read stays in the second-level cache
inline constexpr size_t kMaxRecord = 512 << 10;  // longest record that is looked at as a whole

/// A stream of bytes, read piece by piece into a buffer of the caller's (kChunk bytes), with a contiguous window on
/// what is unread. Views stay valid until require(), skip() or move_to().
class ByteInput {
 public:
  explicit ByteInput(uint8_t* buffer) : buffer_(buffer) {}
  virtual ~ByteInput() = default;
  ByteInput(const ByteInput&) = delete;
  ByteInput& operator=(const ByteInput&) = delete;

  Bytes view() const { return view_; }
  void consume(size_t count) {
    view_ = view_.subspan(count);
    offset_ += count;
  }
  /// Makes at least `count` <= kMaxRecord bytes contiguous; false when fewer are left.
  bool require(size_t count);
  /// False when fewer are left.
  bool skip(uint64_t count);
  /// What is unread goes to another buffer, and so does what is read from now on; the one before stays as it is.
  void move_to(uint8_t* buffer);
  /// Bytes consumed, from the start of the (decompressed) stream.
  uint64_t offset() const { return offset_; }
  /// Why the stream ended early; empty for a proper end.
  const std::string& error() const { return error_; }
  /// Bytes of the file read, for progress.
  virtual uint64_t file_position() const { return offset_ + view_.size(); }

 protected:
  /// Reads at least one byte and at most `room`; 0 at the end, where it sets `error_` if that came early.
  virtual size_t read_some(uint8_t* out, size_t room) = 0;
  std::string error_;

 private:
  Bytes view_;
  uint64_t offset_ = 0;
  uint8_t* buffer_;
  bool end_ = false;
};

/// A plain file.
class FileInput final : public ByteInput {
 public:
  FileInput(const std::string& path, uint8_t* buffer);
  ~FileInput() override;

 private:
  size_t read_some(uint8_t* out, size_t room) override;

  int fd_;
};

}  // namespace lapwing::capture
