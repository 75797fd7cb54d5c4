// SegmentList: the pieces of a byte stream or datagram that wait, without overlaps, in order.
#pragma once

#include <cstdint>

#include "sensor/base/bytes.h"
#include "sensor/stream/block_pool.h"
#include "sensor/stream/os_policy.h"

namespace lapwing {

/// Bytes [begin, begin + length) of one arrival.
struct Piece {
  uint64_t begin;
  uint64_t origin_begin;  // of the arrival it is a part of: overlap rules look at whole arrivals
  uint32_t origin_length;
  uint32_t length;
  BlockPool::Block block;  // no data: a byte that is taken out of the stream (urgent)
  uint32_t skip;           // of the bytes in the block
  bool doubtful;           // the receiver may have dropped it: gives way to what it cannot have dropped

  uint64_t end() const { return begin + length; }
  Bytes bytes() const { return {block.data + skip, length}; }
};

/// [W] Owns its blocks; the owner clears it with the pool it used. 32 bytes while empty.
class SegmentList {
 public:
  /// What came of an insertion. `refused`: the memory cap or the list's own limit kept some bytes out.
  struct Result {
    uint32_t added = 0;  // bytes that were not there before
    bool overlap = false, different = false, refused_memory = false, refused_length = false;
  };

  SegmentList() = default;
  SegmentList(SegmentList&& other) noexcept { swap(other); }
  SegmentList& operator=(SegmentList&& other) noexcept {
    swap(other);
    return *this;
  }

  /// Adds what is new in `data` and resolves overlaps by `rule`. `compare` asks whether they hold the same bytes.
  /// `doubtful` data never replace others, and are replaced by them whatever the rule.
  Result insert(BlockPool& pool, uint64_t begin, Bytes data, OverlapRule rule, bool compare = true,
                bool doubtful = false);
  /// Marks the byte at `at` as taken out of the stream, unless it is there already.
  Result insert_hole(BlockPool& pool, uint64_t at);

  bool empty() const { return count_ == 0; }
  uint32_t size() const { return count_; }
  const Piece& operator[](uint32_t i) const { return pieces()[first_ + i]; }
  const Piece& front() const { return pieces()[first_]; }
  const Piece& back() const { return pieces()[first_ + count_ - 1]; }
  /// The byte at `offset` is there and not doubtful.
  bool covers(uint64_t offset) const;
  bool has_doubtful() const { return doubtful_ != 0; }
  /// Lets go of everything before `offset`.
  void drop_before(BlockPool& pool, uint64_t offset);
  void clear(BlockPool& pool);
  void swap(SegmentList& other);
  /// Groups of pieces that lie more than `distance` apart.
  uint32_t regions(uint64_t distance) const;

 private:
  Piece* pieces() const { return reinterpret_cast<Piece*>(array_.data); }
  uint32_t lower_bound(uint64_t begin) const;
  uint32_t capacity() const;
  uint32_t open(BlockPool& pool, uint32_t at, uint32_t wanted, Result& result);
  void close(uint32_t at, uint32_t width);
  void join(BlockPool& pool);
  void append(BlockPool& pool, uint64_t begin, Bytes data, bool doubtful, Result& result);
  bool make_way(BlockPool& pool, uint64_t begin, Bytes data, bool compare, Result& result);

  BlockPool::Block array_;
  uint32_t first_ = 0, count_ = 0, doubtful_ = 0;  // doubtful_: pieces that are
  bool scattered_ = false;                         // few lie side by side
};

}  // namespace lapwing
