// NamedValue: a number and what people call it.
#pragma once

#include <cstdint>
#include <string_view>

namespace lapwing {

struct NamedValue {
  std::string_view name;
  uint64_t value = 0;
};

}  // namespace lapwing
