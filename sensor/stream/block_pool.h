// BlockPool: memory for data that waits, in a few sizes, under one cap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace lapwing {

/// [W] Memory comes from the system in ranges, each cut into blocks of one size. A range whose blocks are all free
/// serves any size, or goes back to the system when several are idle; only the last of each size stays.
class BlockPool {
 public:
  static constexpr std::array<uint32_t, 7> kSizes = {128, 512, 1536, 4096, 16384, 65536, 262144};
  static constexpr uint32_t kLargest = kSizes.back();
  static constexpr uint32_t kRange = 64 * 1024;  // bytes taken from the system at once, for all but the largest blocks
  static constexpr size_t kIdleRanges = 4;       // kept for the next burst

  struct Block {
    uint8_t* data = nullptr;  // null: refused by the cap or by the system, or larger than kLargest
    uint8_t size_class = 0;
    uint32_t range = 0;
  };

  explicit BlockPool(uint64_t cap) : cap_(cap) {}
  /// A block of at least `size` bytes.
  Block take(size_t size) noexcept;
  void give(Block block) noexcept;
  /// What taking a block of `size` bytes, at most kLargest, adds to used().
  static uint32_t rounded(size_t size) { return *std::ranges::lower_bound(kSizes, size); }
  /// Bytes of the blocks in use, at most the cap.
  uint64_t used() const { return used_; }
  /// Bytes taken from the system, at most the cap and one range of each size.
  uint64_t held() const { return held_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  /// The size class of up to kSizes[kTabled] bytes, by their number in units of the smallest.
  static constexpr size_t kTabled = 2;
  static constexpr auto kClassOf = [] {
    std::array<uint8_t, kSizes[kTabled] / kSizes[0] + 1> out{};
    for (size_t units = 0; units < out.size(); ++units) {
      while (kSizes[out[units]] < units * kSizes[0]) ++out[units];
    }
    return out;
  }();
  static size_t class_of(size_t size) {
    if (size <= kSizes[kTabled]) return kClassOf[(size + kSizes[0] - 1) / kSizes[0]];
    return static_cast<size_t>(std::ranges::lower_bound(kSizes, size) - kSizes.begin());
  }
  struct Range {
    std::unique_ptr<uint8_t[]> memory;  // null: the entry is vacant
    uint8_t* free = nullptr;            // each free block begins with a pointer to the next
    uint32_t used = 0, uncut = 0;       // blocks in use, blocks that were never in use
    uint32_t next = kNone, prev = kNone;
    uint8_t size_class = 0;
  };

  static constexpr uint32_t range_size(uint8_t size_class) { return std::max(kRange, kSizes[size_class]); }
  bool open(uint8_t size_class);
  uint32_t open_new(uint32_t size);
  void close(uint32_t index);
  void release(uint32_t index);
  void link(uint32_t index);
  void unlink(uint32_t index);

  uint64_t cap_, used_ = 0, held_ = 0;
  std::vector<Range> ranges_;
  std::vector<uint32_t> vacant_, idle_;             // idle: of kRange bytes
  std::array<uint32_t, kSizes.size()> count_ = {};  // ranges of each size, idle ones not among them
  std::array<uint32_t, kSizes.size()> open_ = {kNone, kNone, kNone, kNone, kNone, kNone, kNone};  // with free blocks
};

}  // namespace lapwing
