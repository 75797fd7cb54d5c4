// Resegment: captures whose records must not depend on how streams were cut and acknowledged, nor on who took them.
#pragma once

#include <string>
#include <vector>

#include "tests/hunt/sensor.h"

namespace lapwing::hunt {

struct Resegmenting {
  std::vector<std::string> captures;  // files, or folders of them
  std::string findings;               // folder of what is found
  uint64_t seed = 1, first = 0, rounds = 1;
  size_t jobs = 1;
  double limit = 0;  // seconds of CPU for one look at a capture
};

/// Cuts each capture anew in every round, and holds the records of one and of four workers against those of the capture
/// as it is. What is drawn depends on the seed, the round and the file's name alone. 0 when nothing differs.
int resegment(const Sensor& sensor, const Resegmenting& work);

}  // namespace lapwing::hunt
