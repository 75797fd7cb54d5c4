#include "sensor/stream/segment_list.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace lapwing {

static_assert(std::is_trivially_copyable_v<Piece>);

constexpr uint32_t kMost = BlockPool::kLargest / sizeof(Piece);

/// Index of the first piece that ends after `begin`.
uint32_t SegmentList::lower_bound(uint64_t begin) const {
  const Piece *from = pieces() + first_, *to = from + count_;
  // Most segments follow the last one.
  if (count_ != 0 && (to - 1)->end() <= begin) return count_;
  auto found = std::lower_bound(from, to, begin, [](const Piece& piece, uint64_t at) { return piece.end() <= at; });
  return static_cast<uint32_t>(found - from);
}

uint32_t SegmentList::capacity() const {
  return array_.data ? static_cast<uint32_t>(BlockPool::kSizes[array_.size_class] / sizeof(Piece)) : 0;
}

/// Opens a gap of up to `wanted` entries before index `at`, and counts them; returns its width, less than wanted when
/// the pool has no memory or the list is as long as it may become. The side with fewer pieces moves.
uint32_t SegmentList::open(BlockPool& pool, uint32_t at, uint32_t wanted, Result& result) {
  uint32_t room = capacity();
  const bool to_front = at < count_ / 2;
  if (to_front ? first_ < wanted : room - first_ - count_ < wanted) {
    BlockPool::Block target = array_;
    // With less than a quarter free, moving pieces about would cost more and more.
    if (uint32_t least = std::max(wanted, room / 4); room - count_ < least && room < kMost) {
      BlockPool::Block larger = pool.take(std::min(kMost, count_ + least) * sizeof(Piece));
      if (larger.data) {
        target = larger;
        room = static_cast<uint32_t>(BlockPool::kSizes[larger.size_class] / sizeof(Piece));
      }
    }
    if (room - count_ < wanted) {
      wanted = room - count_;
      (room == kMost ? result.refused_length : result.refused_memory) = true;
      if (wanted == 0) return 0;
    }
    const uint32_t unused = room - count_;
    uint32_t first = to_front ? std::max(wanted, unused / 2) : std::min(unused - wanted, unused / 2);
    if (target.data && count_ != 0) {
      std::memmove(reinterpret_cast<Piece*>(target.data) + first, pieces() + first_, count_ * sizeof(Piece));
    }
    if (target.data != array_.data) pool.give(std::exchange(array_, target));
    first_ = first;
  }
  Piece* gap = pieces() + first_ + at;
  if (wanted != 0 && to_front) {
    std::memmove(pieces() + first_ - wanted, pieces() + first_, at * sizeof(Piece));
    first_ -= wanted;
  } else if (wanted != 0) {
    std::memmove(gap + wanted, gap, (count_ - at) * sizeof(Piece));
  }
  count_ += wanted;
  return wanted;
}

/// Takes `width` entries from index `at` on out of the list.
void SegmentList::close(uint32_t at, uint32_t width) {
  Piece* gap = pieces() + first_ + at;
  if (width != 0) std::memmove(gap, gap + width, (count_ - at - width) * sizeof(Piece));
  count_ -= width;
}

/// Makes one of pieces that lie side by side. Where so many wait, overlap rules see no longer what arrived together:
/// that is less than to lose what comes.
void SegmentList::join(BlockPool& pool) {
  constexpr uint32_t kJoined = 4096;  // bytes: none is copied often
  const uint32_t before = count_;
  uint32_t out = 0;
  for (uint32_t i = 0; i < count_;) {
    Piece piece = (*this)[i];
    uint32_t next = i + 1, length = piece.length;
    for (; next < count_ && piece.block.data; length += (*this)[next++].length) {
      const Piece& more = (*this)[next];
      if (!more.block.data || more.doubtful != piece.doubtful || more.begin != (*this)[next - 1].end()) break;
      if (length + more.length > kJoined) break;
    }
    const BlockPool::Block block = next - i > 1 ? pool.take(length) : BlockPool::Block{};
    if (!block.data) {
      while (i < next) pieces()[first_ + out++] = (*this)[i++];
      continue;
    }
    doubtful_ -= piece.doubtful ? next - i - 1 : 0;
    for (uint8_t* to = block.data; i < next; ++i) {
      const Bytes bytes = (*this)[i].bytes();
      to = std::copy(bytes.begin(), bytes.end(), to);
      pool.give((*this)[i].block);
    }
    pieces()[first_ + out++] = {piece.begin, piece.begin, length, length, block, 0, piece.doubtful};
  }
  count_ = out;
  scattered_ = count_ > before - before / 4;
}

/// Takes doubtful pieces out of the way of data that are not; false when the pool had no memory for it.
bool SegmentList::make_way(BlockPool& pool, uint64_t begin, Bytes data, bool compare, Result& result) {
  const uint64_t end = begin + data.size();
  uint32_t i = lower_bound(begin), out = i;
  if (i < count_ && (*this)[i].doubtful && (*this)[i].begin < begin && (*this)[i].end() > end) {
    // The part behind becomes a piece of its own.
    Piece behind = (*this)[i];
    behind.length = static_cast<uint32_t>(behind.end() - end);
    behind.skip += static_cast<uint32_t>(end - behind.begin);
    behind.begin = end;
    BlockPool::Block block = pool.take(behind.length);
    if (!block.data || open(pool, i + 1, 1, result) == 0) {
      pool.give(block);
      return false;
    }
    std::memcpy(block.data, behind.block.data + behind.skip, behind.length);
    behind.block = block;
    behind.skip = 0;
    pieces()[first_ + i + 1] = behind;
    pieces()[first_ + i].length -= behind.length;
    ++doubtful_;
  }
  for (; i < count_ && (*this)[i].begin < end; ++i) {
    Piece piece = (*this)[i];
    if (piece.doubtful) {
      uint64_t from = std::max(begin, piece.begin), to = std::min(end, piece.end());
      result.overlap = true;
      if (compare && std::memcmp(piece.block.data + piece.skip + (from - piece.begin), data.data() + (from - begin),
                                 to - from) != 0) {
        result.different = true;
      }
      if (piece.begin < begin) {
        piece.length = static_cast<uint32_t>(begin - piece.begin);
      } else if (piece.end() > end) {
        auto cut = static_cast<uint32_t>(end - piece.begin);
        piece.skip += cut;
        piece.length -= cut;
        piece.begin = end;
      } else {
        pool.give(piece.block);
        --doubtful_;
        continue;
      }
    }
    pieces()[first_ + out++] = piece;
  }
  close(out, i - out);
  return true;
}

/// Most data follow all that wait.
void SegmentList::append(BlockPool& pool, uint64_t begin, Bytes data, bool doubtful, Result& result) {
  const auto size = static_cast<uint32_t>(data.size());
  const BlockPool::Block block = pool.take(size);
  if (!block.data) {
    result.refused_memory = true;
    return;
  }
  std::memcpy(block.data, data.data(), size);
  pieces()[first_ + count_++] = {begin, begin, size, size, block, 0, doubtful};
  result.added = size;
  doubtful_ += doubtful;
}

SegmentList::Result SegmentList::insert(BlockPool& pool, uint64_t begin, Bytes data, OverlapRule rule, bool compare,
                                        bool doubtful) {
  Result result;
  const uint64_t end = begin + data.size();
  if (count_ == kMost && !scattered_) join(pool);
  if (!doubtful && doubtful_ != 0 && !make_way(pool, begin, data, compare, result)) {
    result.refused_memory = true;
    return result;
  }
  const uint32_t from = lower_bound(begin);
  if (count_ == 0 && !array_.data) array_ = pool.take(sizeof(Piece));
  if (from == count_ && first_ + count_ < capacity()) {
    append(pool, begin, data, doubtful, result);
    if (count_ == 0) clear(pool);
    return result;
  }
  uint32_t holes = 0;
  uint64_t at = begin;
  for (uint32_t i = from; at < end; ++i) {
    uint64_t next = i < count_ ? std::min((*this)[i].begin, end) : end;
    holes += at < next;
    at = next < end ? (*this)[i].end() : end;
  }
  // Old pieces move once, behind a gap that the walk fills: they are read at `old`, and stand at `i` in the end.
  uint32_t gap = holes != 0 ? open(pool, from, holes, result) : 0;
  uint32_t i = from, old = from + gap;
  for (at = begin; at < end;) {
    uint64_t next = old < count_ ? std::min((*this)[old].begin, end) : end;
    if (at < next) {
      if (i == old) break;
      Piece piece{at, begin, static_cast<uint32_t>(data.size()), static_cast<uint32_t>(next - at), {}, 0, doubtful};
      piece.block = pool.take(piece.length);
      if (!piece.block.data) {
        result.refused_memory = true;
        break;
      }
      std::memcpy(piece.block.data, data.data() + (at - begin), piece.length);
      pieces()[first_ + i++] = piece;
      result.added += piece.length;
      doubtful_ += doubtful;
      at = next;
      continue;
    }
    Piece& piece = pieces()[first_ + old];
    uint64_t stop = std::min(piece.end(), end);
    if (piece.block.data) {
      uint8_t* there = piece.block.data + piece.skip + (at - piece.begin);
      const uint8_t* here = data.data() + (at - begin);
      size_t length = stop - at;
      result.overlap = true;
      if (compare && std::memcmp(there, here, length) != 0) result.different = true;
      if (doubtful == piece.doubtful &&
          rule.later_wins(piece.origin_begin, piece.origin_begin + piece.origin_length, begin, end)) {
        std::memcpy(there, here, length);
      }
    }
    at = stop;
    if (i != old) pieces()[first_ + i] = piece;
    ++i;
    ++old;
  }
  close(i, old - i);
  if (count_ == 0) clear(pool);
  return result;
}

SegmentList::Result SegmentList::insert_hole(BlockPool& pool, uint64_t at) {
  Result result;
  uint32_t i = lower_bound(at);
  if (i < count_ && (*this)[i].begin <= at) return result;
  if (open(pool, i, 1, result) == 0) return result;
  pieces()[first_ + i] = Piece{at, at, 1, 1, {}, 0, false};
  result.added = 1;
  return result;
}

bool SegmentList::covers(uint64_t offset) const {
  uint32_t i = lower_bound(offset);
  return i < count_ && (*this)[i].begin <= offset && !(*this)[i].doubtful;
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
    doubtful_ -= piece.doubtful;
    if (count_ < kMost / 2) scattered_ = false;
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
  first_ = count_ = doubtful_ = 0;
  scattered_ = false;
}

void SegmentList::swap(SegmentList& other) {
  std::swap(array_, other.array_);
  std::swap(first_, other.first_);
  std::swap(count_, other.count_);
  std::swap(doubtful_, other.doubtful_);
  std::swap(scattered_, other.scattered_);
}

uint32_t SegmentList::regions(uint64_t distance) const {
  uint32_t regions = count_ != 0;
  for (uint32_t i = 1; i < count_; ++i) regions += (*this)[i].begin - (*this)[i - 1].end() > distance;
  return regions;
}

}  // namespace lapwing
