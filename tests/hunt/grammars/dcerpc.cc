// DCE/RPC (C706 12): contexts that were never offered, fragments out of step, sizes that lie, answers to nobody, towers
// of the endpoint mapper that do not end where they say.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string number(uint64_t value, size_t size, bool little = true) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out += static_cast<char>(value >> 8 * (little ? i : size - 1 - i));
  return out;
}

std::string uuid(Random& random) {
  using namespace std::literals;
  return std::string(random.pick({"\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa"sv,
                                  "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"sv,
                                  "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60"sv}));
}

std::string pdu(Random& random, unsigned type, unsigned flags, uint32_t call, const std::string& body, bool little) {
  const bool sealed = random.chance(20);
  const std::string token = sealed ? random.bytes(random.length(600)) : std::string();
  const std::string verifier = token.empty() ? ""
                                             : number(random.pick({9, 10, 16, 68}), 1) + number(random.below(7), 1) +
                                                   number(random.below(16), 1) + std::string(5, '\0') + token;
  uint64_t size = 16 + body.size() + verifier.size(), auth = token.size();
  if (random.chance(3)) size = random.below(70'000);
  if (random.chance(3)) auth = random.below(70'000);
  std::string out = std::string("\5", 1) + number(random.chance(90) ? 0 : random.below(3), 1) + number(type, 1);
  out += number(flags, 1) + std::string(1, little ? '\x10' : '\0') + std::string(3, '\0');
  out += number(size, 2, little) + number(auth, 2, little) + number(call, 4, little);
  return out + body + verifier;
}

std::string offers(Random& random, bool little) {
  const size_t count = random.chance(95) ? random.between(1, 3) : random.below(256);
  std::string out = number(4280, 2, little) + number(4280, 2, little) + std::string(4, '\0') + number(count, 1);
  out += std::string(3, '\0');
  for (size_t i = 0; i < count; ++i) {
    out += number(random.below(4), 2, little) + number(random.chance(95) ? 1 : random.below(9), 2) + uuid(random);
    out += number(random.below(5), 4, little) + uuid(random) + number(2, 4, little);
  }
  return out;
}

std::string answers(Random& random, bool little) {
  const size_t count = random.between(1, 3);
  std::string out = std::string(8, '\0') + number(4, 2, little) + std::string("135\0\0\0", 6) + number(count, 1);
  out += std::string(3, '\0');
  for (size_t i = 0; i < count; ++i) {
    out += number(random.below(4), 2, little) + number(random.below(4), 2, little) + uuid(random);
    out += number(2, 4, little);
  }
  return out;
}

std::string towers(Random& random) {
  const size_t count = random.below(6);
  std::string out(20, '\0');
  for (int i = 0; i < 4; ++i) out += number(i == 2 ? 0 : random.chance(97) ? count : random.below(99'999), 4);
  out += std::string(4 * count, '\1');
  for (size_t i = 0; i < count; ++i) {
    std::string tower = number(random.between(3, 5), 2);
    for (int floor = 0; floor < 2; ++floor)
      tower += number(19, 2) + "\x0d" + uuid(random) + number(1, 4) + number(0, 2);
    tower += number(1, 2) + "\x0b" + number(2, 4) + number(1, 2) + std::string(random.pick({"\x07", "\x08", "\x0f"}));
    tower += number(2, 2) + number(random.below(65'536), 2);
    out += number(tower.size(), 4) + number(random.chance(97) ? tower.size() : random.below(9'999), 4) + tower;
    out += std::string((4 - out.size() % 4) % 4, '\0');
  }
  return out;
}

std::string stub(Random& random) {
  return random.chance(20) ? towers(random) : random.bytes(random.length(5000));
}

}  // namespace

Dialogue speak_dcerpc(Random& random) {
  constexpr auto kClient = Direction::to_server, kServer = Direction::to_client;
  const bool little = random.chance(80);
  Dialogue out;
  for (size_t turns = random.between(1, 20); turns > 0; --turns) {
    const auto call = static_cast<uint32_t>(random.below(5));
    const unsigned flags = random.chance(80) ? 3 : static_cast<unsigned>(random.below(256));
    const auto say = [&](Direction direction, unsigned type, const std::string& body) {
      out.push_back({direction, pdu(random, type, flags, call, body, little)});
    };
    switch (random.below(10)) {
      case 0: say(kClient, random.chance(60) ? 11 : 14, offers(random, little)); break;
      case 1: say(kServer, random.chance(60) ? 12 : 15, answers(random, little)); break;
      case 2: say(kServer, static_cast<unsigned>(random.pick({3, 13, 17})), random.bytes(random.below(20))); break;
      case 3: say(kClient, static_cast<unsigned>(random.pick({16, 18, 19, 20})), random.bytes(random.below(9))); break;
      case 4:
      case 5:
      case 6:
        say(kClient, 0,
            number(random.below(99), 4) + number(random.below(4), 2, little) + number(random.below(40), 2, little) +
                stub(random));
        break;
      default: say(kServer, 2, std::string(8, '\0') + stub(random)); break;
    }
  }
  return out;
}

Dialogue speak_dcerpc_datagrams(Random& random) {
  Dialogue out;
  const std::string activity = random.bytes(16);
  for (size_t turns = random.between(1, 20); turns > 0; --turns) {
    const unsigned type = static_cast<unsigned>(random.chance(90) ? random.pick({0, 2, 3, 8}) : random.below(30));
    const std::string body = stub(random).substr(0, 1300);
    const size_t flags = random.chance(60) ? 0 : random.below(256);
    std::string bytes = std::string("\4", 1) + number(type, 1) + number(flags, 1) + number(random.below(2), 1);
    bytes += std::string(random.chance(80) ? "\x10\0\0\0" : "\0\0\0\0", 4) + random.bytes(16) + uuid(random);
    bytes += activity + std::string(4, '\0') + number(3, 4) + number(random.below(3), 4) + number(3, 2) + number(0, 4);
    bytes += number(random.chance(95) ? body.size() : random.below(65'536), 2) + number(random.below(4), 2);
    out.push_back(
        {type == 0 || type == 8 ? Direction::to_server : Direction::to_client, bytes + std::string(2, '\0') + body});
  }
  return out;
}

}  // namespace lapwing::hunt
