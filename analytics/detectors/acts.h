// Acts: what clients have servers do, of the kinds that a detector tells apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/few.h"
#include "analytics/shape/samples.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// OperationSeen::number where an interface was bound, and no call of it can be read.
inline constexpr uint16_t kBound = 0xffff;

/// [S] An operation and the act that it is. Told apart by interface and number: what documents call an operation
/// differs.
struct ActRow {
  std::string_view interface;
  uint16_t number = 0;
  uint8_t act = 0;

  constexpr bool operator==(const ActRow& other) const {
    return number == other.number && interface == other.interface;
  }
};
constexpr uint8_t trace_of(const ActRow& row) {
  return static_cast<uint8_t>(trace_of(row.interface) + row.number);
}
template <size_t N>
std::optional<uint8_t> act_of(const Few<ActRow, N>& rows, const OperationSeen& seen) {
  const ActRow* found = rows.find({seen.interface, seen.number});
  return found ? std::optional(found->act) : std::nullopt;
}

/// Bits of acts.
using ActSet = uint32_t;
constexpr ActSet act_bit(unsigned act) {
  return ActSet{1} << act;
}
constexpr ActSet act_bits(std::initializer_list<unsigned> acts) {
  ActSet out = 0;
  for (const unsigned act : acts) out |= act_bit(act);
  return out;
}

/// A key: no padding.
struct PairOf {
  IpAddress client, server;
  auto operator<=>(const PairOf&) const = default;
};
struct ActOf {
  PairOf pair;
  uint8_t act = 0;
};

/// How often it was done, and to what. Sums, minima, maxima and sets.
struct Act {
  using Names = Samples<2, 64>;

  uint64_t count = 0, failed = 0, sealed = 0, by_pipe = 0;
  uint64_t earlier = 0;  // of those that ActMemory has forgotten but for their number
  Timestamp first{std::numeric_limits<int64_t>::max()}, last{std::numeric_limits<int64_t>::min()};
  Fan objects;
  Names names;    // of some of them
  FlowName flow;  // the least of those at `first`

  void merge(const Act& other);
  bool done() const { return count > failed; }
  uint64_t total() const { return count + earlier; }
  /// `object`: to what; empty where that is not known.
  static Act of(const OperationOf& operation, std::string_view object, uint64_t seed);
  static Act of(const FlowRef& flow, Timestamp time, std::string_view object, uint64_t seed);
};

/// A delta.
struct Acts {
  static constexpr uint32_t kMost = 16'384;
  Acts() = default;
  explicit Acts(const Surroundings& surroundings) : acts(surroundings.hash_seed, kMost) {}
  void operator+=(Acts&& other) { acts.merge(other.acts); }
  void seal() { acts.seal(); }
  void clear() { acts.clear(); }
  bool empty() const { return acts.empty(); }

  DeltaTable<ActOf, Act> acts;
};

/// [G] Acts of late, by pair and kind.
class ActMemory {
 public:
  /// Of what lies behind: it is forgotten where nothing was done for a time, or when that time is over.
  enum class Renewal : uint8_t { after_silence, by_time };

  ActMemory(uint32_t keys, const Surroundings& surroundings) : acts_(surroundings.part(keys), surroundings.hash_seed) {}

  /// To those of the last `window` seconds.
  void add(const ActOf& key, const Act& act, int64_t window, Renewal renewal, uint32_t now);
  /// Null: not done since then.
  const Act* find(const PairOf& pair, uint8_t act, Timestamp since);
  void expire(uint32_t before) {
    acts_.expire(before, [](const auto&) {});
  }
  StateUse use() const { return {.keys = acts_.keys(), .bytes = acts_.bytes(), .evicted = acts_.evicted()}; }

 private:
  Table<ActOf, Act> acts_;
};

constexpr Timestamp seconds_before(Timestamp time, int64_t seconds) {
  return Timestamp{time.ns - seconds * 1'000'000'000};
}
/// Second of packet time as tables count it.
inline uint32_t table_second(Second second) {
  return static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
}

}  // namespace lapwing::analytics
