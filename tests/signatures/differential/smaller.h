// Every sample that is a little smaller than a given one: what makes a difference is found by taking away.
#pragma once

#include <utility>

#include "tests/signatures/differential/sample.h"

namespace lapwing::test {

std::vector<std::pair<SampleRule, SamplePacket>> smaller(const SampleRule& rule, const SamplePacket& packet);

}  // namespace lapwing::test
