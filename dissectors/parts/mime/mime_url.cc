#include "dissectors/parts/mime/mime_url.h"

#include <algorithm>

#include "sensor/base/bit_set.h"
#include "sensor/base/text.h"

namespace lapwing::mime {

namespace {

/// What ends a URL in text and in HTML.
constexpr BitSet<256> kEnds = [] {
  BitSet<256> out = BitSet<256>::range(0, ' ');
  for (uint8_t c : {'"', '\'', '<', '>', '`', '\x7f'}) out.add(c);
  return out;
}();

/// What stands behind the name of a scheme.
std::string_view behind(std::string_view scheme) {
  return scheme == "mailto" ? ":" : "://";
}

/// How far a URL goes whose host begins at `host`: a bracket that closes is of what it stands in, but that of a host by
/// its address (RFC 3986 3.2.2).
size_t url_end(std::string_view url, size_t host) {
  size_t end = url.find(']', host);
  if (url.substr(host).starts_with('[') && end != std::string_view::npos) end = url.find(']', end + 1);
  return end;
}

}  // namespace

size_t Words::word_end(Bytes text, size_t from) {
  while (from < text.size() && !kEnds.has(text[from])) ++from;
  return from;
}

size_t Words::word_begin(Bytes text, size_t from, size_t before) {
  while (before > from && !kEnds.has(text[before - 1])) --before;
  return before;
}

void Words::append(Bytes piece) {
  const Bytes fits = piece.first(std::min(piece.size(), longest_ - word_.size()));
  cut_ |= fits.size() < piece.size();
  colon_ = colon_ || to_text(fits).find(':') != std::string_view::npos;
  word_.append(to_text(fits));
}

Url find_url(std::string_view word, std::span<const std::string> schemes) {
  for (size_t colon = word.find(':'); colon != std::string_view::npos; colon = word.find(':', colon + 1)) {
    for (const std::string& scheme : schemes) {
      const std::string_view separator = behind(scheme);
      if (scheme.size() > colon || !word.substr(colon).starts_with(separator)) continue;
      if (!equal_nocase(word.substr(colon - scheme.size(), scheme.size()), scheme)) continue;
      const std::string_view url = word.substr(colon - scheme.size());
      const size_t host = scheme.size() + separator.size();
      return {url.substr(0, url_end(url, host)), host};
    }
  }
  return {};
}

}  // namespace lapwing::mime
