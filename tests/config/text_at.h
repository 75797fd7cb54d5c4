// What a setting says, by its path.
#pragma once

#include <string>
#include <string_view>

#include "sensor/base/setting.h"

namespace lapwing::test {

inline std::string text_at(const Setting& root, std::string_view path) {
  const Setting* node = root.find(path);
  return node ? node->scalar : "(none)";
}

}  // namespace lapwing::test
