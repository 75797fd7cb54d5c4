// No protocol: bytes, lines, and other protocols' first words, for what finds out what a flow speaks.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {

Dialogue speak_nothing(Random& random) {
  Dialogue out;
  for (size_t turns = random.between(1, 8); turns > 0; --turns) {
    Turn turn{static_cast<Direction>(random.below(2)), {}};
    switch (random.below(6)) {
      case 0: turn.bytes = random.bytes(random.length(3000)); break;
      case 1: turn.bytes = std::string(random.length(4000), random.chance(50) ? 'A' : '\0'); break;
      case 2: turn.bytes = "NOOP " + random.letters(random.length(300)) + (random.chance(80) ? "\r\n" : ""); break;
      case 3:
        turn.bytes =
            random.pick({"GET ", "HTTP/1.1 ", "\x16\x03\x01", "SSH-2.0-x\r\n", "220 x ESMTP\r\n", "\x17\x03\x03"});
        break;
      case 4: turn.bytes = "GET / HTTP/1.1\r\n\r\n"; break;
      // A length, an offset or a count in front: what rules with variables jump by.
      case 5:
        turn.bytes =
            "VAL" + std::string(random.chance(50) ? random.bytes(8) : std::string("\x7f\xff\xff\xff\xff\xff\xff\xff")) +
            random.number() + random.bytes(random.below(40));
        break;
    }
    out.push_back(std::move(turn));
  }
  return out;
}

}  // namespace lapwing::hunt
