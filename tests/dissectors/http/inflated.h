// What zlib and Inflater make of the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "dissectors/protocols/http/http_inflate.h"
#include "sensor/base/bytes.h"

namespace lapwing::test {

struct Inflated {
  std::string made;
  http::Inflater::State state = http::Inflater::State::starved;
  size_t taken = 0;
  bool operator==(const Inflated&) const = default;
};

/// How many bytes of at most `most` are given, or may be made, at once.
using Cut = std::function<size_t(size_t most)>;

Inflated inflated_by_zlib(Bytes coded, bool bare);
/// In steps that `cut` says; its output must be that of one.
Inflated inflated(Bytes coded, bool bare, const Cut& cut);

}  // namespace lapwing::test
