// Kerberos (RFC 4120): requests and what comes of them, over UDP and behind lengths that may lie; elements that are not
// what their tags say.
#include "tests/dissectors/parts/kerberos_wire.h"
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

using namespace test;

std::vector<std::string> name(Random& random) {
  std::vector<std::string> out;
  for (size_t count = random.chance(3) ? random.between(60, 200) : random.between(1, 3); count > 0; --count) {
    out.push_back(random.letters(random.below(14)));
  }
  return out;
}
int encryption(Random& random) {
  constexpr int kTypes[] = {1, 3, 16, 17, 18, 20, 23, 24, 26, -128, -133, 0, 77};
  return kTypes[random.below(std::size(kTypes))];
}
int error(Random& random) {
  constexpr int kCodes[] = {6, 7, 14, 18, 23, 24, 25, 25, 37, 52, 60, 68, 90, 1000};
  return kCodes[random.below(std::size(kCodes))];
}

std::string preauthentication(Random& random) {
  const std::string info = der_sequence(der_sequence(der_field(0, der_integer(encryption(random)))));
  switch (random.below(7)) {
    case 0: return krb_padata(2, krb_encrypted(encryption(random)));
    case 1: return krb_padata(1, krb_ap_request(random.letters(5), name(random), encryption(random)));
    case 2: return krb_padata(129, der_sequence(der_field(0, krb_name(name(random)))));
    case 3: return krb_padata(19, info) + krb_padata(11, info);
    case 4: return krb_padata(3, random.bytes(random.between(10, 13)));
    case 5: return krb_padata(static_cast<int>(random.below(200)), random.bytes(random.below(40)));
    default: return random.bytes(random.below(20));
  }
}

std::string request(Random& random) {
  KrbRequest asked;
  asked.client = random.chance(80) ? name(random) : std::vector<std::string>();
  asked.service = name(random);
  for (size_t count = random.below(4); count > 0; --count) asked.padata += preauthentication(random);
  asked.types.clear();
  for (size_t count = random.chance(3) ? 150 : random.below(6); count > 0; --count) {
    asked.types.push_back(encryption(random));
  }
  asked.options = static_cast<uint32_t>(random.below(1u << 31));
  if (random.chance(20)) {
    asked.more = der_field(
        9, der_sequence(der_sequence(der_field(0, der_integer(20)) + der_field(1, der_octets(random.letters(16))))));
  }
  if (random.chance(10)) asked.more += der_field(11, der_sequence(krb_ticket("A", name(random), encryption(random))));
  return krb_request(random.chance(50) ? 10 : 12, asked);
}

std::string answer(Random& random) {
  if (random.chance(50)) {
    return krb_reply(random.chance(50) ? 11 : 13, name(random), encryption(random), encryption(random));
  }
  std::string more;
  if (random.chance(40)) more = der_field(11, krb_string(random.letters(random.below(30))));
  if (random.chance(40)) more += der_field(12, der_octets(der_sequence(preauthentication(random))));
  return krb_error(error(random), more);
}

/// In place of its elements others stand, or they end elsewhere.
std::string broken(Random& random, std::string message) {
  if (random.chance(80) || message.empty()) return message;
  const size_t at = random.below(message.size());
  switch (random.below(4)) {
    case 0: message[at] = static_cast<char>(0x80 | random.below(6)); break;
    case 1: message.resize(at); break;
    case 2: message.insert(at, std::string("\x30\x80\xa0\x80", 4)); break;
    default:
      for (size_t depth = random.between(100, 3000); depth > 0; --depth) message += "\xa3\x80\x30\x80";
  }
  return message;
}

Dialogue speak(Random& random, bool marked) {
  Dialogue out;
  for (size_t turns = random.between(1, 12); turns > 0; --turns) {
    const auto direction = static_cast<Direction>(random.below(2));
    std::string message = broken(random, direction == Direction::to_server ? request(random) : answer(random));
    if (random.chance(3)) message = random.bytes(random.below(300));
    if (marked) message = krb_marked(message);
    if (marked && random.chance(4)) message[0] = static_cast<char>(random.chance(50) ? 0x80 : 0x00);
    if (marked && random.chance(4)) message[1] = static_cast<char>(random.below(16));
    out.push_back({direction, message});
    if (!marked && random.chance(20)) out.push_back(out.back());  // sent again
  }
  return out;
}

}  // namespace

Dialogue speak_krb5(Random& random) {
  return speak(random, false);
}
Dialogue speak_krb5_stream(Random& random) {
  return speak(random, true);
}

}  // namespace lapwing::hunt
