// How each bound of a protocol or part is reached; its tests say it, and caps_test.cc tries it.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "tests/dissectors/dialogue.h"

namespace lapwing::test {

struct CapReach {
  std::string_view protocol, cap;
  Settings settings;
  std::function<void(Dialogue&)> talk;
  std::string_view part = {};  // carried by the protocol, whose cap it is; empty: the protocol's own

  std::string_view owner() const { return part.empty() ? protocol : part; }
};

/// Of a protocol, and of all whose tests are in the program.
struct CapReaches {
  CapReaches(std::initializer_list<CapReach> rows) { all().insert(all().end(), rows); }
  static std::vector<CapReach>& all() {
    static std::vector<CapReach> kept;
    return kept;
  }
};

}  // namespace lapwing::test
