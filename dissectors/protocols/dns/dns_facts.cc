// What a message tells of the application, and what nDPI 4.2 holds to be a risk about it.
#include <algorithm>
#include <array>
#include <cctype>

#include "dissectors/protocols/dns/dns.h"
#include "sensor/event/facts.h"

namespace lapwing::dns {
namespace {

constexpr uint32_t kLargeDatagram = 512;  // of what RFC 1035 2.3.4 allows without EDNS

/// Types of answers that are obsolete, of experiments or seldom asked for by hosts.
bool suspicious(uint16_t type) {
  constexpr uint16_t kTypes[] = {3,  4,  7,  8,   9,   10,  11,  13,  14,  17,  19,  20,  21,  22,
                                 23, 24, 25, 26,  27,  30,  31,  32,  33,  34,  38,  40,  42,  56,
                                 57, 58, 99, 100, 101, 102, 103, 104, 105, 106, 107, 253, 254, 259};
  return std::ranges::binary_search(kTypes, type);
}

/// What nDPI takes for a query: one of the kinds that clients send, or one that brings no records.
bool well_formed_query(const Message& message) {
  constexpr size_t kMostQuestions = 16;
  constexpr uint16_t kUpdate = 0x2800, kInverse = 0x0800, kSetInQueries = 0xfcf0, kSetInInverse = 0xfcff;
  if (message.questions.size() > kMostQuestions) return false;
  const uint16_t flags = message.flags;
  return (flags & kUpdate) == kUpdate || (flags & kSetInQueries) == 0 || (flags & kSetInInverse) == kInverse ||
         (message.answers().empty() && message.authorities().empty());
}

/// What hosts are called by: the rest is written as nDPI writes it.
char plain(uint8_t c, bool& printable) {
  if (std::isalnum(c) || c == '-' || c == '.' || c == '_') return static_cast<char>(std::tolower(c));
  if (std::isprint(c)) return '_';
  printable = false;
  return '?';
}

}  // namespace

void facts(const Event& event, Facts& out) {
  constexpr size_t kLongestName = 255;  // RFC 1035 2.3.4
  static thread_local std::array<char, kLongestName> host;
  const Message& message = static_cast<const MessageTransaction&>(*event.tx).message;
  if (out.datagram && message.size > kLargeDatagram) out.risk(Risk::dns_large_packet);
  if (!message.is_response() && !well_formed_query(message)) out.risk(Risk::malformed_packet);
  if (message.questions.empty()) return;
  const Question& question = message.questions.front();
  const Bytes name = message.text_of(question.name);
  bool printable = true;
  const size_t size = std::min(name.size(), host.size());
  std::transform(name.begin(), name.begin() + static_cast<ptrdiff_t>(size), host.begin(),
                 [&](uint8_t c) { return plain(c, printable); });
  out.host = {host.data(), size};
  if (!printable) out.risk(Risk::invalid_characters);
  if (question.type == 0) out.risk(Risk::malformed_packet);
  if (!message.is_response()) return;
  for (const Record& answer : message.answers()) {
    if (suspicious(answer.type)) out.risk(Risk::dns_suspicious_traffic);
    if (answer.type != kCname) break;
  }
  out.complete = !message.records.empty();
}

}  // namespace lapwing::dns
