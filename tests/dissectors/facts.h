// For tests of what dissectors tell of the application (sensor/event/facts.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "tests/support/flow_driver.h"

namespace lapwing::test {

/// As Facts::risks.
inline uint64_t bits(std::initializer_list<Risk> risks) {
  Facts out;
  for (Risk risk : risks) out.risk(risk);
  return out.risks;
}

/// Of all events together.
inline uint64_t risks_of(std::span<const HeardFacts> heard) {
  uint64_t out = 0;
  for (const HeardFacts& facts : heard) out |= facts.risks;
  return out;
}

}  // namespace lapwing::test
