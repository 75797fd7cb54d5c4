#include "sensor/stream/block_pool.h"

#include <algorithm>
#include <cstring>

namespace lapwing {
namespace {
constexpr size_t kRange = 64 * 1024;
}

BlockPool::Block BlockPool::take(size_t size) {
  auto fit = std::ranges::lower_bound(kSizes, size);
  if (fit == kSizes.end() || used_ + *fit > cap_) return {};
  auto size_class = static_cast<uint8_t>(fit - kSizes.begin());
  if (!free_[size_class]) refill(size_class);
  uint8_t* data = free_[size_class];
  std::memcpy(&free_[size_class], data, sizeof data);
  used_ += *fit;
  return {data, size_class};
}

void BlockPool::give(Block block) {
  if (!block.data) return;
  std::memcpy(block.data, &free_[block.size_class], sizeof block.data);
  free_[block.size_class] = block.data;
  used_ -= kSizes[block.size_class];
}

void BlockPool::refill(uint8_t size_class) {
  size_t size = kSizes[size_class], count = std::max<size_t>(kRange / size, 1);
  ranges_.push_back(std::make_unique_for_overwrite<uint8_t[]>(size * count));
  for (size_t i = 0; i < count; ++i) {
    uint8_t* data = ranges_.back().get() + i * size;
    std::memcpy(data, &free_[size_class], sizeof data);
    free_[size_class] = data;
  }
}

}  // namespace lapwing
