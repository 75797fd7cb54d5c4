// The lines of a reply that has further ones (RFC 1939 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::pop3 {

/// Lines one behind the other, as their bytes come.
class TextLines {
 public:
  static constexpr size_t kPerLine = 16;  // that a line counts beside its bytes

  /// Keeps what there is room for: `limit` is what may be kept in all. False where something was left out.
  bool append(std::string_view text, uint64_t limit);
  void clear();
  size_t size() const { return ends_.size() + open_; }
  std::string_view operator[](size_t i) const;
  bool cut() const { return cut_; }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
  uint64_t kept_ = 0;  // as `limit` counts
  bool open_ = false;  // the last line has no end yet
  bool cut_ = false;
};

}  // namespace lapwing::pop3
