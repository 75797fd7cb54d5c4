// URLs in running text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::mime {

/// A URL within a word: from its scheme to the end of the word, or of the brackets around it.
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
    size_t begin = 0, end = word_end(text, 0);
    while (true) {
      append(text.subspan(begin, end - begin));
      if (end == text.size()) return;
      finish(each);
      // Of the words behind it those around a ':' are looked for, and the one that text ends within.
      const size_t from = end + 1, colon = std::min(to_text(text).find(':', from), text.size());
      begin = word_begin(text, from, colon);
      end = word_end(text, colon);
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
  static size_t word_begin(Bytes text, size_t from, size_t before);
  void append(Bytes piece);

  size_t longest_;
  std::string word_;
  bool colon_ = false, cut_ = false;
};

}  // namespace lapwing::mime
