// ValueTable: values of a dataset, packed: a table of 32-bit places into pages of records.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing::rules {

/// Words of 32 bits that are added page by page and never move: growing copies nothing.
class Words {
 public:
  uint32_t& operator[](uint64_t at) { return pages_[at / kPage][at % kPage]; }
  uint32_t operator[](uint64_t at) const { return pages_[at / kPage][at % kPage]; }
  uint64_t size() const { return size_; }
  void grow(uint64_t count);
  // Of bytes: places count bytes, and a run may go on in the next page.
  void write(uint64_t at, Bytes bytes);
  bool equal(uint64_t at, Bytes bytes) const;
  /// The first of `size` bytes, up to the end of their page.
  Bytes piece(uint64_t at, uint64_t size) const;

 private:
  static constexpr uint64_t kPage = 4096;  // words; a table is charged for the words in use, up to a page too little

  std::vector<std::unique_ptr<uint32_t[]>> pages_;
  uint64_t size_ = 0;
};

/// Values and what is said of few of them, within a number of bytes. Buckets of a linear hash, which grows by one
/// bucket a value, so that no value pays for the others: a value costs its bytes, two words (its bucket and the chain)
/// and for a value of any length one to five bytes of length, in whole words. A removed value's place is taken again by
/// one of its size; memory is given back with the table only. Not locked.
class ValueTable {
 public:
  /// What few values have.
  struct Aside {
    uint16_t reputation = 0;
    std::string json;
    bool empty() const { return reputation == 0 && json.empty(); }
  };
  /// A value of the table.
  struct Found {
    uint16_t reputation = 0;
    std::string_view json;  // valid until the value is removed
  };

  /// `value_size` 0: of any length. `memcap` in bytes.
  ValueTable(size_t value_size, uint64_t memcap);

  std::optional<Found> find(Bytes value) const;
  /// Adds a value that is not there. False when there is no room for it.
  bool add(Bytes value, const Aside& aside);
  bool remove(Bytes value);
  /// Calls `use` with each value, in no order.
  void each(const std::function<void(Bytes value)>& use) const;
  /// Makes buckets for so many values at once, within a quarter of the memcap.
  void reserve(uint64_t count);

  uint64_t size() const { return count_; }
  /// Bytes that count towards the memcap.
  uint64_t used() const { return (buckets_.size() + records_.size()) * sizeof(uint32_t) + aside_bytes_; }

 private:
  /// A record's first word: the place of the next one of its bucket, 0 at the end, and whether a word of Aside follows.
  static constexpr uint32_t kHasAside = 0x80000000, kNext = 0x7fffffff;
  /// A word of Aside: the reputation, or where in asides_ the whole stands.
  static constexpr uint32_t kStandsApart = 0x80000000;
  /// Sizes of records in words: each size up to kExactSizes, then kSteps for each power of two.
  static constexpr uint64_t kExactSizes = 64, kSteps = 8, kSizes = kExactSizes + 1 + 26 * kSteps;

  using LengthBytes = std::array<uint8_t, 5>;

  uint64_t bucket_of(uint64_t hash) const;
  /// The length that stands before a value, nothing where all have the same.
  Bytes length_of(Bytes value, LengthBytes& space) const;
  /// Where length and value stand, in bytes from the start of the records.
  uint64_t start_of(uint32_t place) const;
  Bytes value_at(uint32_t place, std::string& space) const;
  uint32_t place_of(Bytes value, uint32_t* before) const;
  uint64_t record_words(Bytes value, bool aside) const;
  uint32_t& hole(uint64_t words);
  uint32_t put_apart(const Aside& aside);
  static uint64_t apart_bytes(const Aside& aside);
  void split();

  const uint64_t seed_;
  const size_t value_size_;  // bytes, 0: any
  const uint64_t memcap_;    // bytes
  Words buckets_, records_;
  uint64_t count_ = 0;
  std::array<uint32_t, kSizes> holes_{};  // places of removed records by size, each the head of a chain
  std::deque<Aside> asides_;
  std::vector<uint32_t> free_asides_;
  uint64_t aside_bytes_ = 0;
};

}  // namespace lapwing::rules
