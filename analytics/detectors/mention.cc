#include "analytics/detectors/mention.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr size_t kMostName = 253;  // RFC 1035 2.3.4, as text

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  const uint8_t small = lower(static_cast<uint8_t>(c));
  return is_digit(c) || (small >= 'a' && small <= 'f');
}
bool is_letter(char c) {
  const uint8_t small = lower(static_cast<uint8_t>(c));
  return small >= 'a' && small <= 'z';
}
bool in_name(char c) {
  return is_digit(c) || is_letter(c) || c == '.' || c == '-' || c == '_';
}

bool ends_like(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && equal_nocase(text.substr(text.size() - end.size()), end);
}

/// `before`: what stands before a name.
bool of_request(std::string_view before) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!ends_like(before, scheme)) continue;
    before.remove_suffix(scheme.size());
    break;  // of many one behind the other each would be looked through to the first
  }
  constexpr std::string_view kHeaders[] = {"\nhost: ", "\nreferer: ", "\norigin: "};
  return std::ranges::any_of(kHeaders, [&](std::string_view header) { return ends_like(before, header); });
}

/// As browsers and C libraries read it (inet_aton).
void tell_number(std::string_view text, MentionSink& sink) {
  const bool hex = ends_like(text.substr(0, 2), "0x");
  if (hex) text.remove_prefix(2);
  constexpr size_t kLeastHex = 7, kLeastDecimal = 8;  // of addresses from 1.0.0.0 on
  if (text.size() < (hex ? kLeastHex : kLeastDecimal)) return;
  uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  if (fault != std::errc() || end != text.data() + text.size()) return;
  const std::array<uint8_t, 4> bytes = {static_cast<uint8_t>(number >> 24), static_cast<uint8_t>(number >> 16),
                                        static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  sink.address(IpAddress::v4(bytes.data()));
}

/// A last label of letters, none that is empty or too long.
bool is_name(std::string_view text) {
  constexpr size_t kMostLabel = 63;
  const size_t last = text.rfind('.');
  if (text.size() > kMostName || last == std::string_view::npos) return false;
  const std::string_view top = text.substr(last + 1);
  if (top.size() < 2 || !(std::ranges::all_of(top, is_letter) || ends_like(top.substr(0, 4), "xn--"))) return false;
  size_t label = 0;
  for (char c : text) {
    if (c == '.' && label == 0) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > kMostLabel) return false;
  }
  return true;
}

void tell_name(std::string_view text, MentionSink& sink) {
  while (!text.empty() && !is_digit(text.front()) && !is_letter(text.front()) && text.front() != '_') {
    text.remove_prefix(1);
  }
  while (!text.empty() && !is_letter(text.back()) && !is_digit(text.back())) text.remove_suffix(1);
  if (!is_name(text)) return;
  std::array<char, kMostName> small{};
  copy_lower(text, small.data());
  sink.name({small.data(), text.size()});
}

void tell_dotted(std::string_view text, MentionSink& sink) {
  constexpr size_t kShortest = 7, kLongest = 15;
  const auto part = [](char c) { return is_digit(c) || c == '.'; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && part(text[end])) ++end;
    if (end - at >= kShortest && end - at <= kLongest) {
      if (const auto address = IpAddress::parse(text.substr(at, end - at))) sink.address(*address);
    }
    at = end + 1;
  }
}

}  // namespace

void mentions(std::string_view text, MentionSink& sink) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '[') {  // RFC 3986 3.2.2
      const std::string_view rest = text.substr(at + 1, kIpTextSize);
      if (const auto address = IpAddress::parse(rest.substr(0, rest.find(']')))) sink.address(*address);
    }
    size_t end = at;
    while (end < text.size() && in_name(text[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    const std::string_view before = text.substr(0, at);
    std::string_view word = text.substr(at, end - at);
    at = end;
    // Written as RFC 3986 2.1 has it, two digits of the character before are none of it.
    const bool escaped = before.ends_with('%') && word.size() > 2 && is_hex(word[0]) && is_hex(word[1]);
    const bool slashes = before.ends_with("//") || (escaped && ends_like(word.substr(0, 2), "2f"));
    if (escaped) word.remove_prefix(2);
    tell_dotted(word, sink);
    if (slashes) tell_number(word, sink);
    if (!of_request(before)) tell_name(word, sink);
  }
}

NameEnds name_ends(std::string_view name, uint64_t seed) {
  NameEnds out{};
  for (uint64_t& hash : out) {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos) break;
    hash = keyed_hash(to_bytes(name), seed);
    name.remove_prefix(dot + 1);
  }
  return out;
}

}  // namespace lapwing::analytics
