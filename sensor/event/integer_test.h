// IntegerTest: "5", "!5", "<5", ">=5", "3-9", "3<>9", "&0xf0=0x10": the comparisons that rules make with a number,
// and lists of them, flags by name, and choices among several values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/named_value.h"
#include "sensor/base/setting.h"

namespace lapwing {

struct IntegerTest {
  enum class Mode : uint8_t {
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    between,
    not_between,
    masked,
    not_masked
  };
  Mode mode = Mode::equal;
  uint64_t a = 0, b = 0;  // between: exclusive ends; masked: mask and value

  bool matches(uint64_t value) const;
  /// No lesser and no greater value matches.
  uint64_t least() const;
  uint64_t most() const;
};

/// Throws SettingError at `mark` for what is no comparison, or whose number exceeds `max`. Names stand for numbers
/// where the keyword has them.
IntegerTest parse_integer_test(std::string_view text, const SourceMark& mark, uint64_t max,
                               std::span<const NamedValue> names = {});
/// One of several comparisons, or with `negated` none of them.
struct IntegerList {
  IntegerTest first;
  std::vector<IntegerTest> more;
  bool negated = false;

  bool matches(uint64_t value) const {
    bool any = first.matches(value);
    for (size_t i = 0; !any && i < more.size(); i++) any = more[i].matches(value);
    return any != negated;
  }
};

/// "[!]15-18,22,name": numbers, and ranges with their ends.
IntegerList parse_integer_list(std::string_view text, const SourceMark& mark, uint64_t max,
                               std::span<const NamedValue> names = {});
/// What a list of flags asks for when it names several: one of them is as it says, or all are.
enum class Flags : uint8_t { any, all };
/// "one,!other", or a comparison of the number that they are bits of.
IntegerTest parse_flags(std::string_view text, const SourceMark& mark, Flags wanted, std::span<const NamedValue> names);
/// "[<|>]date" or "date<>date", the ends included: seconds since 1970 of dates like 2015, 2015-10-22 or
/// 2015-10-22 23:59:59.
IntegerTest parse_date_test(std::string_view text, const SourceMark& mark);
/// Decimal or 0x hex, with the units kb, mb, gb; nothing for other text.
std::optional<uint64_t> parse_number(std::string_view text);

/// Over the values of a field that has several: how many of them must pass.
struct MultiTest {
  enum class Mode : uint8_t { any, all, all_present, count, index } mode = Mode::any;
  IntegerTest count;  // of passing values
  int64_t index = 0;  // negative: from the end

  /// `passes_one` tells of each of `count` values, by its place, whether it passes.
  template <class PassesOne>
  bool passes(size_t size, PassesOne passes_one) const {
    size_t passing = 0;
    switch (mode) {
      case Mode::index: {
        auto end = static_cast<int64_t>(size);
        int64_t place = index < 0 ? end + index : index;
        return place >= 0 && place < end && passes_one(static_cast<size_t>(place));
      }
      case Mode::any:
        for (size_t i = 0; i < size; i++) {
          if (passes_one(i)) return true;
        }
        return false;
      case Mode::all:
      case Mode::all_present:
        for (size_t i = 0; i < size; i++) {
          if (!passes_one(i)) return false;
        }
        return mode == Mode::all || size > 0;
      case Mode::count:
        for (size_t i = 0; i < size; i++) passing += passes_one(i) ? 1 : 0;
        return count.matches(passing);
    }
    return false;
  }
};
/// "> 5", "> 3 and < 9", "& 0xf0 = 0x10", "of all values": for people [cold]. `names`: of the values.
std::string describe(const IntegerTest& test, std::span<const NamedValue> names = {});
std::string describe(const IntegerList& list, std::span<const NamedValue> names = {});
std::string describe(const MultiTest& test);
/// Splits "<comparison>,<any|all|all1|nb<comparison>|index>" at its comma.
MultiTest parse_multi_test(std::string_view& text, const SourceMark& mark);

}  // namespace lapwing
