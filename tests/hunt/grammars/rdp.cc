// RDP (MS-RDPBCGR): openings of standard security and of TLS, with lengths of five kinds that are now and then others.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string big(size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string little(size_t value, size_t size = 2) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(value >> 8 * i);
  return out;
}

size_t perhaps(Random& random, size_t size) {
  return random.chance(98) ? size : random.below(size * 2 + 4);
}

std::string tpkt(Random& random, const std::string& tpdu) {
  return std::string("\3\0", 2) + big(perhaps(random, tpdu.size() + 4)) + tpdu;
}
std::string connection(Random& random, char type, const std::string& variable) {
  return tpkt(random, static_cast<char>(perhaps(random, 6 + variable.size())) + std::string(1, type) +
                          std::string(5, '\0') + variable);
}
std::string data(Random& random, const std::string& bytes) {
  return tpkt(random, std::string("\2\xf0") + static_cast<char>(random.chance(97) ? 0x80 : 0) + bytes);
}

std::string negotiation(Random& random, char type) {
  return type + random.bytes(1) + little(perhaps(random, 8)) + little(random.chance(85) ? random.below(20) : 99, 4);
}
std::string request(Random& random) {
  std::string out;
  if (random.chance(70)) out += "Cookie: mstshash=" + random.letters(random.below(20)) + "\r\n";
  if (random.chance(10)) out += "Cookie: msts=" + random.number() + "\r\n";
  if (random.chance(3)) out += random.bytes(random.below(100));
  if (random.chance(70)) out += negotiation(random, 1);
  if (random.chance(10)) out += "\6" + std::string(1, '\0') + little(36) + random.bytes(perhaps(random, 32));
  return connection(random, '\xe0', out);
}
std::string confirm(Random& random) {
  return connection(random, '\xd0',
                    random.chance(80) ? negotiation(random, static_cast<char>(random.pick({2, 2, 2, 3, 4}))) : "");
}

std::string wide(Random& random, size_t size) {
  std::string out;
  for (const char c : random.chance(90) ? random.letters(size / 4) : random.bytes(size / 2)) out += {c, '\0'};
  out.resize(size);
  return out;
}

std::string block(Random& random, size_t type, const std::string& bytes) {
  return little(type) + little(perhaps(random, bytes.size() + 4)) + bytes;
}
std::string core(Random& random) {
  std::string out = little(0x00080000 + random.below(20), 4) + random.bytes(8) + random.bytes(4) +
                    little(static_cast<size_t>(random.pick({2600, 7601, 17763, 22621, 1})), 4) + wide(random, 32) +
                    little(random.below(9), 4) + random.bytes(8) + wide(random, 64) + random.bytes(14) +
                    wide(random, 64) + random.bytes(28);
  if (random.chance(20)) out.resize(random.below(out.size()));
  return block(random, 0xc001, out);
}
std::string channels(Random& random) {
  std::string out;
  const size_t count = random.chance(4) ? random.between(30, 1000) : random.below(8);
  for (size_t i = 0; i < count; ++i) {
    std::string name(random.pick({"rdpdr", "cliprdr", "rdpsnd", "drdynvc", "MS_T120", "eightlet"}));
    name.resize(8);
    out += name + random.bytes(4);
  }
  return block(random, 0xc003, little(perhaps(random, count), 4) + out);
}

/// BER, with its length in any of its forms.
std::string ber(Random& random, int tag, const std::string& content) {
  const size_t size = perhaps(random, content.size());
  const std::string head(1, static_cast<char>(tag));
  if (size < 128 && random.chance(90)) return head + static_cast<char>(size) + content;
  return head + (random.chance(98) ? "\x82" + big(size) : std::string("\x80")) + content;
}
std::string per(Random& random, size_t size) {
  size = perhaps(random, size);
  return size < 128 ? std::string(1, static_cast<char>(size)) : big(size | 0x8000);
}
std::string standard() {
  return std::string("\0\5\0\x14\x7c\0\1", 7);
}

std::string connect(Random& random) {
  std::string blocks;
  for (size_t count = random.between(1, 6); count > 0; --count) {
    blocks += random.chance(40)   ? core(random)
              : random.chance(50) ? channels(random)
                                  : block(random, 0xc002 + random.below(9), random.bytes(random.below(20)));
  }
  const std::string gcc = std::string("\0\x08\0\x10\0\1\xc0\0", 8) + (random.chance(98) ? "Duca" : "duca") +
                          per(random, blocks.size()) + blocks;
  const std::string parameters = ber(random, 0x30, ber(random, 2, "\x22") + ber(random, 2, "\2"));
  return data(random,
              "\x7f" + ber(random, 0x65,
                           ber(random, 4, "\1") + ber(random, 4, "\1") + ber(random, 1, "\xff") + parameters +
                               parameters + parameters + ber(random, 4, standard() + per(random, gcc.size()) + gcc)));
}

std::string certificate(Random& random) {
  if (random.chance(70)) {
    return little(1, 4) + random.bytes(8) + little(6) + little(92) + "RSA1" + random.bytes(88) + random.bytes(76);
  }
  std::string out = little(random.chance(95) ? 0x80000002 : random.below(9), 4);
  const size_t count = random.chance(5) ? random.between(10, 100) : random.below(4);
  out += little(perhaps(random, count), 4);
  for (size_t i = 0; i < count; ++i) {
    const std::string der = ber(random, 0x30, ber(random, 0x30, ber(random, 2, random.bytes(random.below(20)))));
    out += little(perhaps(random, der.size()), 4) + der;
  }
  return out;
}
std::string connected(Random& random) {
  const std::string shown = random.chance(80) ? certificate(random) : "";
  const std::string security = little(static_cast<size_t>(random.pick({0, 1, 2, 8, 16})), 4) +
                               little(random.below(5), 4) + little(perhaps(random, 32), 4) +
                               little(perhaps(random, shown.size()), 4) + random.bytes(32) + shown;
  const std::string blocks = block(random, 0x0c01, random.bytes(12)) + block(random, 0x0c03, random.bytes(12)) +
                             block(random, 0x0c02, security);
  const std::string gcc = std::string("\x14\x76\x0a\1\1", 5) +
                          static_cast<char>(random.chance(90) ? 0 : random.below(9)) + std::string("\1\xc0\0", 3) +
                          "McDn" + per(random, blocks.size()) + blocks;
  return data(random, "\x7f" + ber(random, 0x66,
                                   ber(random, 10, std::string(1, '\0')) + ber(random, 2, "\1") +
                                       ber(random, 0x30, "") + ber(random, 4, standard() + "\x2a" + gcc)));
}

std::string record(Random& random, int type, const std::string& bytes) {
  return static_cast<char>(type) + (std::string("\3\3") + big(perhaps(random, bytes.size()))) + bytes;
}
std::string shakes(Random& random, int type, const std::string& body) {
  return static_cast<char>(type) + (std::string(1, '\0') + big(perhaps(random, body.size()))) + body;
}

void tls(Random& random, Dialogue& out) {
  constexpr int kChange = 20, kHandshake = 22, kData = 23;
  using enum Direction;
  const std::string client = "\3\3" + random.bytes(32) + std::string("\0\0\2\x13\1\1\0", 7);
  const std::string server = "\3\3" + random.bytes(32) + std::string("\0\x13\1\0", 4);
  out.push_back({to_server, record(random, kHandshake, shakes(random, 1, client))});
  out.push_back({to_client, record(random, kHandshake, shakes(random, 2, server))});
  if (random.chance(70)) {
    const std::string der = ber(random, 0x30, ber(random, 0x30, ber(random, 2, random.bytes(9)) + random.bytes(20)));
    const std::string chain = std::string(1, '\0') + big(perhaps(random, der.size())) + der;
    out.push_back(
        {to_client, record(random, kHandshake,
                           shakes(random, 11, std::string(1, '\0') + big(perhaps(random, chain.size())) + chain))});
  }
  for (size_t count = random.below(6); count > 0; --count) {
    out.push_back({static_cast<Direction>(random.below(2)),
                   record(random, random.pick({kChange, kData, kData, kHandshake}), random.bytes(random.length(900)))});
  }
}

}  // namespace

Dialogue speak_rdp(Random& random) {
  using enum Direction;
  Dialogue out;
  auto say = [&](Direction direction, const std::string& bytes) {
    if (random.chance(98)) out.push_back({direction, bytes});
  };
  for (size_t count = random.chance(97) ? 1 : random.between(2, 30); count > 0; --count)
    say(to_server, request(random));
  say(to_client, confirm(random));
  if (random.chance(40)) {
    tls(random, out);
    return out;
  }
  say(to_server, connect(random));
  say(to_client, connected(random));
  for (size_t count = random.below(8); count > 0; --count) {
    say(static_cast<Direction>(random.below(2)),
        random.chance(80) ? data(random, "\x64" + random.bytes(random.below(80))) : random.bytes(random.below(80)));
  }
  return out;
}

}  // namespace lapwing::hunt
