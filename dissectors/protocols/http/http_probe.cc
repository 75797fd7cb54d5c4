#include "dissectors/protocols/http/http_probe.h"

#include <algorithm>

#include "dissectors/protocols/http/http.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

constexpr auto npos = std::string_view::npos;

/// Methods that no other text protocol has: their name and a space suffice. OPTIONS and the like are RTSP's and SIP's
/// too, and are told apart by the end of the line.
constexpr std::string_view kMethods[] = {
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "CONNECT",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "CHECKOUT",
    "UNCHECKOUT",
    "CHECKIN",
    "VERSION-CONTROL",
    "LABEL",
    "REPORT",
    "MKWORKSPACE",
    "MKACTIVITY",
    "BASELINE-CONTROL",
    "MERGE",
};
constexpr size_t kLongestMethod = 24;
/// Blank bytes before a first line, which servers pass over however many they are (RFC 9112 2.2 asks for one line).
/// More are nobody's, whether what follows is at hand or not.
constexpr size_t kMostBlanks = 2048;
/// A request line without an end in sight.
constexpr size_t kProbeLine = 4096;

bool known_method(std::string_view word) {
  return std::ranges::find(kMethods, word) != std::end(kMethods);
}

bool names_version(std::string_view line) {
  return line.find(" HTTP/1.") != npos || line.find(" HTTP/0.") != npos;
}

bool token_byte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

Likelihood probe_request(std::string_view text) {
  const size_t start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  if (start >= kMostBlanks) return Likelihood::no;
  if (start == text.size()) return Likelihood::more;
  text.remove_prefix(start);
  size_t end = static_cast<size_t>(std::ranges::find_if_not(text, token_byte) - text.begin());
  if (end > kLongestMethod) return Likelihood::no;
  if (end == text.size()) return Likelihood::more;
  if (end == 0 || (text[end] != ' ' && text[end] != '\t')) return Likelihood::no;
  if (known_method(text.substr(0, end))) return Likelihood::sure;
  size_t line_end = text.find('\n');
  if (line_end == npos && text.size() < kProbeLine) return Likelihood::more;
  std::string_view line = text.substr(0, line_end);
  return names_version(line) ? Likelihood::sure : Likelihood::no;
}

}  // namespace

Likelihood probe_response(std::string_view text) {
  const size_t start = std::min(text.find_first_not_of("\r\n"), text.size());
  if (start >= kMostBlanks) return Likelihood::no;
  if (start == text.size()) return Likelihood::more;
  text.remove_prefix(start);
  constexpr std::string_view kVersion1 = "HTTP/1.", kVersion0 = "HTTP/0.";
  if (text.starts_with(kVersion1) || text.starts_with(kVersion0)) return Likelihood::sure;
  return kVersion1.starts_with(text) || kVersion0.starts_with(text) ? Likelihood::more : Likelihood::no;
}

bool begins_request(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r\n"), line.size()));
  const size_t end = line.find_first_of(" \t");
  return (end != npos && (known_method(line.substr(0, end)) || line.substr(0, end) == "OPTIONS")) ||
         names_version(line);
}

bool may_begin_request(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return begins_request(text) || std::ranges::any_of(kMethods, [&](std::string_view m) { return m.starts_with(text); });
}

Likelihood Http::probe(const Chunk& first) {
  if (first.datagram || first.data.empty()) return first.datagram ? Likelihood::no : Likelihood::more;
  std::string_view text = to_text(first.data);
  return first.direction == Direction::to_server ? probe_request(text) : probe_response(text);
}

}  // namespace lapwing::http
