// LDAP (RFC 4511): operations whose elements lie about their lengths, answers out of step, filters within filters, and
// security layers that begin and end.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string element(Random& random, unsigned tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = random.chance(97) ? content.size() : random.below(300);
  if (random.chance(1)) {
    out += '\x80';  // an end mark would tell
  } else if (size < 0x80 && random.chance(80)) {
    out += static_cast<char>(size);
  } else {
    out += "\x84";
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift);
  }
  return out + content;
}
std::string integer(Random& random, unsigned tag = 2) {
  return element(
      random, tag,
      random.chance(90) ? std::string(1, static_cast<char>(random.below(128))) : random.bytes(random.below(9)));
}
std::string octets(Random& random, const std::string& text) {
  return element(random, 4, text);
}
std::string name(Random& random) {
  return octets(random, std::string(random.pick({"", "dc=a", "cn=admin,dc=a", "NTLMSSP", "joe@corp.test"})) +
                            (random.chance(20) ? random.bytes(random.length(5000)) : ""));
}

std::string filter(Random& random, size_t depth) {
  const std::string attribute = octets(random, random.letters(random.below(9)));
  const std::string value = octets(random, random.bytes(random.below(9)));
  if (depth > 0 && random.chance(60)) {
    std::string inner;
    for (size_t n = random.below(4); n > 0; --n) inner += filter(random, depth - 1);
    return element(random, 0xa0 + static_cast<unsigned>(random.below(3)), inner);
  }
  switch (random.below(5)) {
    case 0: return element(random, 0x87, random.letters(4));
    case 1: {
      std::string pieces;
      for (size_t n = random.below(4); n > 0; --n) {
        pieces += element(random, 0x80 + static_cast<unsigned>(random.below(3)), random.letters(2));
      }
      return element(random, 0xa4, attribute + element(random, 0x30, pieces));
    }
    case 2:
      return element(random, 0xa9,
                     element(random, 0x81, "1.2.3") + element(random, 0x82, "cn") + element(random, 0x83, "x") +
                         element(random, 0x84, "\xff"));
    default: return element(random, random.chance(50) ? 0xa3 : 0xa5, attribute + value);
  }
}

std::string attributes(Random& random) {
  std::string out;
  for (size_t n = random.length(30); n > 0; --n) {
    std::string values;
    for (size_t count = random.length(10); count > 0; --count)
      values += octets(random, random.bytes(random.length(3000)));
    const std::string type(random.pick({"cn", "objectClass", "netlogon", "userPassword", "dnsHostName"}));
    out += element(random, 0x30, octets(random, type) + element(random, 0x31, values));
  }
  return out;
}

std::string message(Random& random, unsigned tag, const std::string& operation) {
  const std::string controls =
      random.chance(20)
          ? element(random, 0xa0, element(random, 0x30, octets(random, "1.2.840.113556.1.4.319") + octets(random, "x")))
          : "";
  return element(random, 0x30,
                 element(random, 2, std::string(1, static_cast<char>(random.below(8)))) +
                     element(random, tag, operation) + controls);
}

std::string token(Random& random) {
  return std::string(random.pick({"", "NTLMSSP", "\x60\x28\x06\x06\x2b\x06\x01\x05\x05\x02", "n,,n=a,r=b", "*"})) +
         random.bytes(random.length(400));
}

std::string request(Random& random) {
  switch (random.below(9)) {
    case 0: return message(random, 0x60, integer(random) + name(random) + element(random, 0x80, random.letters(4)));
    case 1: {
      const std::string mechanism(random.pick({"GSS-SPNEGO", "GSSAPI", "PLAIN", "DIGEST-MD5", "EXTERNAL"}));
      return message(random, 0x60,
                     integer(random) + name(random) +
                         element(random, 0xa3, octets(random, mechanism) + octets(random, token(random))));
    }
    case 2:
      return message(random, 0x63,
                     name(random) + integer(random, 10) + integer(random, 10) + integer(random) + integer(random) +
                         element(random, 1, "\xff") + filter(random, random.length(90)) +
                         element(random, 0x30, octets(random, "cn")));
    case 3: return message(random, 0x68, name(random) + element(random, 0x30, attributes(random)));
    case 4: return message(random, 0x4a, "cn=a");
    case 5: return message(random, 0x50, random.bytes(1));
    case 6:
      return message(random, 0x77, element(random, 0x80, std::string(random.pick({"1.3.6.1.4.1.1466.20037", "1.2"}))));
    case 7: return message(random, 0x42, "");
    default: return message(random, static_cast<unsigned>(random.below(256)), random.bytes(random.below(20)));
  }
}

std::string response(Random& random) {
  const std::string result = integer(random, 10) + name(random) + name(random);
  if (random.chance(50)) return message(random, 0x64, name(random) + element(random, 0x30, attributes(random)));
  static constexpr unsigned kTags[] = {0x61, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x78, 0x79, 0x73};
  std::string more;
  if (random.chance(20)) more = element(random, 0x87, token(random));
  if (random.chance(20)) more = element(random, 0xa3, octets(random, "ldap://a"));
  return message(random, kTags[random.below(std::size(kTags))], result + more);
}

/// What a security layer makes of it.
std::string wrapped(Random& random, const std::string& text) {
  std::string out = std::string(random.pick({"\x05\x04\x05\xff", "\x05\x04\x07\xff", ""}));
  if (!out.empty()) out += std::string(12, '\0');
  out += text;
  const size_t size = random.chance(95) ? out.size() : random.below(9999);
  return std::string{'\0', static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)} + out;
}

}  // namespace

Dialogue speak_ldap(Random& random) {
  Dialogue out;
  const bool layered = random.chance(30);
  for (size_t turns = random.between(1, 30); turns > 0; --turns) {
    const auto direction = static_cast<Direction>(random.below(2));
    const std::string said = direction == Direction::to_server ? request(random) : response(random);
    out.push_back({direction, layered && random.chance(50) ? wrapped(random, said) : said});
  }
  return out;
}

Dialogue speak_cldap(Random& random) {
  Dialogue out;
  for (size_t turns = random.between(1, 8); turns > 0; --turns) {
    out.push_back({Direction::to_server, request(random)});
    out.push_back({Direction::to_client, response(random) + (random.chance(50) ? response(random) : "")});
  }
  return out;
}

}  // namespace lapwing::hunt
