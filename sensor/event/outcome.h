// How a login ended, as records and rules of every protocol call it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/named_value.h"

namespace lapwing {

enum class Outcome : uint8_t { unknown, success, failure };

inline constexpr NamedValue kOutcomes[] = {
    {"unknown", Outcome::unknown}, {"success", Outcome::success}, {"failure", Outcome::failure}};
inline std::span<const NamedValue> outcomes() {
  return kOutcomes;
}
inline std::string_view outcome_name(uint64_t outcome, std::string&) {
  return kOutcomes[outcome].name;
}

}  // namespace lapwing
