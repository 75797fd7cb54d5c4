// Keywords of HTTP that are no buffers: older spellings of what is asked of the URI.
#include "dissectors/protocols/http/http.h"

namespace lapwing::http {

namespace {

Asked in_uri(const WordText&) {
  return ContentIn{"http.uri"};
}

/// "3<>9[,raw|norm]"
Asked length_of_uri(const WordText& text) {
  std::string_view length = text.value(), buffer = "http.uri";
  if (const size_t comma = length.find(','); comma != std::string_view::npos) {
    const auto parts = text.parts();
    if (parts.size() != 2 || (parts[1] != "raw" && parts[1] != "norm"))
      text.fail("takes ',raw' or ',norm' after the length");
    if (parts[1] == "raw") buffer = "http.uri.raw";
    length = parts[0];
  }
  return LengthOf{buffer, parse_integer_test(length, text.mark, UINT16_MAX)};
}

constexpr Word kWords[] = {
    {.name = "uricontent", .parse = &in_uri, .help = "content in the normalised URI"},
    {.name = "urilen", .parse = &length_of_uri, .help = "length of the URI in bytes"},
};

}  // namespace

std::span<const Word> rule_words() {
  return kWords;
}

}  // namespace lapwing::http
