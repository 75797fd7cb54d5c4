#include <algorithm>

#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

constexpr size_t kMostBytes = 60'000;  // of a turn: a longer one would only be slow

void spoil_bytes(Random& random, std::string& bytes) {
  const size_t at = random.below(bytes.size() + 1), size = std::min(random.length(200), bytes.size() - at);
  switch (random.below(8)) {
    case 0:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      break;
    case 1:
      if (at < bytes.size()) bytes[at] = random.chance(50) ? '\0' : '\xff';
      break;
    case 2: bytes.erase(at, size); break;
    case 3: bytes.resize(at); break;
    case 4: bytes.insert(at, random.bytes(random.length(60))); break;
    case 5:
      bytes.insert(at, random.pick({"\r\n", "\n", "\r", "\r\n\r\n", "\n\n", " ", "\t", ":", ";", "--", "%00", "\0"}));
      break;
    case 6: {
      const std::string piece = bytes.substr(at, size);
      for (size_t times = random.between(1, 20); times > 0 && bytes.size() < kMostBytes; --times)
        bytes.insert(at, piece);
      break;
    }
    case 7:
      for (size_t i = at; i < at + size; ++i) bytes[i] = static_cast<char>(random.next());
      break;
  }
}

}  // namespace

void spoil(Random& random, Dialogue& dialogue) {
  for (size_t times = random.between(1, 4); times > 0 && !dialogue.empty(); --times) {
    const size_t at = random.below(dialogue.size());
    switch (random.below(12)) {
      case 0: dialogue.erase(dialogue.begin() + static_cast<ptrdiff_t>(at)); break;
      case 1: dialogue.insert(dialogue.begin() + static_cast<ptrdiff_t>(at), Turn(dialogue[at])); break;
      case 2: std::swap(dialogue[at], dialogue[random.below(dialogue.size())]); break;
      case 3: dialogue[at].direction = reverse(dialogue[at].direction); break;
      default: spoil_bytes(random, dialogue[at].bytes); break;
    }
  }
}

}  // namespace lapwing::hunt
