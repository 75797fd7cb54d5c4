// NamedValue: a number and what people call it.
#pragma once

#include <cstdint>
#include <string_view>

namespace lapwing {

struct NamedValue {
  constexpr NamedValue() = default;
  /// `number` may be of an enum.
  constexpr NamedValue(std::string_view called, auto number) : name(called), value(static_cast<uint64_t>(number)) {}

  std::string_view name;
  uint64_t value = 0;
};

}  // namespace lapwing
