#include "sensor/stream/block_pool.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace lapwing {

BlockPool::Block BlockPool::take(size_t size) noexcept {
  const size_t fit = class_of(size);
  if (fit == kSizes.size() || used_ + kSizes[fit] > cap_) return {};
  const auto size_class = static_cast<uint8_t>(fit);
  const uint32_t rounded = kSizes[fit];
  if (open_[size_class] == kNone && !open(size_class)) return {};
  uint32_t index = open_[size_class];
  Range& range = ranges_[index];
  uint8_t* data = range.free;
  if (data) {
    std::memcpy(&range.free, data, sizeof data);
  } else {
    data = range.memory.get() + size_t{--range.uncut} * rounded;
  }
  ++range.used;
  if (!range.free && range.uncut == 0) unlink(index);
  used_ += rounded;
  return {data, size_class, index};
}

void BlockPool::give(Block block) noexcept {
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
    index = open_new(size);
    if (index == kNone) return false;
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

/// A range fresh from the system; kNone where there is no memory for it. What waits is then refused as at the cap: the
/// lists that it would go to are being changed, and must not be left half done.
uint32_t BlockPool::open_new(uint32_t size) {
  std::unique_ptr<uint8_t[]> memory(new (std::nothrow) uint8_t[size]);
  if (!memory) return kNone;
  if (vacant_.empty()) {
    const size_t count = ranges_.size();
    try {
      // So that giving back never allocates.
      idle_.reserve(kIdleRanges);
      ranges_.emplace_back();
      vacant_.reserve(ranges_.capacity());
    } catch (const std::bad_alloc&) {
      if (ranges_.size() > count) ranges_.pop_back();
      return kNone;
    }
    vacant_.push_back(static_cast<uint32_t>(count));
  }
  const uint32_t index = vacant_.back();
  vacant_.pop_back();
  ranges_[index].memory = std::move(memory);
  return index;
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
