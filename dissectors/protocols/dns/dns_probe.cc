// Tells DNS from everything else by content alone, so that it is found on any port and random data never passes.
#include <algorithm>

#include "dissectors/protocols/dns/dns_parser.h"
#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"

namespace lapwing::dns {

namespace {

constexpr size_t kSmallestQuestion = 5;                   // root name, type, class
constexpr uint8_t kStatus = 2, kNotify = 4, kUpdate = 5;  // operations beside the query (IANA)

struct Header {
  uint16_t id, flags, questions, answers, authorities, additionals;
};

uint8_t opcode_of(uint16_t flags) {
  return flags >> 11 & 0xf;
}

/// What no sane sender of DNS breaks in the flags.
bool sane_flags(const Header& h, bool to_server) {
  const uint8_t opcode = opcode_of(h.flags);
  if (opcode != 0 && opcode != kStatus && opcode != kNotify && opcode != kUpdate) return false;
  if (to_server == ((h.flags & header_flag::response) != 0) || h.flags & header_flag::z) return false;
  return to_server ? !(h.flags & 0xf || h.flags & header_flag::recursion_available) : (h.flags & 0xf) <= 10;
}

/// Everything here must hold for certainty.
bool sane(const Header& h, bool to_server) {
  if (!sane_flags(h, to_server) || h.questions != 1) return false;
  if (!to_server) return h.answers + h.authorities + h.additionals <= 512;
  if (h.additionals > 2) return false;
  return opcode_of(h.flags) == kUpdate ? h.answers + h.authorities <= 64 : h.answers <= 1 && h.authorities <= 1;
}

/// The fields that are there, the others as is usual: lets a first short segment of another protocol go early.
Header read_header(Bytes wire, bool to_server) {
  ByteReader reader(wire);
  Header h{0, to_server ? uint16_t{0} : header_flag::response, 1, 0, 0, 0};
  for (uint16_t* field : {&h.id, &h.flags, &h.questions, &h.answers, &h.authorities, &h.additionals}) {
    if (reader.has(2)) *field = reader.u16();
  }
  return h;
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
  if (message.flags & (header_flag::recursion_desired | header_flag::recursion_available)) return false;
  return message.id == 0 || (!name.empty() && std::ranges::find(name, '.') == name.end());
}

bool known_class(uint16_t klass) {
  return klass == 1 || klass == 3 || klass == 4 || klass == 254 || klass == 255;
}

bool known_type(uint16_t type) {
  return std::ranges::binary_search(type_names(), type, {}, &NamedValue::value);
}

}  // namespace

Likelihood judge(Bytes wire, size_t size, bool to_server, bool datagram, bool only_sure) {
  constexpr uint16_t kFatal = kMalformedAnswers | kUnterminatedName | kInfiniteLoop | kTooManyLabels;
  if (size < kHeaderSize) return Likelihood::no;
  wire = wire.first(std::min(wire.size(), size));
  const bool whole = wire.size() == size;
  const Header h = read_header(wire, to_server);
  const bool odd = !sane(h, to_server);
  // Which only its port makes DNS. Of streams no more is waited for than a short message or one with a good question.
  const bool may_be_odd = datagram || size <= kMaxOdd || (sane_flags(h, to_server) && h.questions > 0);
  if (odd && (only_sure || !may_be_odd)) return Likelihood::no;
  if (wire.size() < kHeaderSize) return Likelihood::more;
  const size_t count = size_t{h.questions} + h.answers + h.authorities + h.additionals;
  if (count == 0 || kHeaderSize + kSmallestQuestion * std::min<size_t>(h.questions, 1) > size || 2 * count > size) {
    return Likelihood::no;
  }
  Message& message = per_thread([] { return Message(); });
  const bool parsed = parse(wire, message);
  if (message.questions.empty() || (datagram && !parsed)) {
    if (!whole) return Likelihood::more;
    return parsed && !(message.faults & kFatal) ? Likelihood::maybe : Likelihood::no;
  }
  const Question& question = message.questions[0];
  const Bytes name = message.text_of(question.name);
  if (is_netbios(name) || (datagram && message.faults & kMalformedAnswers)) return Likelihood::no;
  if (odd || !known_class(question.klass) || !known_type(question.type)) return Likelihood::maybe;
  if (datagram && (may_be_multicast(message, name) || message.faults != 0)) return Likelihood::maybe;
  // Nothing before the first name it could point to.
  return wire[kHeaderSize] & 0xc0 ? Likelihood::maybe : Likelihood::sure;
}

Likelihood resume(Bytes wire, size_t size, bool to_server) {
  const size_t enough = std::min(size, kEnoughToResume);
  wire = wire.first(std::min(wire.size(), enough));
  if (!sane(read_header(wire, to_server), to_server)) return Likelihood::no;
  const Likelihood verdict = judge(wire, size, to_server, false);
  if (verdict == Likelihood::more && wire.size() < enough) return verdict;
  return verdict == Likelihood::sure ? verdict : Likelihood::no;
}

}  // namespace lapwing::dns
