// Few: a handful of values that most of what is asked for is none of.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lapwing::analytics {

/// What values are told apart by before they are compared; equal ones have the same.
constexpr uint8_t trace_of(uint16_t value) {
  return static_cast<uint8_t>(value);
}
constexpr uint8_t trace_of(std::string_view text) {
  if (text.empty()) return 0;
  return static_cast<uint8_t>(text.size() + 8U * static_cast<uint8_t>(text.front()) +
                              32U * static_cast<uint8_t>(text.back()));
}

/// [S] To ask for what is none of them mostly costs a bit's test.
template <class T, size_t N>
class Few {
 public:
  constexpr explicit Few(const std::array<T, N>& values) : values_(values) {
    for (const T& value : values_) {
      const uint8_t trace = trace_of(value);
      traces_[trace / 64] |= uint64_t{1} << trace % 64;
    }
  }
  /// The first that equals `value`, or null.
  constexpr const T* find(const T& value) const {
    const uint8_t trace = trace_of(value);
    if (!(traces_[trace / 64] >> trace % 64 & 1)) return nullptr;
    const auto found = std::find(values_.begin(), values_.end(), value);
    return found == values_.end() ? nullptr : &*found;
  }
  constexpr bool has(const T& value) const { return find(value) != nullptr; }

 private:
  std::array<uint64_t, 4> traces_{};  // bits
  std::array<T, N> values_;
};
template <class T, class... Values>
constexpr auto few(const Values&... values) {
  return Few<T, sizeof...(values)>({static_cast<T>(values)...});
}

}  // namespace lapwing::analytics
