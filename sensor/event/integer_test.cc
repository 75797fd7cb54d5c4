#include "sensor/event/integer_test.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>

#include "sensor/base/sentence.h"
#include "sensor/base/text.h"

namespace lapwing {

namespace {

using Mode = IntegerTest::Mode;

uint64_t read_value(std::string_view text, const SourceMark& mark, uint64_t max, std::span<const NamedValue> names) {
  text = trim(text);
  for (const NamedValue& name : names) {
    if (equal_nocase(name.name, text)) return name.value;
  }
  auto value = parse_number(text);
  if (!value) {
    throw SettingError(mark, "'" + std::string(text) + "' is no number" +
                                 (names.empty() ? "" : " and no name of a value of this keyword"));
  }
  if (*value > max) throw SettingError(mark, "must be at most " + std::to_string(max));
  return *value;
}

uint64_t read_date(std::string_view text, const SourceMark& mark) {
  const std::string date(trim(text));
  for (const char* pattern : {"%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%d %H", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
                              "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"}) {
    std::tm parts{};
    parts.tm_mday = 1;
    const char* end = strptime(date.c_str(), pattern, &parts);
    if (!end || *end != '\0') continue;
    // Certificates of an earlier time count as of 1970 too.
    return static_cast<uint64_t>(std::max<time_t>(timegm(&parts), 1));
  }
  throw SettingError(mark, "'" + date + "' is no date; write it as 2015, 2015-10-22 or 2015-10-22 23:59:59");
}

/// Ends included.
IntegerTest inclusive(uint64_t from, uint64_t to, const SourceMark& mark) {
  if (from > to)
    throw SettingError(mark,
                       std::to_string(from) + " is more than " + std::to_string(to) + "; write the lower one first");
  if (from == 0) return {Mode::less_equal, to, 0};
  if (to == std::numeric_limits<uint64_t>::max()) return {Mode::greater_equal, from, 0};
  return {Mode::between, from - 1, to + 1};
}

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

bool IntegerTest::matches(uint64_t value) const {
  switch (mode) {
    case Mode::equal: return value == a;
    case Mode::not_equal: return value != a;
    case Mode::less: return value < a;
    case Mode::less_equal: return value <= a;
    case Mode::greater: return value > a;
    case Mode::greater_equal: return value >= a;
    case Mode::between: return value > a && value < b;
    case Mode::not_between: return value <= a || value >= b;
    case Mode::masked: return (value & a) == b;
    case Mode::not_masked: return (value & a) != b;
  }
  return false;
}

uint64_t IntegerTest::least() const {
  switch (mode) {
    case Mode::equal:
    case Mode::greater_equal: return a;
    case Mode::greater:
    case Mode::between: return a + 1;
    default: return 0;
  }
}

uint64_t IntegerTest::most() const {
  switch (mode) {
    case Mode::equal:
    case Mode::less_equal: return a;
    case Mode::less: return a == 0 ? 0 : a - 1;
    case Mode::between: return b - 1;
    default: return UINT64_MAX;
  }
}

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t unit = 1;
  int base = 10;
  std::string lowered = to_lower(trim(text));
  std::string_view rest = lowered;
  if (rest.starts_with("0x")) {
    base = 16;
    rest.remove_prefix(2);
  } else {
    for (auto [suffix, factor] : {std::pair{"kib", 1ull << 10},
                                  {"mib", 1ull << 20},
                                  {"gib", 1ull << 30},
                                  {"kb", 1ull << 10},
                                  {"mb", 1ull << 20},
                                  {"gb", 1ull << 30}}) {
      if (!rest.ends_with(suffix)) continue;
      unit = factor;
      rest = trim(rest.substr(0, rest.size() - std::string_view(suffix).size()));
      break;
    }
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (rest.empty() || error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  if (value > std::numeric_limits<uint64_t>::max() / unit) return std::nullopt;
  return value * unit;
}

IntegerTest parse_integer_test(std::string_view text, const SourceMark& mark, uint64_t max,
                               std::span<const NamedValue> names) {
  text = trim(text);
  auto value = [&](std::string_view part) { return read_value(part, mark, max, names); };
  for (const NamedValue& name : names) {  // a name may contain '-'
    if (equal_nocase(name.name, text)) return {Mode::equal, name.value, 0};
  }
  if (take(text, "&")) {
    size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) throw SettingError(mark, "a mask is written &mask=value");
    bool negated = text[equals - 1] == '!';
    IntegerTest test{negated ? Mode::not_masked : Mode::masked, value(text.substr(0, equals - negated)),
                     value(text.substr(equals + 1))};
    return test;
  }
  if (take(text, ">=")) return {Mode::greater_equal, value(text), 0};
  if (take(text, "<=")) return {Mode::less_equal, value(text), 0};
  if (take(text, "!=")) return {Mode::not_equal, value(text), 0};
  if (take(text, ">")) return {Mode::greater, value(text), 0};
  if (take(text, "<")) return {Mode::less, value(text), 0};
  if (take(text, "=")) return {Mode::equal, value(text), 0};
  bool negated = take(text, "!");
  text = trim(text);
  size_t arrow = text.find("<>"), dash = text.find('-', 1);
  size_t cut = arrow != std::string_view::npos ? arrow : dash;
  bool named = false;
  for (const NamedValue& name : names) named = named || equal_nocase(name.name, text);
  if (cut != std::string_view::npos && !named) {
    IntegerTest test{negated ? Mode::not_between : Mode::between, value(text.substr(0, cut)),
                     value(text.substr(cut + (cut == arrow ? 2 : 1)))};
    if (test.a >= test.b || test.b - test.a < 2) {
      throw SettingError(mark, "no number lies between " + std::to_string(test.a) + " and " + std::to_string(test.b) +
                                   " (the ends do not count)");
    }
    return test;
  }
  return {negated ? Mode::not_equal : Mode::equal, value(text), 0};
}

IntegerList parse_integer_list(std::string_view text, const SourceMark& mark, uint64_t max,
                               std::span<const NamedValue> names) {
  IntegerList list;
  text = trim(text);
  list.negated = take(text, "!");
  bool first = true;
  for (std::string_view part : split(text, ',')) {
    part = trim(part);
    const bool named =
        std::any_of(names.begin(), names.end(), [&](const auto& n) { return equal_nocase(n.name, part); });
    const size_t dash = named ? std::string_view::npos : part.find('-', 1);  // a name may contain one
    const IntegerTest test = dash == std::string_view::npos
                                 ? IntegerTest{Mode::equal, read_value(part, mark, max, names), 0}
                                 : inclusive(read_value(part.substr(0, dash), mark, max, names),
                                             read_value(part.substr(dash + 1), mark, max, names), mark);
    if (first)
      list.first = test;
    else
      list.more.push_back(test);
    first = false;
  }
  return list;
}

IntegerTest parse_flags(std::string_view text, const SourceMark& mark, Flags wanted,
                        std::span<const NamedValue> names) {
  text = trim(text);
  const bool number = text.find_first_of("&<>=") != std::string_view::npos || parse_number(text);
  if (number) return parse_integer_test(text, mark, std::numeric_limits<uint64_t>::max());
  uint64_t mask = 0, set = 0;
  for (std::string_view part : split(text, ',')) {
    part = trim(part);
    const bool off = take(part, "!");
    part = trim(part);
    auto flag = std::find_if(names.begin(), names.end(), [&](const auto& n) { return equal_nocase(n.name, part); });
    if (flag == names.end()) {
      Sentence known;
      for (const NamedValue& name : names) known.add(name.name);
      throw SettingError(mark, "'" + std::string(part) + "' is none of " + known.text());
    }
    if (mask & flag->value) throw SettingError(mark, "'" + std::string(part) + "' is named twice");
    mask |= flag->value;
    if (!off) set |= flag->value;
  }
  // One of them is as asked for unless all are the other way.
  if (wanted == Flags::any) return {Mode::not_masked, mask, mask & ~set};
  return {Mode::masked, mask, set};
}

IntegerTest parse_date_test(std::string_view text, const SourceMark& mark) {
  text = trim(text);
  if (size_t arrow = text.find("<>"); arrow != std::string_view::npos) {
    uint64_t from = read_date(text.substr(0, arrow), mark), to = read_date(text.substr(arrow + 2), mark);
    if (from >= to) throw SettingError(mark, "the second date is not after the first");
    return {Mode::between, from - 1, to + 1};
  }
  if (take(text, "<")) return {Mode::less_equal, read_date(text, mark), 0};
  if (take(text, ">")) return {Mode::greater_equal, read_date(text, mark), 0};
  return {Mode::equal, read_date(text, mark), 0};
}

MultiTest parse_multi_test(std::string_view& text, const SourceMark& mark) {
  size_t comma = text.rfind(',');
  if (comma == std::string_view::npos) return {};
  std::string_view how = trim(text.substr(comma + 1));
  text = trim(text.substr(0, comma));
  using M = MultiTest::Mode;
  if (how == "any") return {};
  if (how == "all") return {M::all, {}, 0};
  if (how == "all1") return {M::all_present, {}, 0};
  if (how.starts_with("nb")) return {M::count, parse_integer_test(how.substr(2), mark, UINT32_MAX), 0};
  int64_t index = 0;
  auto [end, error] = std::from_chars(how.data(), how.data() + how.size(), index);
  if (error != std::errc{} || end != how.data() + how.size()) {
    throw SettingError(mark, "'" + std::string(how) + "' is none of any, all, all1, nb<comparison>, or an index");
  }
  return {M::index, {}, index};
}

std::string describe(const IntegerTest& test, std::span<const NamedValue> names) {
  auto number = [&](uint64_t value) {
    for (const NamedValue& name : names) {
      if (name.value == value) return std::to_string(value) + " (" + std::string(name.name) + ")";
    }
    return std::to_string(value);
  };
  const std::string a = number(test.a), b = number(test.b);
  using Mode = IntegerTest::Mode;
  switch (test.mode) {
    case Mode::equal: return "= " + a;
    case Mode::not_equal: return "!= " + a;
    case Mode::less: return "< " + a;
    case Mode::less_equal: return "<= " + a;
    case Mode::greater: return "> " + a;
    case Mode::greater_equal: return ">= " + a;
    case Mode::between: return "> " + a + " and < " + b;
    case Mode::not_between: return "<= " + a + " or >= " + b;
    case Mode::masked: return "& " + hex(test.a) + " = " + hex(test.b);
    case Mode::not_masked: return "& " + hex(test.a) + " != " + hex(test.b);
  }
  return "";
}

std::string describe(const IntegerList& list, std::span<const NamedValue> names) {
  Sentence out(" or ");
  out.add(describe(list.first, names));
  for (const IntegerTest& test : list.more) out.add(describe(test, names));
  return list.negated ? "not (" + out.text() + ")" : out.text();
}

std::string describe(const MultiTest& test) {
  using Mode = MultiTest::Mode;
  switch (test.mode) {
    case Mode::any: return "";
    case Mode::all: return "of all values";
    case Mode::all_present: return "of all values, at least one";
    case Mode::count: return "of as many values as are " + describe(test.count);
    case Mode::index: return "of value " + std::to_string(test.index);
  }
  return "";
}

}  // namespace lapwing
