#include "tests/dissectors/template/protocol/echo_parser.h"

#include <algorithm>

namespace lapwing::echo {

namespace {
constexpr std::string_view kVerb = "ECHO ";

bool printable(uint8_t c) {
  return c >= 0x20 && c < 0x7f;
}
}  // namespace

Line parse_line(Bytes bytes, bool whole) {
  auto window = bytes.first(std::min(bytes.size(), kMaxLine));
  auto end = std::find(window.begin(), window.end(), '\n');
  size_t length = static_cast<size_t>(end - window.begin());
  bool ended = end != window.end();
  if (!ended && bytes.size() >= kMaxLine) return {.outcome = Outcome::too_long};
  if (!ended && !(whole && length > 0)) return {};
  Bytes text = window.first(length);
  if (!text.empty() && text.back() == '\r') text = text.first(length - 1);
  if (!std::all_of(text.begin(), text.end(), printable)) return {.outcome = Outcome::invalid};
  return {Outcome::ok, length + (ended ? 1 : 0), text};
}

bool is_request(Bytes text) {
  return text.size() > kVerb.size() && to_text(text).starts_with(kVerb);
}

Bytes payload_of(Bytes request) {
  return request.subspan(std::min(request.size(), kVerb.size()));
}

}  // namespace lapwing::echo
