#include "sensor/stream/block_pool.h"

#include <algorithm>
#include <cstring>

namespace lapwing {

BlockPool::Block BlockPool::take(size_t size) {
  auto fit = std::ranges::lower_bound(kSizes, size);
  if (fit == kSizes.end() || used_ + *fit > cap_) return {};
  auto size_class = static_cast<uint8_t>(fit - kSizes.begin());
  if (open_[size_class] == kNone && !open(size_class)) return {};
  uint32_t index = open_[size_class];
  Range& range = ranges_[index];
  uint8_t* data = range.free;
  if (data) {
    std::memcpy(&range.free, data, sizeof data);
  } else {
    data = range.memory.get() + size_t{--range.uncut} * *fit;
  }
  ++range.used;
  if (!range.free && range.uncut == 0) unlink(index);
  used_ += *fit;
  return {data, size_class, index};
}

void BlockPool::give(Block block) {
  if (!block.data) return;
  Range& range = ranges_[block.range];
  bool full = !range.free && range.uncut == 0;
  std::memcpy(block.data, &range.free, sizeof block.data);
  range.free = block.data;
  used_ -= kSizes[block.size_class];
  if (full) link(block.range);
  if (--range.used == 0) close(block.range);
}

/// Lets an idle or a new range serve this size.
bool BlockPool::open(uint8_t size_class) {
  uint32_t index = kNone, size = range_size(size_class);
  if (size == kRange && !idle_.empty()) {
    index = idle_.back();
    idle_.pop_back();
  } else {
    while (held_ + size > cap_ && !idle_.empty()) {
      release(idle_.back());
      idle_.pop_back();
    }
    if (held_ + size > cap_ && count_[size_class] != 0) return false;
    if (vacant_.empty()) {
      ranges_.emplace_back();
      // So that giving back never allocates.
      vacant_.reserve(ranges_.capacity());
      idle_.reserve(kIdleRanges);
      vacant_.push_back(static_cast<uint32_t>(ranges_.size() - 1));
    }
    index = vacant_.back();
    ranges_[index].memory = std::make_unique_for_overwrite<uint8_t[]>(size);
    vacant_.pop_back();
    held_ += size;
  }
  Range& range = ranges_[index];
  range.free = nullptr;
  range.uncut = size / kSizes[size_class];
  range.size_class = size_class;
  ++count_[size_class];
  link(index);
  return true;
}

void BlockPool::close(uint32_t index) {
  uint8_t size_class = ranges_[index].size_class;
  if (count_[size_class] == 1) return;  // the next packet wants it
  unlink(index);
  --count_[size_class];
  if (range_size(size_class) == kRange && idle_.size() < kIdleRanges) return idle_.push_back(index);
  release(index);
}

void BlockPool::release(uint32_t index) {
  ranges_[index].memory.reset();
  held_ -= range_size(ranges_[index].size_class);
  vacant_.push_back(index);
}

void BlockPool::link(uint32_t index) {
  Range& range = ranges_[index];
  range.prev = kNone;
  range.next = open_[range.size_class];
  if (range.next != kNone) ranges_[range.next].prev = index;
  open_[range.size_class] = index;
}

void BlockPool::unlink(uint32_t index) {
  Range& range = ranges_[index];
  (range.prev == kNone ? open_[range.size_class] : ranges_[range.prev].next) = range.next;
  if (range.next != kNone) ranges_[range.next].prev = range.prev;
}

}  // namespace lapwing
