// A logical line of a rule file: physical lines joined at trailing backslashes, and the place of every byte.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/parse/parse.h"

struct gzFile_s;

namespace lapwing {

/// Why a rule, list or table line cannot be read.
struct ParseFault {
  SourceMark mark;
  std::string text;    // what is wrong, and what would be right
  std::string option;  // of a rule, or empty
};

/// What is wrong, without the place that what() begins with.
std::string text_of(const SettingError& error);

/// Text and name stay the caller's, but for text that was joined.
class SourceLine {
 public:
  explicit SourceLine(const std::string& file, std::string_view text = {}, uint32_t line = 1, uint32_t column = 1)
      : file_(&file), whole_(text), first_{0, line, column} {}

  /// Joins another piece.
  void append(std::string_view text, uint32_t line, uint32_t column);
  std::string_view text() const { return joined_.empty() ? whole_ : joined_; }
  /// The place in the file of the byte at `offset` of text().
  RulePlace place(size_t offset) const;
  SourceMark mark(size_t offset) const { return place(offset); }
  [[noreturn]] void fail(size_t offset, std::string text, std::string option = {}) const;

 private:
  struct Piece {
    size_t offset;  // of its first byte in text()
    uint32_t line, column;
  };
  const std::string* file_;
  std::string_view whole_;
  std::string joined_;
  Piece first_;
  std::vector<Piece> more_;
};

/// A file piece by piece, unpacking gzip. Throws SettingError when that is not possible.
class TextFile {
 public:
  explicit TextFile(const std::string& path);
  /// Appends what comes next; false at the end.
  bool read(std::string& text);

 private:
  const std::string& path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> file_;
  size_t size_ = 0;  // so far
};

/// The lines of a text one by one, which in a file is never held as a whole. Joins those that end with a backslash and
/// leaves out blank lines and those that begin with '#' or ';'.
class SourceLines {
 public:
  SourceLines(std::string_view text, const std::string& file) : rest_(text), file_(file) {}
  SourceLines(TextFile& text, const std::string& file) : source_(&text), file_(file) {}
  /// Views the text until the next is asked for. Nothing at the end.
  std::optional<SourceLine> next();

 private:
  std::string_view take_line();
  bool refill();

  std::string_view rest_;
  TextFile* source_ = nullptr;
  std::string held_;  // of the source, with rest_ at its end
  const std::string& file_;
  uint32_t number_ = 0;  // of the line read last
};

/// The rules among the lines, as parse.h has it.
void parse_rules(SourceLines& lines, std::vector<RuleMessage>& messages, const TakeRule& take);

/// Reads a whole file as TextFile does.
std::string read_text_file(const std::string& path);

/// One file is at most this large, unpacked: a gzip file of a few KB could fill the memory otherwise.
inline constexpr size_t kMaxRuleFile = size_t{512} << 20;

}  // namespace lapwing
