// Random: what a seed draws, numbers and texts.
#pragma once

#include <string>

#include "sensor/verify/draws.h"

namespace lapwing::hunt {

class Random : public verify::Draws {
 public:
  using Draws::Draws;

  /// Mostly small, now and then up to `most`.
  size_t length(size_t most) { return below(below(below(most + 1) + 1) + 1); }

  std::string bytes(size_t count) {
    std::string out(count, '\0');
    for (char& c : out) c = static_cast<char>(next());
    return out;
  }
  std::string letters(size_t count) {
    std::string out(count, '\0');
    for (char& c : out) c = static_cast<char>('a' + below(26));
    return out;
  }
  /// A number that parsers stumble over, as text.
  std::string number() {
    return std::string(pick({"0",
                             "1",
                             "5",
                             "255",
                             "256",
                             "65535",
                             "65536",
                             "2147483647",
                             "2147483648",
                             "4294967295",
                             "4294967296",
                             "9223372036854775807",
                             "9223372036854775808",
                             "18446744073709551616",
                             "-1",
                             "+5",
                             "0x10",
                             "007",
                             "5 ",
                             " 5",
                             "5,5",
                             "5;",
                             "",
                             "a",
                             "1e3"}));
  }
};

}  // namespace lapwing::hunt
