// Counters: plain integers owned by one worker, described once by a table beside their struct.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lapwing {

/// What becomes of the values of several workers, and what a value means: a sum only grows, and so does a loss, which
/// tells of what was not seen, not followed or not delivered; a gauge goes up and down, and adds up too.
enum class CounterKind : uint8_t { sum, loss, maximum, gauge };

/// One counter of the struct T: its dotted path in the stats record, its member, and what it counts.
template <class T>
struct CounterRow {
  std::string_view path;
  uint64_t T::*member;
  std::string_view help;
  CounterKind kind = CounterKind::sum;
};

/// A counter's value, or its description when only listing.
struct CounterValue {
  std::string path;
  uint64_t value = 0;
  std::string_view help;
  CounterKind kind = CounterKind::sum;
  std::string text;  // instead of the value, where not empty
};

/// Values of all workers by path, in the order first added.
class CounterSet {
 public:
  void add(std::string_view path, uint64_t value, std::string_view help, CounterKind kind = CounterKind::sum);
  /// What a stats record says in words, such as a time.
  void set_text(std::string_view path, std::string text, std::string_view help);
  template <class T>
  void add(const T& counters, std::span<const CounterRow<T>> rows) {
    for (const auto& row : rows) add(row.path, counters.*row.member, row.help, row.kind);
  }
  void add(const CounterSet& other);
  const std::vector<CounterValue>& values() const { return values_; }
  uint64_t value(std::string_view path) const;

 private:
  struct PathHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  CounterValue& at(std::string_view path, std::string_view help, CounterKind kind);

  std::vector<CounterValue> values_;
  std::unordered_map<std::string, size_t, PathHash, std::equal_to<>> places_;  // in values_, by path
};

}  // namespace lapwing
