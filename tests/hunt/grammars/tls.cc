// TLS (RFC 5246, 8446): handshakes with retries, certificates of any shape, and records cut anywhere.
#include <algorithm>

#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

enum Handshake : uint8_t {
  client_hello = 1,
  server_hello = 2,
  ticket = 4,
  certificate = 11,
  key_exchange = 12,
  request = 13,
  hello_done = 14,
  verify = 15,
  client_key = 16,
  finished = 20
};

std::string number(size_t value, size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(value >> 8 * (size - 1 - i));
  return out;
}

/// A vector with its length in front, which is now and then not its own.
std::string vec(Random& random, size_t size, const std::string& bytes) {
  return number(random.chance(98) ? bytes.size() : random.below(bytes.size() * 2 + 4), size) + bytes;
}

std::string version(Random& random) {
  return random.chance(92)   ? "\3\3"
         : random.chance(70) ? "\3" + std::string(1, static_cast<char>(random.below(6)))
                             : random.bytes(2);
}

std::string shakes(Random& random, uint8_t type, const std::string& body) {
  return static_cast<char>(type) + vec(random, 3, body);
}

std::string extension(Random& random, size_t type, const std::string& body) {
  return number(type, 2) + vec(random, 2, body);
}

std::string numbers(Random& random, size_t most) {
  std::string out;
  for (size_t count = random.between(1, most); count > 0; --count)
    out += random.chance(90)
               ? number(static_cast<size_t>(random.pick({0x1301, 0x1302, 0xc02f, 0xc030, 0x009c, 0x0a0a, 0x00ff})), 2)
               : random.bytes(2);
  return out;
}

std::string protocols(Random& random) {
  std::string out;
  const size_t count = random.chance(4) ? random.between(50, 3000) : random.between(1, 3);
  for (size_t i = 0; i < count; ++i)
    out += vec(random, 1, std::string(random.pick({"h2", "http/1.1", "", "x", "dot"})));
  return vec(random, 2, out);
}

std::string hello(Random& random, bool server, bool retry) {
  std::string out = version(random);
  // The random that makes a ServerHello a HelloRetryRequest (RFC 8446 section 4.1.3).
  static const std::string kRetry(
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2"
      "\xc8\xa8\x33\x9c",
      32);
  out += server && retry ? kRetry : random.bytes(32);
  out += vec(random, 1, random.bytes(random.chance(60) ? 32 : random.below(40)));
  if (server) {
    out += number(random.chance(50) ? 0x1301 : 0xc02f, 2);
    out += '\0';
  } else {
    out += vec(random, 2, numbers(random, random.chance(5) ? 2000 : 20)) + vec(random, 1, std::string(1, '\0'));
  }
  std::string extensions;
  for (size_t count = random.chance(4) ? random.between(30, 400) : random.between(1, 8); count > 0; --count) {
    switch (random.below(10)) {
      case 0:
      case 1: {
        const std::string host = random.chance(85) ? "www.lab.example" : random.bytes(random.length(600));
        std::string names;
        for (size_t i = random.chance(95) ? 1 : random.below(5); i > 0; --i)
          names += std::string(1, '\0') + vec(random, 2, host);
        extensions += extension(random, 0, vec(random, 2, names));
        break;
      }
      case 2: extensions += extension(random, 16, protocols(random)); break;
      case 3: extensions += extension(random, 10, vec(random, 2, numbers(random, 9))); break;
      case 4: extensions += extension(random, 11, vec(random, 1, random.bytes(random.below(4)))); break;
      case 5: extensions += extension(random, 13, vec(random, 2, numbers(random, 9))); break;
      case 6: extensions += extension(random, 43, server ? std::string("\3\4") : vec(random, 1, "\3\4\3\3")); break;
      case 7: extensions += extension(random, 51, random.bytes(random.below(80))); break;
      case 8: extensions += extension(random, 35, random.bytes(random.length(300))); break;
      case 9: extensions += extension(random, random.below(65536), random.bytes(random.length(100))); break;
    }
  }
  if (random.chance(95)) out += vec(random, 2, extensions);
  return shakes(random, server ? server_hello : client_hello, out);
}

/// DER (X.690): a tag, a length that is now and then another, the content.
std::string der(Random& random, int tag, const std::string& body) {
  std::string out(1, static_cast<char>(random.chance(99) ? tag : random.below(256)));
  const size_t size = random.chance(99) ? body.size() : random.below(70'000);
  if (size < 128 && random.chance(98)) return out + static_cast<char>(size) + body;
  return out + (size < 65536 ? '\x82' + number(size, 2) : '\x84' + number(size, 4)) + body;
}

std::string directory_name(Random& random) {
  std::string out;
  for (size_t count = random.chance(3) ? random.between(50, 300) : random.between(1, 4); count > 0; --count) {
    const std::string oid = std::string("\x55\4", 2) + static_cast<char>(random.pick({3, 6, 7, 8, 10, 11, 42}));
    const std::string text = random.chance(85) ? random.letters(random.below(30)) : random.bytes(random.below(100));
    out += der(random, 0x31,
               der(random, 0x30, der(random, 6, oid) + der(random, random.pick({0x0c, 0x13, 0x1e, 0x14}), text)));
  }
  return der(random, 0x30, out);
}

std::string time_of(Random& random) {
  return random.chance(85) ? der(random, 0x17, "260101000000Z")
                           : der(random, random.chance(50) ? 0x18 : 0x17,
                                 std::string(random.pick({"20500101000000Z", "999999999999Z", "", "Z",
                                                          "99991231235959Z", "260101000000+9999"})));
}

std::string x509(Random& random) {
  const std::string algorithm =
      der(random, 0x30, der(random, 6, "\x2a\x86\x48\x86\xf7\x0d\1\1\x0b") + der(random, 5, ""));
  std::string names;
  for (size_t count = random.chance(4) ? random.between(50, 2000) : random.below(5); count > 0; --count)
    names += der(random, random.chance(90) ? 0x82 : random.pick({0x81, 0x86, 0x87, 0x88, 0xa4}),
                 random.letters(random.below(20)));
  const std::string san = der(random, 0x30, der(random, 6, "\x55\x1d\x11") + der(random, 4, der(random, 0x30, names)));
  const std::string to_sign = der(
      random, 0x30,
      der(random, 0xa0, der(random, 2, "\2")) + der(random, 2, random.bytes(random.length(400))) + algorithm +
          directory_name(random) + der(random, 0x30, time_of(random) + time_of(random)) + directory_name(random) +
          der(random, 0x30, algorithm + der(random, 3, random.bytes(40))) + der(random, 0xa3, der(random, 0x30, san)));
  return der(random, 0x30, to_sign + algorithm + der(random, 3, random.bytes(40)));
}

std::string certificates(Random& random) {
  std::string chain;
  for (size_t count = random.chance(4) ? random.between(10, 100) : random.below(4); count > 0; --count)
    chain += vec(random, 3, random.chance(95) ? x509(random) : random.bytes(random.length(200)));
  return shakes(random, certificate, vec(random, 3, chain));
}

/// Messages of one kind into records, which need not end where messages do.
std::string records(Random& random, uint8_t type, const std::string& bytes) {
  std::string out;
  const bool tiny = random.chance(8), many = random.chance(15);
  size_t at = 0;
  do {
    const size_t size = std::min(bytes.size() - at, tiny   ? 1 + random.below(3)
                                                    : many ? 1 + random.length(900)
                                                           : size_t{16384});
    if (random.chance(2)) out += static_cast<char>(type) + version(random) + number(0, 2);
    out += static_cast<char>(random.chance(99) ? type : random.below(256)) + version(random) +
           vec(random, 2, bytes.substr(at, size));
    at += size;
  } while (at < bytes.size());
  return out;
}

}  // namespace

Dialogue speak_tls(Random& random) {
  constexpr uint8_t kChange = 20, kAlert = 21, kHandshake = 22, kData = 23;
  Dialogue out;
  auto say = [&](Direction direction, const std::string& bytes) {
    if (random.chance(98)) out.push_back({direction, bytes});
  };
  using enum Direction;
  if (random.chance(5)) say(to_server, std::string("\x17\3\3\0\4abcd", 9) + "plain VAL text");
  const size_t hellos = random.chance(80) ? 1 : random.between(2, 3);
  for (size_t i = 0; i < hellos; ++i) {
    say(to_server, random.chance(98) ? records(random, kHandshake, hello(random, false, false))
                                     : std::string("\x80\x2e\1\0\2", 5) + random.bytes(43));
    if (i + 1 < hellos) say(to_client, records(random, kHandshake, hello(random, true, true)));
  }
  std::string server = hello(random, true, false);
  if (random.chance(70)) server += certificates(random);
  if (random.chance(40)) server += shakes(random, key_exchange, random.bytes(random.length(400)));
  if (random.chance(10)) server += shakes(random, request, random.bytes(random.length(100)));
  if (random.chance(60)) server += shakes(random, hello_done, "");
  if (random.chance(5))
    server += shakes(random, static_cast<uint8_t>(random.below(256)), random.bytes(random.length(300)));
  say(to_client, records(random, kHandshake, server));
  std::string client;
  if (random.chance(10)) client += certificates(random);
  if (random.chance(60)) client += shakes(random, client_key, random.bytes(random.length(300)));
  if (!client.empty()) say(to_server, records(random, kHandshake, client));
  for (Direction direction : {to_server, to_client}) {
    if (random.chance(80))
      say(direction, records(random, kChange, "\1") + records(random, kHandshake, random.bytes(40)));
  }
  for (size_t i = random.below(6); i > 0; --i) {
    say(static_cast<Direction>(random.below(2)),
        records(random, random.chance(90) ? kData : kHandshake, random.bytes(1 + random.length(3000))));
  }
  if (random.chance(20))
    say(static_cast<Direction>(random.below(2)),
        records(random, kAlert, random.chance(80) ? "\1\x00" : random.bytes(random.below(5))));
  if (random.chance(4)) say(static_cast<Direction>(random.below(2)), random.bytes(random.length(200)));
  return out;
}

}  // namespace lapwing::hunt
