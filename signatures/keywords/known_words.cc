// Words of Suricata's rule language, so that a rule which uses one that is not there yet is told apart from a typing
// error.
#include <algorithm>

#include "signatures/compile/keyword.h"

namespace lapwing::rules {

namespace {

enum class Kind : uint8_t { keyword, protocol };

constexpr struct Known {
  std::string_view word;
  Kind kind;
  std::string_view why_never;
} kKnown[] = {
#include "signatures/keywords/words.inc"
};

const Known* find(std::string_view word, Kind kind) {
  auto same = [&](const Known& known) { return known.word == word && known.kind == kind; };
  auto found = std::find_if(std::begin(kKnown), std::end(kKnown), same);
  return found == std::end(kKnown) ? nullptr : found;
}

}  // namespace

std::string_view why_never(std::string_view name) {
  const Known* known = find(name, Kind::keyword);
  return known ? known->why_never : std::string_view();
}

bool is_known_word(std::string_view name) {
  return find(name, Kind::keyword) != nullptr;
}

bool is_known_protocol(std::string_view name) {
  return find(name, Kind::protocol) != nullptr;
}

}  // namespace lapwing::rules
