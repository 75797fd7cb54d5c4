// Sentence: words joined by a separator, for what is said to people [cold].
#pragma once

#include <string>
#include <string_view>

namespace lapwing {

/// Leaves out empty ones.
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

}  // namespace lapwing
