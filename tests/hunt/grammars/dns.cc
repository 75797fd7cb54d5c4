// DNS (RFC 1035) over UDP and TCP: questions and answers with names that point anywhere and data of any shape.
#include <algorithm>

#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

constexpr size_t kDatagram = 65'000;

void put16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}
void put32(std::string& out, size_t value) {
  put16(out, value >> 16 & 0xffff);
  put16(out, value & 0xffff);
}

std::string label(Random& random) {
  std::string text = random.chance(80) ? random.letters(1 + random.below(12)) : random.bytes(random.below(64));
  if (random.chance(2)) text = std::string(63, 'l');
  return static_cast<char>(text.size()) + text;
}

/// `begun`: the message so far, whose bytes a pointer may name (section 4.1.4).
std::string name(Random& random, const std::string& begun) {
  std::string out;
  if (random.chance(35)) {  // what most names in answers are
    put16(out, 0xc00c);
    return out;
  }
  for (size_t labels = random.chance(3) ? random.between(30, 130) : random.below(5); labels > 0; --labels)
    out += label(random);
  switch (random.below(20)) {
    case 0: put16(out, 0xc000 | random.below(begun.size() + 1)); break;          // anywhere before
    case 1: put16(out, 0xc000 | ((begun.size() + out.size()) & 0x3fff)); break;  // itself
    case 2: put16(out, 0xc000 | random.below(0x4000)); break;                    // anywhere
    case 3: out += static_cast<char>(0x40 | random.below(128)); break;           // reserved label types
    case 4: break;                                                               // no end
    default: out += '\0'; break;
  }
  return out;
}

std::string strings(Random& random) {
  std::string out;
  const size_t kind = random.below(10);
  if (kind == 0) return std::string(random.length(4000), '\0');  // empty strings
  for (size_t count = kind == 1 ? random.between(50, 800) : random.below(4); count > 0; --count) {
    const std::string text = random.chance(80) ? random.letters(random.below(30)) : random.bytes(random.below(256));
    out += static_cast<char>(text.size());
    out += text;
  }
  if (random.chance(5)) out += '\xff';
  return out;
}

std::string data(Random& random, uint16_t type, const std::string& begun) {
  std::string out;
  switch (type) {
    case 1: return random.bytes(random.chance(92) ? 4 : random.below(8));
    case 28: return random.bytes(random.chance(92) ? 16 : random.below(20));
    case 2:
    case 5:
    case 12:
    case 39: return name(random, begun + "\0\0");
    case 15: put16(out, random.below(65536)); return out + name(random, begun + out);
    case 6:
      out = name(random, begun);
      out += name(random, begun + out);
      return out + random.bytes(random.chance(92) ? 20 : random.below(24));
    case 16: return strings(random);
    case 33: return random.bytes(6) + name(random, begun);
    case 35: return random.bytes(4) + strings(random) + strings(random) + name(random, begun);
    case 44: return random.bytes(2 + random.below(40));
    case 257: return std::string("\0\5issue", 7) + random.letters(9);
    case 64:
    case 65: {  // SVCB (RFC 9460)
      put16(out, random.below(3));
      out += name(random, begun);
      for (size_t i = random.below(6); i > 0; --i) {
        const std::string value = random.bytes(random.below(20));
        put16(out, random.below(8));
        put16(out, random.chance(90) ? value.size() : random.below(65536));
        out += value;
      }
      return out;
    }
    case 41:
      for (size_t i = random.below(4); i > 0; --i) {
        const std::string value = random.bytes(random.below(30));
        put16(out, random.below(20));
        put16(out, random.chance(90) ? value.size() : random.below(65536));
        out += value;
      }
      return out;
    default: return random.bytes(random.length(600));
  }
}

constexpr uint16_t kTypes[] = {1,  28, 2,  5,  6,  12, 15,  16,  16,  33, 35, 39,   41,
                               43, 44, 46, 64, 65, 99, 252, 255, 257, 10, 0,  65535};

void record(Random& random, std::string& out) {
  const uint16_t type = random.pick(kTypes);
  out += type == 41 ? std::string(1, '\0') : name(random, out);
  put16(out, type);
  put16(out, random.chance(93) ? 1 : random.below(65536));
  put32(out, random.next() & 0xffffffff);
  std::string begun = out;
  put16(begun, 0);
  const std::string bytes = data(random, type, begun);
  put16(out, random.chance(95) ? bytes.size() : random.below(bytes.size() * 2 + 20));
  out += bytes;
}

std::string message(Random& random, uint16_t id, bool response) {
  std::string out;
  size_t counts[4] = {random.chance(90) ? 1 : random.below(4), 0, 0, random.chance(20)};
  if (response) {
    counts[1] = random.chance(4) ? random.between(20, 400) : random.below(5);
    counts[2] = random.chance(20) ? random.below(4) : 0;
  }
  if (random.chance(2)) counts[0] = random.between(200, 600);
  put16(out, id);
  put16(out, random.chance(90) ? (response ? 0x8180 : 0x0100) : random.below(65536));
  for (size_t count : counts) put16(out, random.chance(97) ? count : random.below(65536));
  for (size_t i = 0; i < counts[0]; ++i) {
    if (random.chance(60)) {
      out += std::string("\3www\3lab\7example\0", 17);
    } else {
      out += name(random, out);
    }
    put16(out, random.pick(kTypes));
    put16(out, random.chance(95) ? 1 : random.below(65536));
  }
  for (size_t i = counts[1] + counts[2] + counts[3]; i > 0 && out.size() < kDatagram; --i) record(random, out);
  if (random.chance(4)) out += random.bytes(random.length(200));
  if (random.chance(3)) out.resize(random.below(out.size() + 1));
  if (out.size() > kDatagram) out.resize(kDatagram);
  return out;
}

Dialogue speak(Random& random, bool stream) {
  Dialogue out;
  std::string waiting[2];
  for (size_t exchanges = random.chance(5) ? random.between(10, 60) : random.between(1, 6); exchanges > 0;
       --exchanges) {
    const auto id = static_cast<uint16_t>(random.next());
    for (bool response : {false, true}) {
      if (random.chance(8)) continue;
      std::string bytes =
          message(random, random.chance(95) ? id : static_cast<uint16_t>(random.next()), response != random.chance(3));
      if (stream) {
        std::string length;
        put16(length, random.chance(97) ? bytes.size() : random.below(65536));
        bytes = length + bytes;
        if (random.chance(2)) bytes = random.pick({"GET / HTTP/1.1\r\n\r\n", "junk", "\r\n"});
      }
      if (stream && random.chance(30)) {
        waiting[response] += bytes;
        continue;
      }
      out.push_back({static_cast<Direction>(response), waiting[response] + bytes});
      waiting[response].clear();
    }
  }
  for (bool response : {false, true}) {
    if (!waiting[response].empty()) out.push_back({static_cast<Direction>(response), waiting[response]});
  }
  return out;
}

}  // namespace

Dialogue speak_dns(Random& random) {
  return speak(random, false);
}
Dialogue speak_dns_stream(Random& random) {
  return speak(random, true);
}

}  // namespace lapwing::hunt
