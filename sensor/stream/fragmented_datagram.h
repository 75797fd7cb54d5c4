// FragmentedDatagram: the payload of one IP packet whose fragments arrive.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sensor/base/bytes.h"
#include "sensor/flow/slab.h"
#include "sensor/stream/block_pool.h"
#include "sensor/stream/os_policy.h"

namespace lapwing {

/// [W] Bytes lie in pages, in units of the 8 bytes that fragment offsets count: what a fragment costs depends on its
/// own size alone, not on how many came before it nor in what order. The owner clears it with the memory it used.
class FragmentedDatagram {
 public:
  static constexpr size_t kUnit = 8, kPageUnits = 64, kPageBytes = kUnit * kPageUnits, kMaxPages = 65536 / kPageBytes;

  /// What a unit came with: the first byte and the one behind the last. Where overlaps end the packet, instead of the
  /// fragment's first byte that of the run it continued.
  struct Arrival {
    uint16_t begin, end;
  };
  struct Page {
    Page() {}  // only what is present is read

    uint64_t present = 0;
    std::array<Arrival, kPageUnits> arrival;
    std::array<uint8_t, kPageBytes> bytes;
  };
  struct Memory {
    Slab<Page> pages;
    BlockPool blocks;

    uint64_t used() const { return uint64_t{pages.used()} * sizeof(Page) + blocks.used(); }
  };
  struct Result {
    uint32_t added = 0;  // units that were not there before
    bool overlap = false;
    bool repeated = false;  // it is there already, perhaps with other bytes, and adds nothing
  };

  /// Bytes of memory that inserting [begin, end) takes.
  size_t cost(size_t begin, size_t end) const;
  /// To be called before [.., end) is inserted; false where memory for it cannot be had.
  bool reserve(Memory& memory, size_t end);
  /// Adds what is new in `data`, which begins with a unit, and settles overlaps by `rule`. The pages must be there.
  Result insert(Memory& memory, size_t begin, Bytes data, OverlapRule rule);
  /// As Linux since 4.18 does, and RFC 8200 section 4.5 allows: what lies within one run of fragments that came one
  /// behind the other is a repetition. Any other overlap is one, and adds nothing.
  Result insert_apart(Memory& memory, size_t begin, Bytes data);
  /// Forgets what lies behind the end of the packet.
  void cut(Memory& memory, size_t size);
  bool complete(size_t size) const { return units_ == units(size); }
  /// The first out.size() bytes, which must be there.
  void copy(const Memory& memory, std::span<uint8_t> out) const;
  void clear(Memory& memory);

 private:
  static size_t units(size_t bytes) { return (bytes + kUnit - 1) / kUnit; }
  uint32_t* table() const { return reinterpret_cast<uint32_t*>(table_.data); }
  Page* find(const Memory& memory, size_t page) const;
  Page& page(Memory& memory, size_t page);
  template <class Present, class Absent>
  void visit(Memory& memory, size_t begin, size_t end, Present present, Absent absent);

  BlockPool::Block table_;  // handles of pages, kNoHandle where there is none
  uint16_t room_ = 0;       // of the table
  uint16_t units_ = 0;      // present
  uint16_t run_ = 0;        // insert_apart: the run that ends last, and where it ends
  uint32_t run_end_ = 0;
};

}  // namespace lapwing
