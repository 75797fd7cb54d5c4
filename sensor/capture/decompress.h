// gzip and zstd streams. Private to the room.
#pragma once

#include <memory>
#include <string>

#include "sensor/base/bytes.h"
#include "sensor/capture/format.h"

namespace lapwing::capture {

class Decompressor {
 public:
  struct Step {
    size_t used = 0;      // of the input
    size_t produced = 0;  // in the output
  };
  virtual ~Decompressor() = default;
  /// Makes progress while there is input and room. Sets error() when the stream is corrupt.
  virtual Step run(Bytes in, uint8_t* out, size_t room) = 0;
  /// Between two members or frames: the input may end here.
  virtual bool at_boundary() const = 0;
  const std::string& error() const { return error_; }

 protected:
  std::string error_;
};

/// Null for formats that are not compressed.
std::unique_ptr<Decompressor> make_decompressor(Magic magic);

}  // namespace lapwing::capture
