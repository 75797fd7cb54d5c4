// What compiled parts of a rule ask for, in words: for those who write rules [cold].
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "signatures/program/content.h"
#include "signatures/program/integer_range.h"
#include "signatures/program/rule.h"

namespace lapwing::rules {

/// "> 5", "> 3 and < 9", "& 0xf0 = 0x10"; `names`: of the field's values.
std::string words(const IntegerTest& test, std::span<const NamedValue> names = {});
/// "of all values", "of value 2", ...; empty for any value.
std::string words(const MultiTest& test);
std::string words(const Threshold& threshold);
std::string words(const Tag& tag);
std::string words(const Number& number, VariableNames variables);
/// Bytes as `content` has them, in quotes: what is not printable in |hex|. Beyond `most` bytes only their number is
/// told.
std::string in_quotes(std::string_view bytes, size_t most = SIZE_MAX);
std::string_view name_of(Action action);

/// Joins words with a separator, leaving out empty ones.
class Sentence {
 public:
  explicit Sentence(std::string_view separator = ", ") : separator_(separator) {}
  Sentence& add(std::string_view words) {
    if (words.empty()) return *this;
    if (!text_.empty()) text_ += separator_;
    text_ += words;
    return *this;
  }
  Sentence& add_if(bool wanted, std::string_view words) { return wanted ? add(words) : *this; }
  const std::string& text() const { return text_; }

 private:
  std::string_view separator_;
  std::string text_;
};

}  // namespace lapwing::rules
