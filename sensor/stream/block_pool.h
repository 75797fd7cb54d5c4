// BlockPool: memory for data that waits, in a few sizes, under one cap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace lapwing {

/// [W] Memory is taken from the system as it is first needed and kept for reuse until the pool dies.
class BlockPool {
 public:
  static constexpr std::array<uint32_t, 7> kSizes = {128, 512, 1536, 4096, 16384, 65536, 262144};
  static constexpr uint32_t kLargest = kSizes.back();

  struct Block {
    uint8_t* data = nullptr;  // null: refused by the cap, or larger than kLargest
    uint8_t size_class = 0;
  };

  explicit BlockPool(uint64_t cap) : cap_(cap) {}
  /// A block of at least `size` bytes.
  Block take(size_t size);
  void give(Block block);
  /// What taking a block of `size` bytes, at most kLargest, adds to used().
  static uint32_t rounded(size_t size) { return *std::ranges::lower_bound(kSizes, size); }
  uint64_t used() const { return used_; }

 private:
  void refill(uint8_t size_class);

  uint64_t cap_, used_ = 0;
  std::array<uint8_t*, kSizes.size()> free_{};  // each free block begins with a pointer to the next
  std::vector<std::unique_ptr<uint8_t[]>> ranges_;
};

}  // namespace lapwing
