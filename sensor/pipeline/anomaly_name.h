// AnomalyName: the name of an anomaly as records write it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace lapwing {

/// What stands before the name as rules know it ("decoder.", or nothing), and that name, perhaps in capitals. Cut where
/// the room ends: names are constants, and shorter.
class AnomalyName {
 public:
  /// `part`: empty, or the one that is at fault.
  AnomalyName(std::string_view prefix, std::string_view part, std::string_view name, bool capitals) {
    append(prefix, false);
    append(part, capitals);
    if (!part.empty()) append("_", capitals);
    append(name, capitals);
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  void append(std::string_view text, bool capitals) {
    text = text.substr(0, text_.size() - size_);
    std::ranges::transform(text, text_.begin() + static_cast<std::ptrdiff_t>(size_), [capitals](char c) {
      return capitals && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    size_ += text.size();
  }

  std::array<char, 96> text_;
  size_t size_ = 0;
};

}  // namespace lapwing
