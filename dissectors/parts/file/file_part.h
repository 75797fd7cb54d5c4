// The rows of the part `file`.
#pragma once

#include "dissectors/contract/out.h"

namespace lapwing::file {

struct Files {
  enum class Anomaly : uint8_t {};
  enum class Cap : uint8_t { pieces, waiting };
  static constexpr lapwing::Cap kCaps[] = {
      {"pieces", 64, "pieces of one file that wait for those before; the hole is given up"},
      {"waiting", 1 << 20, "bytes of one file that wait; the hole before them is given up"},
  };
  static constexpr Part part{.name = "file", .help = "a file in transfer", .caps = kCaps};
};

}  // namespace lapwing::file
