#include "sensor/event/word.h"

#include "sensor/base/text.h"

namespace lapwing {

std::string_view WordText::value() const {
  if (text.empty()) fail("needs a value");
  return trim(text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text);
}

std::vector<std::string_view> WordText::parts(char separator) const {
  std::vector<std::string_view> out = split(value(), separator);
  for (std::string_view& part : out) part = trim(part);
  return out;
}

void WordText::fail(const std::string& what) const {
  throw SettingError(mark, std::string(word) + ": " + what);
}

TextIn text_in(std::string_view buffer, const WordText& text) {
  TextIn out{.buffer = buffer};
  WordText rest = text;
  if (rest.text.starts_with('!')) {
    out.negated = true;
    rest.text = trim(rest.text.substr(1));
  }
  // Blanks within the quotes belong to the text.
  const bool quoted = rest.text.size() >= 2 && rest.text.front() == '"' && rest.text.back() == '"';
  out.text = quoted ? rest.text.substr(1, rest.text.size() - 2) : rest.text;
  if (out.text.empty()) text.fail("needs a text");
  return out;
}

}  // namespace lapwing
