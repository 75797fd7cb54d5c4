#include "dissectors/parts/mime/mime_header.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dissectors/parts/mime/mime_coding.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/text.h"

namespace lapwing::mime {

namespace {

constexpr auto npos = std::string_view::npos;

/// Behind a comment that begins at `at` (RFC 5322 3.2.2), which may hold others; one without an end has all the rest.
size_t behind_comment(std::string_view text, size_t at) {
  for (size_t depth = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

/// Behind the blanks and comments that may stand between any two words of a header (RFC 2045 5.1).
size_t behind_blanks(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (text[at] == '(') {
      at = behind_comment(text, at);
    } else if (text[at] == ' ' || text[at] == '\t') {
      ++at;
    } else {
      break;
    }
  }
  return std::min(at, text.size());
}

/// A word that begins behind blanks and ends before any of `ends`; then what follows it begins at `at`.
std::string_view take_word(std::string_view text, std::string_view ends, size_t& at) {
  const size_t begin = behind_blanks(text, at), end = std::min(text.find_first_of(ends, begin), text.size());
  at = behind_blanks(text, end);
  return text.substr(begin, end - begin);
}

/// A type, its subtype with it, or a mechanism; `at` is put behind it.
std::string take_type(std::string_view value, size_t& at) {
  constexpr std::string_view kEnds = " \t/;(\"";
  at = behind_blanks(value, at);
  if (value.substr(at).starts_with('"')) ++at;  // readers do without what no rule allows here
  std::string out(take_word(value, kEnds, at));
  if (value.substr(at).starts_with('/')) out.append("/").append(take_word(value, kEnds, ++at));
  return to_lower(out);
}

/// A value that begins at `at`, where the next parameter's ';' is put. Without quotes it may hold blanks, which many
/// writers leave so.
std::string take_value(std::string_view value, size_t& at) {
  std::string out;
  if (at < value.size() && value[at] == '"') {
    for (++at; at < value.size() && value[at] != '"'; ++at) {
      if (value[at] == '\\' && at + 1 < value.size()) ++at;
      out.push_back(value[at]);
    }
    at = std::min(value.find(';', behind_blanks(value, std::min(at + 1, value.size()))), value.size());
    return out;
  }
  const size_t end = std::min(value.find(';', at), value.size());
  std::string_view text = value.substr(at, end - at);
  at = end;
  const size_t open = std::min(text.find(" ("), text.find("\t("));
  if (open != npos && behind_blanks(text, open) == text.size()) text = text.substr(0, open);
  return std::string(trim(text));
}

/// A section of a parameter: "name", "name*", "name*2" and "name*2*" (RFC 2231 3, 4).
struct Section {
  /// Of forms that stand beside each other the last is meant, as the first is for readers that know no other.
  enum class Form : uint8_t { plain, continued, whole } form = Form::plain;
  uint64_t number = 0;
  bool extended = false;
  std::string value;
};
std::optional<Section> section(std::string_view key, std::string_view name) {
  if (!equal_nocase(key.substr(0, name.size()), name)) return {};
  key.remove_prefix(name.size());
  Section out;
  if (key.empty()) return out;
  if (key.front() != '*') return {};
  key.remove_prefix(1);
  out.extended = key.empty() || key.back() == '*';
  out.form = key.empty() ? Section::Form::whole : Section::Form::continued;
  if (key.empty()) return out;
  if (out.extended) key.remove_suffix(1);
  const auto number = parse_unsigned(key);
  if (!number) return {};
  out.number = *number;
  return out;
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      out.push_back(c);
    } else {
      out.push_back(static_cast<char>(0xc0 | byte >> 6));
      out.push_back(static_cast<char>(0x80 | (byte & 0x3f)));
    }
  }
  return out;
}

std::string in_charset(std::string_view charset, std::string text) {
  charset = charset.substr(0, charset.find('*'));  // a language may follow (RFC 2231 5)
  const bool latin1 = equal_nocase(charset, "iso-8859-1") || equal_nocase(charset, "windows-1252");
  return latin1 ? latin1_to_utf8(text) : text;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size();
    const int high = coded ? hex_digit(text[i + 1]) : -1, low = coded ? hex_digit(text[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

/// "=?charset?coding?text?="
struct EncodedWord {
  std::string_view charset, text;
  char coding = 0;
  size_t end = 0;  // behind it; 0: there is none
};
EncodedWord encoded_word(std::string_view text, size_t begin) {
  const size_t charset = begin + 2, mark = text.find('?', charset);
  if (mark == npos || mark + 2 >= text.size() || text[mark + 2] != '?') return {};
  const auto coding = static_cast<char>(lower(static_cast<uint8_t>(text[mark + 1])));
  if (coding != 'b' && coding != 'q') return {};
  const size_t end = text.find("?=", mark + 3);
  if (end == npos) return {};
  return {text.substr(charset, mark - charset), text.substr(mark + 3, end - mark - 3), coding, end + 2};
}

std::string decode_word(const EncodedWord& word) {
  std::string out;
  if (word.coding == 'b') {
    Base64 decoder;
    decoder.decode(to_bytes(word.text), out);
    decoder.finish(out);
  } else {
    std::string text(word.text);
    std::ranges::replace(text, '_', ' ');  // RFC 2047 4.2 (2)
    QuotedPrintable decoder;
    decoder.decode(to_bytes(text), out);
    decoder.end_line(out);
  }
  return in_charset(word.charset, std::move(out));
}

}  // namespace

std::string media_type(std::string_view value) {
  size_t at = 0;
  return take_type(value, at);
}

std::optional<std::string> parameter(std::string_view value, std::string_view name) {
  std::vector<Section> sections;
  size_t at = 0;
  take_type(value, at);
  for (at = value.find(';', at); at < value.size(); at = value.find(';', at)) {
    std::optional<Section> found = section(take_word(value, "=; \t(", ++at), name);
    if (!value.substr(at).starts_with('=')) continue;
    at = behind_blanks(value, at + 1);
    std::string text = take_value(value, at);
    if (!found) continue;
    found->value = std::move(text);
    sections.push_back(std::move(*found));
  }
  if (sections.empty()) return {};
  const auto meant = std::ranges::max(sections, {}, &Section::form).form;
  std::erase_if(sections, [meant](const Section& one) { return one.form != meant; });
  std::ranges::stable_sort(sections, {}, &Section::number);
  std::string out, charset;
  for (uint64_t next = 0; const Section& part : sections) {
    if (part.number != next) continue;  // said twice, or behind one that is not there
    ++next;
    std::string_view text = part.value;
    if (part.extended && part.number == 0) {  // charset'language'text
      const size_t first = text.find('\''), second = first == npos ? npos : text.find('\'', first + 1);
      if (second != npos) {
        charset = text.substr(0, first);
        text.remove_prefix(second + 1);
      }
    }
    out += part.extended ? percent_decode(text) : std::string(text);
  }
  return in_charset(charset, std::move(out));
}

std::string decode_words(std::string_view text) {
  std::string out;
  const size_t last_end = text.rfind("?=");
  bool behind_word = false;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = std::min(text.find("=?", at), text.size());
    const std::string_view between = text.substr(at, begin - at);
    const EncodedWord word = last_end != npos && begin < last_end ? encoded_word(text, begin) : EncodedWord();
    // Blanks between two encoded words are not meant (RFC 2047 6.2).
    const bool blanks = between.find_first_not_of(" \t") == npos;
    if (!(behind_word && word.end != 0 && blanks)) out.append(between);
    if (begin == text.size()) break;
    behind_word = word.end != 0;
    if (behind_word) {
      out.append(decode_word(word));
      at = word.end;
    } else {
      out.append("=?");
      at = begin + 2;
    }
  }
  return out;
}

std::string_view hop_address(std::string_view received) {
  constexpr std::string_view kTag = "IPv6:";  // RFC 5321 4.1.3
  for (size_t open = received.find('['); open != npos;) {
    const size_t end = std::min(received.find_first_of("[]", open + 1), received.size());
    std::string_view text = received.substr(open + 1, end - open - 1);
    if (equal_nocase(text.substr(0, kTag.size()), kTag)) text.remove_prefix(kTag.size());
    if (end < received.size() && received[end] == ']' && IpAddress::parse(text)) return text;
    open = received.find('[', end);
  }
  return {};
}

bool next_address(Bytes& rest, std::string_view& address) {
  while (!rest.empty()) {
    const std::string_view text = to_text(rest);
    size_t end = 0;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != ','); ++end) {
      if (text[end] == '\\' && quoted && end + 1 < text.size()) {
        ++end;
      } else if (text[end] == '"') {
        quoted = !quoted;
      }
    }
    rest = rest.subspan(std::min(end + 1, rest.size()));
    address = trim(text.substr(0, end));
    if (!address.empty()) return true;
  }
  return false;
}

}  // namespace lapwing::mime
