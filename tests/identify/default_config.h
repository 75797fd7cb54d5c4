// Identification as it is configured unless told otherwise.
#pragma once

#include "sensor/identify/identify.h"

namespace lapwing::test {

inline IdentifyConfig default_config() {
  return read_options<IdentifyConfig>(Setting{}, identify_options());
}

}  // namespace lapwing::test
