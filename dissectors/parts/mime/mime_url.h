// URLs in running text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::mime {

/// A URL within a word: from its scheme to the word's end.
struct Url {
  std::string_view text;
  size_t scheme = 0;  // bytes of it that are the scheme with what follows it: "http://", "mailto:"
};
/// The first of one of these schemes; an empty text where there is none.
Url find_url(std::string_view word, std::span<const std::string> schemes);

/// [W] Cuts text that comes in pieces into words: what may stand in a URL (RFC 3986 2), and a little more.
class Words {
 public:
  explicit Words(size_t longest) : longest_(longest) {}

  /// Calls `each(word, cut)` with those that end within `text` and have a ':', without which none is a URL; the views
  /// are valid during the call. Of a longer word the beginning is given, as `cut`.
  void take(Bytes text, auto&& each) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = word_end(text, at);
      append(text.subspan(at, end - at));
      if (end == text.size()) return;
      finish(each);
      at = end + 1;
    }
  }
  void finish(auto&& each) {
    if (colon_) each(std::string_view(word_), cut_);
    begin_anew();
  }
  /// What waits is no word.
  void begin_anew() {
    word_.clear();
    colon_ = cut_ = false;
  }

 private:
  static size_t word_end(Bytes text, size_t from);
  void append(Bytes piece);

  size_t longest_;
  std::string word_;
  bool colon_ = false, cut_ = false;
};

}  // namespace lapwing::mime
