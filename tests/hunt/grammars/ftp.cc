// FTP (RFC 959): sessions whose commands and replies are out of step, and name ports of anybody; and TFTP (RFC 1350).
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string command(Random& random) {
  switch (random.below(10)) {
    case 0: return "USER " + std::string(random.pick({"anonymous", "ftp", "ann", ""}));
    case 1: return "PASS " + random.letters(random.length(6000));
    case 2:
      if (random.chance(50)) return "PORT 10,9,1,1,4,1";
      return "PORT 10,0,0," + random.number() + "," + random.number() + ",1";
    case 3: return "EPRT |" + std::string(random.pick({"1|10.0.0.1", "2|::1", "3|x"})) + "|" + random.number() + "|";
    case 4: return std::string(random.pick({"PASV", "EPSV", "EPSV ALL"}));
    case 5: return std::string(random.pick({"RETR", "STOR", "APPE", "STOU"})) + " " + random.letters(random.below(20));
    case 6: return std::string(random.pick({"LIST", "NLST", "MLSD", "STAT"}));
    case 7: return "REST " + random.number();
    case 8:
      return std::string(random.pick({"CWD ", "CDUP ", "PWD ", "AUTH TLS", "REIN",
                                      "\xff\xf4\xff\xf2"
                                      "ABOR"})) +
             "..";
    default: return random.letters(random.below(8)) + " " + random.bytes(random.below(30));
  }
}

std::string reply(Random& random) {
  const std::string code(
      random.pick({"120", "150", "200", "220", "226", "227", "229", "234", "250", "257", "350", "530"}));
  const std::string text(random.pick({"ok", "(10,0,0,1,4,1)", "(|||1025|)", "\"/a\"\"b\"", ""}));
  std::string out;
  if (random.chance(20)) {
    out = code + "-first\r\n";
    for (size_t lines = random.length(300); lines > 0; --lines) out += random.letters(random.below(9)) + "\r\n";
  }
  return out + code + (random.chance(95) ? " " : "-") + text;
}

std::string text(size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

/// The blocks of a file and what answers them; they come from the client where it was asked to write.
void transfer(Random& random, bool read, Dialogue& out) {
  for (size_t i = 0, blocks = random.below(20); i < blocks; ++i) {
    const size_t number = random.chance(90) ? i + 1 : random.below(65'536);
    const bool data = random.chance(80);
    const auto direction = read == data ? Direction::to_client : Direction::to_server;
    out.push_back({direction, data ? text(3) + text(number) + random.bytes(random.chance(80) ? 512 : random.below(600))
                                   : text(random.between(4, 6)) + text(number)});
  }
}

}  // namespace

Dialogue speak_ftp(Random& random) {
  Dialogue out;
  if (random.chance(80)) out.push_back({Direction::to_client, "220 FTP server ready\r\n"});
  for (size_t turns = random.between(1, 30); turns > 0; --turns) {
    const auto direction = static_cast<Direction>(random.below(2));
    const std::string line = direction == Direction::to_server ? command(random) : reply(random);
    out.push_back({direction, line + (random.chance(95) ? "\r\n" : "\n")});
  }
  return out;
}

Dialogue speak_tftp(Random& random) {
  Dialogue out;
  const bool read = random.chance(60);
  std::string request = text(read ? 1 : 2) + random.letters(random.below(20)) + '\0' + "octet" + '\0';
  if (random.chance(40)) request += "blksize" + std::string(1, '\0') + random.number() + '\0';
  out.push_back({Direction::to_server, std::move(request)});
  transfer(random, read, out);
  return out;
}

/// Data connections on the one port that most commands and replies name, whether or not they did.
std::vector<Announced> announce_ftp(Random& random) {
  std::vector<Announced> out(random.below(4));
  for (Announced& flow : out) {
    flow.to_client = random.chance(40);
    flow.port = random.chance(80) ? 1025 : 0;
    for (size_t turns = random.below(4); turns > 0; --turns) {
      const auto direction = random.chance(10) ? Direction::to_server : Direction::to_client;
      flow.dialogue.push_back({direction, random.chance(50) ? random.letters(random.length(4000)) + "\r\n"
                                                            : random.bytes(random.length(80'000))});
    }
  }
  return out;
}

/// The server begins on a port of its own.
std::vector<Announced> announce_tftp(Random& random) {
  std::vector<Announced> out(random.below(3));
  for (Announced& flow : out) {
    flow.datagrams = true;
    flow.to_client = true;
    if (random.chance(30)) flow.dialogue.push_back({Direction::to_server, text(6) + "blksize" + '\0' + "8" + '\0'});
    transfer(random, random.chance(40), flow.dialogue);
  }
  return out;
}

}  // namespace lapwing::hunt
