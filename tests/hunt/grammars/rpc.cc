// ONC RPC (RFC 5531) with NFS, the mount protocol and the portmapper: lengths that lie, fragments, numbers of calls
// that come again, answers that nobody asked for, compounds, files in pieces.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string word(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

/// Mostly the number itself.
std::string number(Random& random, uint32_t value) {
  if (random.chance(97)) return word(value);
  constexpr uint32_t kOdd[] = {0, 1, 2, 6, 255, 65536, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
  return word(kOdd[random.below(std::size(kOdd))]);
}
std::string longer(Random& random, uint32_t value) {
  return number(random, random.chance(97) ? 0 : 0x7fffffff) + number(random, value);
}
std::string text(Random& random, const std::string& said) {
  std::string out = number(random, static_cast<uint32_t>(said.size())) + said;
  return out.append((4 - said.size() % 4) % 4, '\0');
}
std::string name(Random& random) {
  return text(random, random.letters(1 + random.below(random.chance(90) ? 12 : 3000)));
}
std::string handle(Random& random) {
  return text(random, "handle" + std::to_string(random.below(5)));
}
std::string data(Random& random) {
  return text(random, random.bytes(random.length(20'000)));
}

std::string credentials(Random& random) {
  switch (random.below(4)) {
    case 0: return word(0) + word(0);
    case 1: {
      std::string body = word(1) + number(random, static_cast<uint32_t>(random.below(4))) + word(1) +
                         number(random, static_cast<uint32_t>(1 + random.below(3))) + text(random, "ctx");
      return number(random, 6) + text(random, body);
    }
    default: {
      std::string body =
          word(1) + text(random, random.letters(6)) + word(1000) + word(100) + number(random, 2) + word(4) + word(5);
      return number(random, 1) + text(random, body);
    }
  }
}

std::string attributes(Random& random) {
  return random.chance(50) ? word(0) : word(1) + word(1) + word(0644) + random.bytes(76);
}

std::string arguments3(Random& random, uint32_t procedure) {
  std::string out = handle(random);
  switch (procedure) {
    case 6: return out + longer(random, static_cast<uint32_t>(random.below(4)) * 4096) + number(random, 4096);
    case 7: {
      const std::string bytes = data(random);
      return out + longer(random, static_cast<uint32_t>(random.below(4)) * 4096) + bytes.substr(0, 4) +
             number(random, static_cast<uint32_t>(random.below(3))) + bytes;
    }
    case 14: return out + name(random) + handle(random) + name(random);
    case 17: return out + std::string(16, '\0') + word(4096) + word(8192);
    case 21: return out + longer(random, 0) + word(0);
    default: return out + name(random) + random.bytes(random.below(40));
  }
}

std::string results3(Random& random, uint32_t procedure) {
  std::string out = number(random, random.chance(80) ? 0 : 2);
  switch (procedure) {
    case 3: return out + handle(random) + attributes(random) + word(0);
    case 6: return out + attributes(random) + word(0) + number(random, random.chance(40)) + data(random);
    case 8: return out + word(1) + handle(random) + attributes(random) + word(0) + word(0);
    case 17: {
      out += attributes(random) + std::string(8, '\0');
      for (size_t entries = random.length(200); entries > 0; --entries) {
        out += word(1) + std::string(8, 'i') + name(random) + std::string(8, 'c') + attributes(random);
        out += random.chance(70) ? word(1) + handle(random) : word(0);
      }
      return out + word(0) + word(1);
    }
    default: return out + word(0) + attributes(random) + random.bytes(random.below(30));
  }
}

std::string operation(Random& random) {
  const std::string state(16, 's');
  switch (random.below(10)) {
    case 0: return word(53) + std::string(32, 'q');
    case 1: return word(22) + handle(random);
    case 2:
      return word(18) + word(0) + word(1) + word(0) + std::string(8, 'c') + name(random) + word(0) + number(random, 0) +
             name(random);
    case 3: return word(25) + state + longer(random, static_cast<uint32_t>(random.below(4)) * 4096) + word(4096);
    case 4:
      return word(38) + state + longer(random, static_cast<uint32_t>(random.below(4)) * 4096) + number(random, 2) +
             data(random);
    case 5: return word(4) + word(1) + state;
    case 6: return word(28) + name(random);
    case 7: return word(29) + name(random) + name(random);
    case 8: return word(9) + number(random, 2) + word(0x18) + word(0x2000);
    default: return number(random, static_cast<uint32_t>(random.below(80))) + random.bytes(random.below(60));
  }
}

std::string outcome(Random& random) {
  const std::string good = number(random, 0);
  switch (random.below(8)) {
    case 0: return word(53) + good + std::string(36, 'q');
    case 1: return word(22) + good;
    case 2:
      return word(18) + good + std::string(16, 's') + std::string(20, 'c') + word(0) + word(0) + number(random, 0);
    case 3: return word(10) + good + handle(random);
    case 4: return word(25) + good + number(random, random.chance(40)) + data(random);
    case 5: return word(28) + good + std::string(20, 'c');
    case 6: return word(9) + good + word(1) + word(0x12) + text(random, random.bytes(12));
    default: return number(random, static_cast<uint32_t>(random.below(80))) + good + random.bytes(random.below(60));
  }
}

std::string compound(Random& random, std::string out, std::string (*one)(Random&)) {
  const size_t count = 1 + random.length(random.chance(95) ? 8 : 300);
  out += number(random, static_cast<uint32_t>(count));
  for (size_t i = 0; i < count; ++i) out += one(random);
  return out;
}

struct Program {
  uint32_t number, versions, procedures;
};
constexpr Program kNfs = {100003, 4, 22}, kMount = {100005, 3, 6}, kPortmap = {100000, 4, 13};

std::string arguments(Random& random, const Program& program, uint32_t version, uint32_t procedure) {
  if (program.number == kNfs.number && version == 4) return compound(random, name(random) + word(1), operation);
  if (program.number == kNfs.number && version == 2)
    return std::string(32, 'h') + name(random) + random.bytes(random.below(50));
  if (program.number == kNfs.number) return arguments3(random, procedure);
  if (program.number == kMount.number) return name(random);
  std::string out = number(random, static_cast<uint32_t>(random.pick({100003, 100005, 7}))) + word(3);
  if (version == 2) return out + number(random, random.chance(50) ? 6 : 17) + word(0);
  return out + text(random, random.chance(50) ? "tcp" : "udp6") + name(random) + name(random);
}

std::string results(Random& random, const Program& program, uint32_t version, uint32_t procedure) {
  if (program.number == kNfs.number && version == 4) return compound(random, word(0) + name(random), outcome);
  if (program.number == kNfs.number) return results3(random, procedure);
  std::string out;
  if (program.number == kMount.number && procedure == 1) return number(random, 0) + handle(random) + word(1) + word(1);
  if (procedure != 4 && procedure != 5) return number(random, static_cast<uint32_t>(random.below(65536)));
  for (size_t entries = random.length(400); entries > 0; --entries) {
    out += number(random, 1) + name(random);
    out += program.number == kMount.number ? word(1) + name(random) + word(0) : random.bytes(16);
  }
  return out + word(0);
}

std::string record(Random& random, const std::string& message) {
  std::string out;
  const size_t fragment = random.chance(80) ? message.size() : 1 + random.below(random.chance(80) ? 500 : 4);
  for (size_t at = 0; at < message.size(); at += fragment) {
    const std::string piece = message.substr(at, fragment);
    const uint32_t last = at + fragment >= message.size() ? 0x80000000 : 0;
    out += number(random, static_cast<uint32_t>(piece.size()) | last) + piece;
  }
  return out;
}

Dialogue speak(Random& random, const Program& program, bool datagrams) {
  Dialogue out;
  for (size_t turns = random.between(1, 20); turns > 0; --turns) {
    const auto xid = static_cast<uint32_t>(random.below(random.chance(90) ? 1000 : 3));
    const auto version = static_cast<uint32_t>(2 + random.below(program.versions - 1));
    auto procedure = static_cast<uint32_t>(random.below(program.procedures));
    if (program.number == kNfs.number && version == 4) procedure = random.chance(95);
    const std::string call = word(xid) + word(0) + number(random, 2) + word(program.number) + number(random, version) +
                             number(random, procedure) + credentials(random) + word(0) + word(0) +
                             arguments(random, program, version, procedure);
    const std::string reply = word(xid) + word(1) + number(random, 0) + word(0) + word(0) + number(random, 0) +
                              results(random, program, version, procedure);
    const auto say = [&](Direction direction, const std::string& message) {
      out.push_back({direction, datagrams ? message.substr(0, 1400) : record(random, message)});
    };
    const bool crossed = random.chance(5);
    if (crossed) say(Direction::to_client, reply);
    if (random.chance(97)) say(Direction::to_server, call);
    if (datagrams && random.chance(10)) say(Direction::to_server, call);
    if (!crossed && random.chance(90)) say(Direction::to_client, reply);
  }
  return out;
}

}  // namespace

Dialogue speak_nfs(Random& random) {
  return speak(random, kNfs, false);
}
Dialogue speak_nfs_datagrams(Random& random) {
  return speak(random, kNfs, true);
}
Dialogue speak_mount(Random& random) {
  return speak(random, kMount, false);
}
Dialogue speak_portmap(Random& random) {
  return speak(random, kPortmap, true);
}

}  // namespace lapwing::hunt
