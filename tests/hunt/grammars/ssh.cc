// SSH (RFC 4253): banners, lines before them, records with their key exchange, and the turns of a login.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

constexpr uint8_t kKexInit = 20, kNewKeys = 21;

std::string be32(size_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string record(Random& random, uint8_t type, const std::string& payload) {
  const size_t padding = random.between(4, 16), size = 2 + payload.size() + padding;
  const size_t told = random.chance(98) ? size : random.chance(50) ? random.below(400'000) : random.below(size + 8);
  return be32(told) + static_cast<char>(padding) + static_cast<char>(type) + payload + random.bytes(padding);
}

std::string name_list(Random& random) {
  std::string out;
  const size_t count = random.chance(3) ? random.between(100, 4000) : random.below(8);
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    out += random.chance(60) ? std::string(random.pick({"curve25519-sha256", "aes128-ctr", "aes256-gcm@openssh.com",
                                                        "chacha20-poly1305@openssh.com", "hmac-sha2-256",
                                                        "hmac-sha2-256-etm@openssh.com", "none", "zlib@openssh.com"}))
                             : random.letters(random.below(20));
  }
  return random.chance(98) ? be32(out.size()) + out : be32(random.below(out.size() * 2 + 8)) + out;
}

std::string kex_init(Random& random) {
  std::string payload = random.bytes(16);
  const size_t lists = random.chance(96) ? 10 : random.below(12);
  for (size_t i = 0; i < lists; ++i) payload += name_list(random);
  return record(random, kKexInit, payload + '\0' + be32(0));
}

std::string sized(const std::string& text) {
  return be32(text.size()) + text;
}

/// The answer of a key exchange, with the server's key or what is none.
std::string kex_reply(Random& random) {
  const std::string type(random.pick({"ssh-ed25519", "rsa-sha2-512", "", "ssh\n"}));
  const std::string key = sized(type) + sized(random.bytes(random.chance(2) ? 70'000 : random.below(300)));
  const std::string payload = random.chance(95) ? sized(key) + sized(random.bytes(32)) : random.bytes(random.below(40));
  return record(random, static_cast<uint8_t>(random.pick({30, 31, 33})), payload);
}

std::string banner(Random& random, bool server) {
  std::string out;
  const size_t lines = server && random.chance(10) ? random.between(1, 100) : random.chance(2) ? 1 : 0;
  for (size_t i = 0; i < lines; ++i) out += random.letters(random.below(60)) + "\r\n";
  const std::string version = random.chance(90) ? "2.0" : std::string(random.pick({"1.99", "1.5", "", "2", "2.0-x"}));
  const std::string software =
      random.chance(95) ? random.letters(random.between(1, 20)) : random.bytes(random.below(600));
  return out + "SSH-" + version + "-" + software + (random.chance(40) ? " " + random.letters(10) : "") +
         (random.chance(95) ? "\r\n" : "\n");
}

}  // namespace

Dialogue speak_ssh(Random& random) {
  Dialogue out;
  const bool server_first = random.chance(60);
  for (const bool server : {server_first, !server_first}) {
    out.push_back({static_cast<Direction>(server), banner(random, server)});
  }
  for (const bool server : {false, true}) {
    if (random.chance(97)) out.push_back({static_cast<Direction>(server), kex_init(random)});
  }
  for (const bool server : {true, false}) {
    std::string bytes = server && random.chance(80) ? kex_reply(random) : "";
    for (size_t count = random.below(3); count > 0; --count)
      bytes += record(random, static_cast<uint8_t>(random.below(256)), random.bytes(random.length(300)));
    if (random.chance(95)) bytes += record(random, kNewKeys, "");
    out.push_back({static_cast<Direction>(server), bytes});
  }
  const size_t refusal = random.between(28, 120);
  for (size_t turns = random.below(20); turns > 0; --turns) {
    out.push_back({Direction::to_server, random.bytes(random.between(1, 200))});
    out.push_back({Direction::to_client, random.bytes(random.chance(60) ? refusal : random.between(1, 800))});
  }
  return out;
}

}  // namespace lapwing::hunt
