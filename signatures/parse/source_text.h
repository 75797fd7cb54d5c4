// A logical line of a rule file: physical lines joined at trailing backslashes, and the place of every byte.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/parse/rule_tree.h"

namespace lapwing {

/// Why a rule, list or table line cannot be read.
struct ParseFault {
  SourceMark mark;
  std::string text;    // what is wrong, and what would be right
  std::string option;  // of a rule, or empty
};

/// What is wrong, without the place that what() begins with.
std::string text_of(const SettingError& error);

class SourceLine {
 public:
  explicit SourceLine(const std::string& file) : file_(&file) {}
  /// A line that stands alone, such as the value of a variable.
  SourceLine(const std::string& file, std::string_view text) : file_(&file) { append(text, 1, 1); }

  void append(std::string_view text, uint32_t line, uint32_t column);
  const std::string& text() const { return text_; }
  /// The place in the file of the byte at `offset` of text().
  RulePlace place(size_t offset) const;
  SourceMark mark(size_t offset) const { return place(offset); }
  [[noreturn]] void fail(size_t offset, std::string text, std::string option = {}) const;

 private:
  struct Piece {
    size_t offset;  // of its first byte in text_
    uint32_t line, column;
  };
  const std::string* file_;
  std::string text_;
  std::vector<Piece> pieces_;
};

/// The lines of a file one by one, since all of them would be the file once more. Joins those that end with a backslash
/// and leaves out blank lines and those that begin with '#' or ';'. Text and name stay the caller's.
class SourceLines {
 public:
  SourceLines(std::string_view text, const std::string& file);
  /// Nothing at the end.
  std::optional<SourceLine> next();

 private:
  std::string_view rest_;
  const std::string& file_;
  uint32_t number_ = 0;  // of the line read last
};

/// Reads a whole file, unpacking gzip. Throws SettingError when that is not possible.
std::string read_text_file(const std::string& path);

/// One file is at most this large, unpacked: a gzip file of a few KB could fill the memory otherwise.
inline constexpr size_t kMaxRuleFile = size_t{512} << 20;

}  // namespace lapwing
