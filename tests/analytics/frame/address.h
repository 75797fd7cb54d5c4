// Addresses as their text.
#pragma once

#include <string_view>

#include "sensor/base/ip_address.h"

namespace lapwing::test {

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

}  // namespace lapwing::test
