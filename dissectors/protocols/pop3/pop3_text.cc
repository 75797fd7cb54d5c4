#include "dissectors/protocols/pop3/pop3_text.h"

#include <algorithm>

namespace lapwing::pop3 {

bool TextLines::append(std::string_view text, uint64_t limit) {
  while (!text.empty() && !cut_) {
    const uint64_t counted = kept_ + (open_ ? 0 : kPerLine);
    const size_t end = text.find('\n');
    const size_t line = end == std::string_view::npos ? text.size() : end + 1;
    const auto size = static_cast<size_t>(std::min<uint64_t>(line, limit - std::min(limit, counted)));
    cut_ = size < line;
    if (size == 0) break;
    bytes_.append(text.substr(0, size));
    kept_ = counted + size;
    open_ = size <= end;
    if (!open_) {
      bytes_.pop_back();
      if (bytes_.size() > (ends_.empty() ? 0 : ends_.back()) && bytes_.back() == '\r') bytes_.pop_back();
      ends_.push_back(bytes_.size());
    }
    text.remove_prefix(size);
  }
  return !cut_;
}

void TextLines::clear() {
  constexpr size_t kSmall = 4096;  // bytes that are worth keeping for the next
  if (bytes_.capacity() > kSmall) bytes_ = {};
  if (ends_.capacity() > kSmall / sizeof ends_[0]) ends_ = {};
  bytes_.clear();
  ends_.clear();
  kept_ = 0;
  open_ = cut_ = false;
}

std::string_view TextLines::operator[](size_t i) const {
  const size_t begin = i == 0 ? 0 : ends_[i - 1], end = i < ends_.size() ? ends_[i] : bytes_.size();
  return std::string_view(bytes_).substr(begin, end - begin);
}

}  // namespace lapwing::pop3
