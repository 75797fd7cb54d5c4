// Telnet (RFC 854): options agreed upon, subnegotiations whole and broken, and logins typed byte by byte.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string negotiation(Random& random) {
  std::string out;
  for (size_t count = random.chance(3) ? random.between(50, 500) : random.between(1, 6); count > 0; --count) {
    out += std::string("\xff") + static_cast<char>(random.between(250, 255)) +
           static_cast<char>(random.chance(80) ? random.pick({0, 1, 3, 24, 31, 32, 38, 39}) : random.pick({99, 255}));
  }
  return out;
}

std::string subnegotiation(Random& random) {
  std::string value = std::string(1, static_cast<char>(random.below(4)));
  for (size_t count = random.below(4); count > 0; --count) {
    value += static_cast<char>(random.below(4)) + std::string(random.pick({"USER", "DISPLAY", "xterm", "9600,9600"}));
  }
  if (random.chance(4)) value += random.bytes(random.below(5000));
  return "\xff\xfa" + std::string(1, static_cast<char>(random.pick({24, 32, 38, 39, 31}))) + value +
         (random.chance(95) ? "\xff\xf0" : "");
}

}  // namespace

Dialogue speak_telnet(Random& random) {
  Dialogue out;
  for (size_t count = random.below(4); count > 0; --count) {
    const auto side = static_cast<Direction>(random.below(2));
    out.push_back({side, random.chance(70) ? negotiation(random) : subnegotiation(random)});
  }
  for (size_t attempts = random.chance(5) ? random.between(10, 60) : random.below(4); attempts > 0; --attempts) {
    out.push_back({Direction::to_client, "\r\n" + random.letters(random.below(8)) +
                                             std::string(random.pick({" login: ", "Username: ", "User:", "login"}))});
    const std::string end(random.pick({"\r\n", "\r", "\n"}));
    out.push_back({Direction::to_server, random.letters(random.below(300)) + end});
    out.push_back({Direction::to_client, std::string(random.pick({"Password: ", "passwd:", "Passcode:"}))});
    out.push_back({Direction::to_server, random.bytes(random.below(20)) + end});
    out.push_back(
        {Direction::to_client, std::string(random.pick({"\r\nLogin incorrect\r\n", "\r\n# ", "\r\nLast login: x\r\n",
                                                        "Access denied\r\n", "\r\nhost>"}))});
  }
  for (size_t count = random.below(6); count > 0; --count) {
    out.push_back({static_cast<Direction>(random.below(2)),
                   random.chance(80) ? random.letters(random.below(400)) + "\r\n" : random.bytes(random.below(400))});
  }
  return out;
}

}  // namespace lapwing::hunt
