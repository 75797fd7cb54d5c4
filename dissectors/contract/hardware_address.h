// How records write the addresses of network cards.
#pragma once

#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing {

/// "02:00:00:00:00:01", made in `out`.
inline std::string_view hardware_address(Bytes address, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out.clear();
  for (uint8_t byte : address) {
    if (!out.empty()) out += ':';
    (out += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
  return out;
}

}  // namespace lapwing
