#include "sensor/stream/segment_list.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace lapwing {

static_assert(std::is_trivially_copyable_v<Piece>);

/// Index of the first piece that ends after `begin`.
uint32_t SegmentList::lower_bound(uint64_t begin) const {
  const Piece *from = pieces() + first_, *to = from + count_;
  // Most segments follow the last one.
  if (count_ != 0 && (to - 1)->end() <= begin) return count_;
  auto found = std::lower_bound(from, to, begin, [](const Piece& piece, uint64_t at) { return piece.end() <= at; });
  return static_cast<uint32_t>(found - from);
}

/// Room for one more piece behind the last; false when the pool has none or the list is as long as it may become.
bool SegmentList::make_room(BlockPool& pool) {
  size_t capacity = array_.data ? BlockPool::kSizes[array_.size_class] / sizeof(Piece) : 0;
  if (first_ + count_ < capacity) return true;
  BlockPool::Block target = array_;
  if (first_ <= capacity / 4) {
    BlockPool::Block larger = pool.take(array_.data ? BlockPool::kSizes[array_.size_class] + 1 : sizeof(Piece));
    if (larger.data) target = larger;
  }
  if (target.data == array_.data && first_ == 0) return false;
  if (count_ != 0) std::memmove(target.data, pieces() + first_, count_ * sizeof(Piece));
  if (target.data != array_.data) pool.give(std::exchange(array_, target));
  first_ = 0;
  return true;
}

bool SegmentList::add(BlockPool& pool, uint32_t at, const Piece& wanted, const uint8_t* data, Result& result) {
  if (!make_room(pool)) {
    bool longest = array_.data && BlockPool::kSizes[array_.size_class] == BlockPool::kLargest;
    (longest ? result.refused_length : result.refused_memory) = true;
    return false;
  }
  Piece piece = wanted;
  if (data) {
    piece.block = pool.take(piece.length);
    if (!piece.block.data) {
      result.refused_memory = true;
      return false;
    }
    std::memcpy(piece.block.data, data, piece.length);
  }
  Piece* place = pieces() + first_ + at;
  std::memmove(place + 1, place, (count_ - at) * sizeof(Piece));
  *place = piece;
  ++count_;
  result.added += piece.length;
  return true;
}

SegmentList::Result SegmentList::insert(BlockPool& pool, uint64_t begin, Bytes data, OverlapRule rule, bool compare) {
  Result result;
  const uint64_t end = begin + data.size();
  uint64_t at = begin;
  for (uint32_t i = lower_bound(begin); at < end; ++i) {
    uint64_t next = i < count_ ? std::min((*this)[i].begin, end) : end;
    if (at < next) {
      Piece piece{at, begin, static_cast<uint32_t>(data.size()), static_cast<uint32_t>(next - at), {}, 0};
      if (!add(pool, i, piece, data.data() + (at - begin), result)) return result;
      at = next;
      continue;
    }
    Piece& old = pieces()[first_ + i];
    uint64_t stop = std::min(old.end(), end);
    if (old.block.data) {
      uint8_t* there = old.block.data + old.skip + (at - old.begin);
      const uint8_t* here = data.data() + (at - begin);
      size_t length = stop - at;
      result.overlap = true;
      if (compare && std::memcmp(there, here, length) != 0) result.different = true;
      if (rule.later_wins(old.origin_begin, old.origin_begin + old.origin_length, begin, end)) {
        std::memcpy(there, here, length);
      }
    }
    at = stop;
  }
  return result;
}

SegmentList::Result SegmentList::insert_hole(BlockPool& pool, uint64_t at) {
  Result result;
  uint32_t i = lower_bound(at);
  if (i < count_ && (*this)[i].begin <= at) return result;
  add(pool, i, Piece{at, at, 1, 1, {}, 0}, nullptr, result);
  return result;
}

void SegmentList::drop_before(BlockPool& pool, uint64_t offset) {
  while (count_ != 0) {
    Piece& piece = pieces()[first_];
    if (piece.begin >= offset) return;
    if (piece.end() > offset) {
      auto cut = static_cast<uint32_t>(offset - piece.begin);
      piece.skip += cut;
      piece.length -= cut;
      piece.begin = offset;
      return;
    }
    pool.give(piece.block);
    ++first_;
    if (--count_ == 0) {
      pool.give(array_);
      array_ = {};
      first_ = 0;
    }
  }
}

void SegmentList::clear(BlockPool& pool) {
  for (uint32_t i = 0; i < count_; ++i) pool.give((*this)[i].block);
  pool.give(array_);
  array_ = {};
  first_ = count_ = 0;
}

void SegmentList::swap(SegmentList& other) {
  std::swap(array_, other.array_);
  std::swap(first_, other.first_);
  std::swap(count_, other.count_);
}

uint32_t SegmentList::regions(uint64_t distance) const {
  uint32_t regions = count_ != 0;
  for (uint32_t i = 1; i < count_; ++i) regions += (*this)[i].begin - (*this)[i - 1].end() > distance;
  return regions;
}

}  // namespace lapwing
