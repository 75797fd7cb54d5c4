// Patchwork: what rules look at of a file that has gaps, or of which bytes came more than once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing::file {

/// [W] The file as its receiver has it in the end: what is written once more replaces what was there. What was replaced
/// stands behind all else with its surroundings, as a write may be refused, and what was read was read. A gap is as
/// many zeros as it is long, up to kGap: so are the holes of sparse files.
class Patchwork {
 public:
  static constexpr size_t kGap = 256, kAround = 32;  // bytes

  /// `begun`: what came before it was needed, without a gap. At most `keep` bytes are held, and as many of what came
  /// beside them.
  Patchwork(Bytes begun, uint64_t keep);
  /// At the end, which is at `offset`.
  void append(uint64_t offset, Bytes bytes);
  void lose(uint64_t offset, uint64_t count);
  /// Before it.
  void overwrite(uint64_t offset, Bytes bytes);
  /// They stand behind all else.
  void add_beside(Bytes bytes);
  void close();

  Bytes bytes() const { return to_bytes(text_); }

 private:
  /// Bytes of the file that lie side by side here.
  struct Run {
    uint64_t offset = 0;  // in the file
    size_t at = 0, size = 0;
    bool gap = false;
  };
  uint64_t room() const { return keep_ - std::min<uint64_t>(keep_, text_.size()); }
  void extend(uint64_t offset, size_t size, bool gap);
  void replace(const Run& run, size_t at, Bytes bytes);

  uint64_t keep_;
  std::string text_, beside_;
  std::vector<Run> runs_;  // by offset
};

}  // namespace lapwing::file
