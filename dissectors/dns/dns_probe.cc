// Tells DNS from everything else by content alone, so that it is found on any port and random data never passes.
#include <algorithm>

#include "dissectors/dns/dns_parser.h"
#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"

namespace lapwing::dns {

namespace {

constexpr size_t kSmallestQuestion = 5;  // root name, type, class

struct Header {
  uint16_t id, flags, questions, answers, authorities, additionals;
};

uint8_t opcode_of(uint16_t flags) {
  return flags >> 11 & 0xf;
}

/// What no sane sender of DNS breaks: everything here must hold for certainty.
bool sane(const Header& h, bool to_server) {
  constexpr uint8_t kNotify = 4, kUpdate = 5, kStatus = 2;
  const uint8_t opcode = opcode_of(h.flags);
  if (opcode != 0 && opcode != kStatus && opcode != kNotify && opcode != kUpdate) return false;
  if (to_server == ((h.flags & flag::response) != 0) || h.questions != 1 || h.flags & flag::z) return false;
  if (!to_server) return h.answers + h.authorities + h.additionals <= 512 && (h.flags & 0xf) <= 10;
  if (h.flags & 0xf || h.flags & flag::recursion_available || h.additionals > 2) return false;
  return opcode == kUpdate ? h.answers + h.authorities <= 64 : h.answers <= 1 && h.authorities <= 1;
}

/// Header fields as far as they are there: lets a first short segment of another protocol go early.
bool possible(Bytes wire, bool to_server) {
  ByteReader reader(wire);
  Header h{};
  reader.u16();
  if (reader.has(2)) h.flags = reader.u16();
  h.questions = reader.has(2) ? reader.u16() : uint16_t{1};
  for (uint16_t* count : {&h.answers, &h.authorities, &h.additionals})
    *count = reader.has(2) ? reader.u16() : uint16_t{0};
  if (wire.size() < 4) h.flags = to_server ? 0 : flag::response;
  return sane(h, to_server);
}

/// NetBIOS name service (RFC 1002) is DNS in form: a first label of 32 letters A to P. Most of them suffice, so that a
/// broken one is not taken for DNS either.
bool is_netbios(Bytes name) {
  constexpr size_t kLabel = 32, kSlack = 2;
  const size_t label = static_cast<size_t>(std::ranges::find(name, '.') - name.begin());
  if (label + kSlack < kLabel || label > kLabel + kSlack) return false;
  const auto letters = std::ranges::count_if(name.first(label), [](uint8_t c) { return c >= 'A' && c <= 'P'; });
  return static_cast<size_t>(letters) + kSlack >= label;
}

/// Multicast DNS (RFC 6762) and LLMNR (RFC 4795) are DNS in form. The first has no id and no recursion; the second
/// asks for single-label names without recursion. Plain DNS may look so too: then its port has to tell.
bool may_be_multicast(const Message& message, Bytes name) {
  if (message.flags & (flag::recursion_desired | flag::recursion_available)) return false;
  return message.id == 0 || (!name.empty() && std::ranges::find(name, '.') == name.end());
}

bool known_class(uint16_t klass) {
  return klass == 1 || klass == 3 || klass == 4 || klass == 254 || klass == 255;
}

bool known_type(uint16_t type) {
  return std::ranges::binary_search(type_names(), type, {}, &NamedNumber::number);
}

}  // namespace

Verdict judge(Bytes wire, size_t size, bool to_server, bool datagram) {
  constexpr uint16_t kFatal = kMalformedAnswers | kUnterminatedName | kInfiniteLoop | kTooManyLabels;
  if (size < kHeaderSize) return Verdict::no;
  const bool whole = wire.size() >= size;
  wire = wire.first(std::min(wire.size(), size));
  if (wire.size() < kHeaderSize) return possible(wire, to_server) ? Verdict::more : Verdict::no;
  const uint8_t* p = wire.data();
  const Header h{load_be16(p),     load_be16(p + 2), load_be16(p + 4),
                 load_be16(p + 6), load_be16(p + 8), load_be16(p + 10)};
  const size_t count = size_t{h.questions} + h.answers + h.authorities + h.additionals;
  if (count == 0 || kHeaderSize + kSmallestQuestion * std::min<size_t>(h.questions, 1) > size || 2 * count > size) {
    return Verdict::no;
  }
  Message& message = per_thread([] { return Message(); });
  if (!parse(wire, message)) {
    if (whole) return Verdict::no;
    if (!message.questions.empty()) return Verdict::plausible;
    return sane(h, to_server) ? Verdict::more : Verdict::no;
  }
  if (message.questions.empty()) return whole && !(message.faults & kFatal) ? Verdict::plausible : Verdict::no;
  const Question& question = message.questions[0];
  const Bytes name = message.text_of(question.name);
  if (is_netbios(name)) return Verdict::no;
  if (whole && message.faults & kMalformedAnswers) return Verdict::no;
  if (!sane(h, to_server) || !known_class(question.klass) || !known_type(question.type)) return Verdict::plausible;
  if (datagram && may_be_multicast(message, name)) return Verdict::plausible;
  if (wire[kHeaderSize] & 0xc0) return Verdict::plausible;  // nothing before the first name it could point to
  return whole && message.faults != 0 ? Verdict::plausible : Verdict::certain;
}

}  // namespace lapwing::dns
