// Told: what findings tell, kept.
#pragma once

#include <vector>

#include "analytics/frame/findings.h"

namespace lapwing::test {

struct Told : analytics::FindingSink {
  void behaviour(const Behaviour& behaviour) override { all.push_back(behaviour); }
  std::vector<Behaviour> all;
};

}  // namespace lapwing::test
