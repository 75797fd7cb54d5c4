// POP3 (RFC 1939): sessions whose replies are out of step, texts that do not end where they say, and logins that are
// none.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string command(Random& random) {
  switch (random.below(9)) {
    case 0: return "USER " + random.letters(random.below(12));
    case 1: return "PASS " + random.letters(random.length(6000));
    case 2: return "APOP " + random.letters(random.below(8)) + " " + random.letters(32);
    case 3:
      return "AUTH " + std::string(random.pick({"", "PLAIN AGEAYg==", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "XOAUTH2"}));
    case 4: return std::string(random.pick({"YQ==", "AGEAYg==", "*", "="}));
    case 5: return std::string(random.pick({"RETR ", "TOP 1 ", "LIST ", "UIDL ", "DELE "})) + random.number();
    case 6: return std::string(random.pick({"LIST", "UIDL", "CAPA", "STAT", "NOOP", "RSET", "STLS", "QUIT"}));
    case 7: return std::string(random.pick({"\x16\x03\x01", "+OK", ".", ""})) + random.bytes(random.below(9));
    default: return random.letters(random.below(8)) + " " + random.bytes(random.below(30));
  }
}

std::string message(Random& random) {
  std::string out = "From: a@example.org\r\nSubject: " + random.letters(random.below(40)) + "\r\n";
  if (random.chance(40)) out += "Content-Type: multipart/mixed; boundary=b\r\n";
  out += "\r\n";
  for (size_t lines = random.length(200); lines > 0; --lines) {
    out += std::string(
               random.pick({"..", "", "--b", "+OK ", "Content-Disposition: attachment; filename=a", "http://a.b/"})) +
           random.letters(random.below(20)) + "\r\n";
  }
  return out;
}

std::string reply(Random& random) {
  std::string out = std::string(random.pick({"+OK", "+OK done", "-ERR [AUTH] no", "+", "+ YQ==", "+OKAY", "junk"}));
  out += random.chance(95) ? "\r\n" : "\n";
  if (random.chance(40)) out += message(random);
  if (random.chance(20)) {
    for (size_t lines = random.length(300); lines > 0; --lines) out += random.number() + " 9\r\n";
  }
  if (random.chance(60)) out += random.chance(90) ? ".\r\n" : ".\n";
  return out;
}

}  // namespace

Dialogue speak_pop3(Random& random) {
  Dialogue out;
  if (random.chance(80)) out.push_back({Direction::to_client, "+OK POP3 server ready\r\n"});
  for (size_t turns = random.between(1, 30); turns > 0; --turns) {
    const auto direction = static_cast<Direction>(random.below(2));
    out.push_back({direction, direction == Direction::to_server ? command(random) + "\r\n" : reply(random)});
  }
  return out;
}

}  // namespace lapwing::hunt
