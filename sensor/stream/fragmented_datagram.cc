#include "sensor/stream/fragmented_datagram.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace lapwing {
namespace {

/// Units [first, last) of one page.
uint64_t mask(size_t first, size_t last) {
  const uint64_t below = last == 64 ? ~uint64_t{0} : (uint64_t{1} << last) - 1;
  return below >> first << first;
}

/// Entries that a table of `pages` pages has: as many as a block of the pool that holds them.
size_t table_room(size_t pages) {
  return *std::ranges::lower_bound(BlockPool::kSizes, pages * sizeof(uint32_t)) / sizeof(uint32_t);
}

}  // namespace

size_t FragmentedDatagram::cost(size_t begin, size_t end) const {
  const size_t last = (end - 1) / kPageBytes;
  size_t bytes = last < room_ ? 0 : table_room(last + 1) * sizeof(uint32_t);
  for (size_t i = begin / kPageBytes; i <= last; ++i) {
    if (i >= room_ || table()[i] == kNoHandle) bytes += sizeof(Page);
  }
  return bytes;
}

FragmentedDatagram::Page* FragmentedDatagram::find(const Memory& memory, size_t page) const {
  return page < room_ && table()[page] != kNoHandle ? &memory.pages[table()[page]] : nullptr;
}

bool FragmentedDatagram::reserve(Memory& memory, size_t end) {
  const size_t pages = (end + kPageBytes - 1) / kPageBytes;
  if (pages <= room_) return true;
  const size_t room = std::min(table_room(pages), kMaxPages);
  BlockPool::Block wider = memory.blocks.take(room * sizeof(uint32_t));
  if (!wider.data) return false;
  auto* handles = reinterpret_cast<uint32_t*>(wider.data);
  std::fill(std::copy_n(table(), room_, handles), handles + room, kNoHandle);
  memory.blocks.give(table_);
  table_ = wider;
  room_ = static_cast<uint16_t>(room);
  return true;
}

FragmentedDatagram::Page& FragmentedDatagram::page(Memory& memory, size_t page) {
  uint32_t& handle = table()[page];
  if (handle == kNoHandle) handle = memory.pages.make();
  return memory.pages[handle];
}

/// Calls present(page, unit of it, first byte, end) for each unit in [begin, end) that is there, and absent(page, first
/// unit, unit behind the last, first byte, end) for those of a page of which none is; a page with some of both is
/// visited unit by unit.
template <class Present, class Absent>
void FragmentedDatagram::visit(Memory& memory, size_t begin, size_t end, Present present, Absent absent) {
  for (size_t at = begin; at < end;) {
    const size_t start = at / kPageBytes * kPageBytes, stop = std::min(end, start + kPageBytes);
    const size_t first = (at - start) / kUnit, last = units(stop - start);
    Page& p = page(memory, at / kPageBytes);
    if ((p.present & mask(first, last)) == 0) {
      absent(p, first, last, at, stop);
    } else {
      for (size_t unit = first; unit < last; ++unit) {
        const size_t from = start + unit * kUnit, to = std::min(from + kUnit, end);
        if (p.present >> unit & 1) {
          present(p, unit, from, to);
        } else {
          absent(p, unit, unit + 1, from, to);
        }
      }
    }
    at = stop;
  }
}

FragmentedDatagram::Result FragmentedDatagram::insert(Memory& memory, size_t begin, Bytes data, OverlapRule rule) {
  Result result;
  const size_t end = begin + data.size();
  auto copy_to = [&](Page& p, size_t from, size_t to) {
    std::copy_n(&data[from - begin], to - from, &p.bytes[from % kPageBytes]);
  };
  visit(
      memory, begin, end,
      [&](Page& p, size_t unit, size_t from, size_t to) {
        result.overlap = true;
        const Arrival& earlier = p.arrival[unit];
        if (rule.later_wins(earlier.begin, earlier.end, begin, end)) copy_to(p, from, to);
      },
      [&](Page& p, size_t first, size_t last, size_t from, size_t to) {
        copy_to(p, from, to);
        std::fill(&p.arrival[first], p.arrival.data() + last,
                  Arrival{static_cast<uint16_t>(begin), static_cast<uint16_t>(end)});
        p.present |= mask(first, last);
        result.added += static_cast<uint32_t>(last - first);
      });
  units_ = static_cast<uint16_t>(units_ + result.added);
  return result;
}

FragmentedDatagram::Result FragmentedDatagram::insert_apart(Memory& memory, size_t begin, Bytes data) {
  const size_t end = begin + data.size();
  bool some = false, all = true, one_run = true;
  uint16_t run = 0;
  visit(
      memory, begin, end,
      [&](Page& p, size_t unit, size_t, size_t) {
        one_run &= !some || p.arrival[unit].begin == run;
        run = p.arrival[unit].begin;
        some = true;
      },
      [&](Page&, size_t, size_t, size_t, size_t) { all = false; });
  if (some) return {.overlap = !all || !one_run, .repeated = true};
  const bool continues = units_ != 0 && begin == run_end_;
  const auto own = static_cast<uint16_t>(continues ? run_ : begin);
  Result result = insert(memory, begin, data, OverlapRule{0});
  visit(
      memory, begin, end, [&](Page& p, size_t unit, size_t, size_t) { p.arrival[unit].begin = own; },
      [](Page&, size_t, size_t, size_t, size_t) {});
  if (end > run_end_) {
    run_ = own;
    run_end_ = static_cast<uint32_t>(end);
  }
  return result;
}

void FragmentedDatagram::cut(Memory& memory, size_t size) {
  const size_t keep = units(size);
  for (size_t i = keep / kPageUnits; i < room_; ++i) {
    Page* p = find(memory, i);
    if (!p) continue;
    const uint64_t gone = p->present & mask(i == keep / kPageUnits ? keep % kPageUnits : 0, kPageUnits);
    p->present &= ~gone;
    units_ = static_cast<uint16_t>(units_ - std::popcount(gone));
  }
}

void FragmentedDatagram::copy(const Memory& memory, std::span<uint8_t> out) const {
  for (size_t at = 0; at < out.size(); at += kPageBytes) {
    const Page* p = find(memory, at / kPageBytes);
    std::copy_n(p->bytes.data(), std::min(kPageBytes, out.size() - at), &out[at]);
  }
}

void FragmentedDatagram::clear(Memory& memory) {
  for (size_t i = 0; i < room_; ++i) {
    if (table()[i] != kNoHandle) memory.pages.destroy(table()[i]);
  }
  memory.blocks.give(table_);
  *this = {};
}

}  // namespace lapwing
