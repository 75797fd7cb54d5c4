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

/// A stream of bytes with a contiguous window on what is unread. Views stay valid until require() or skip().
class ByteInput {
 public:
  virtual ~ByteInput() = default;
  Bytes view() const { return view_; }
  void consume(size_t count) {
    view_ = view_.subspan(count);
    offset_ += count;
  }
  /// Makes at least `count` <= kMaxRecord bytes contiguous; false when fewer are left.
  virtual bool require(size_t count) = 0;
  /// False when fewer are left.
  bool skip(uint64_t count);
  /// Bytes consumed, from the start of the (decompressed) stream.
  uint64_t offset() const { return offset_; }
  /// Why the stream ended early; empty for a proper end.
  const std::string& error() const { return error_; }
  /// Bytes of the file read, for progress.
  virtual uint64_t file_position() const = 0;

 protected:
  Bytes view_;
  uint64_t offset_ = 0;
  std::string error_;
};

/// A plain file, read in chunks into a buffer that the caller keeps from file to file (kChunk bytes).
class FileInput final : public ByteInput {
 public:
  FileInput(const std::string& path, uint8_t* buffer);
  ~FileInput() override;
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;
  bool require(size_t count) override;
  uint64_t file_position() const override { return offset_ + view_.size(); }

 private:
  int fd_;
  uint8_t* buffer_;
  bool end_ = false;
};

}  // namespace lapwing::capture
