// Names of an enum's values, checked against it while compiling.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace lapwing {

template <class E>
struct NameOf {
  E value;
  std::string_view name;
};

/// names<kLast>({{kFirst, "first"}, ...}): one for every value from 0 to kLast, in their order.
template <auto Last, class E = decltype(Last), size_t N>
consteval std::array<std::string_view, N> names(const NameOf<E> (&rows)[N]) {
  static_assert(N == static_cast<size_t>(Last) + 1, "a value without a name, or a name too many");
  std::array<std::string_view, N> out;
  for (size_t i = 0; i < N; ++i) {
    if (static_cast<size_t>(rows[i].value) != i) throw "a name stands where another value's belongs";
    out[i] = rows[i].name;
  }
  return out;
}

}  // namespace lapwing
