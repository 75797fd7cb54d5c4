#include "signatures/parse/source_text.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "sensor/base/text.h"

namespace lapwing {

std::string text_of(const SettingError& error) {
  const std::string place = to_string(error.where()) + ": ";
  std::string_view text = error.what();
  if (text.starts_with(place)) text.remove_prefix(place.size());
  return std::string(text);
}

void SourceLine::append(std::string_view text, uint32_t line, uint32_t column) {
  if (more_.empty()) joined_ = whole_;
  more_.push_back({joined_.size(), line, column});
  joined_ += text;
}

RulePlace SourceLine::place(size_t offset) const {
  auto next = std::upper_bound(more_.begin(), more_.end(), offset,
                               [](size_t at, const Piece& piece) { return at < piece.offset; });
  const Piece& piece = next == more_.begin() ? first_ : *std::prev(next);
  return {file_, piece.line, piece.column + static_cast<uint32_t>(offset - piece.offset)};
}

void SourceLine::fail(size_t offset, std::string text, std::string option) const {
  throw ParseFault{mark(offset), std::move(text), std::move(option)};
}

TextFile::TextFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb"), gzclose) {
  if (!file_) throw SettingError({path, 0, 0}, std::string("cannot be opened: ") + std::strerror(errno));
}

bool TextFile::read(std::string& text) {
  constexpr size_t kChunk = 256 << 10;
  const size_t before = text.size();
  text.resize(before + kChunk);
  const int got = gzread(file_.get(), text.data() + before, kChunk);
  int error = Z_OK;
  const char* why = gzerror(file_.get(), &error);
  if (got < 0 || (error != Z_OK && error != Z_STREAM_END)) {
    throw SettingError({path_, 0, 0},
                       std::string("cannot be read: ") + (error == Z_ERRNO ? std::strerror(errno) : why));
  }
  text.resize(before + static_cast<size_t>(got));
  size_ += static_cast<size_t>(got);
  if (size_ > kMaxRuleFile) throw SettingError({path_, 0, 0}, "is larger than 512 MiB when unpacked; split it");
  return got > 0;
}

std::string read_text_file(const std::string& path) {
  TextFile file(path);
  std::string text;
  while (file.read(text)) {
  }
  return text;
}

bool SourceLines::refill() {
  if (!source_) return false;
  held_.erase(0, held_.size() - rest_.size());
  const bool more = source_->read(held_);
  rest_ = held_;
  return more;
}

std::string_view SourceLines::take_line() {
  size_t end = rest_.find('\n');
  while (end == std::string_view::npos) {
    const size_t searched = rest_.size();
    if (!refill()) break;
    end = rest_.find('\n', searched);
  }
  std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (number_++ == 0 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);  // byte order mark
  return line;
}

std::optional<SourceLine> SourceLines::next() {
  std::optional<SourceLine> joined;
  for (bool continued = false; continued || !joined;) {
    if (rest_.empty() && !refill()) break;
    std::string_view line = take_line();
    std::string_view body = trim(line);
    if (!joined && (body.empty() || body[0] == '#' || body[0] == ';')) continue;
    const bool first = !joined;
    continued = body.ends_with('\\');
    if (continued) body.remove_suffix(1);
    if (!first) {  // the blanks before a continued text count: a quoted value may go on there
      const char* stop = body.data() + body.size();
      body = line.substr(0, body.empty() ? 0 : static_cast<size_t>(stop - line.data()));
    }
    auto column = body.empty() ? 1 : static_cast<uint32_t>(body.data() - line.data()) + 1;
    // A line that goes on is copied, since reading on moves the text.
    if (first && !continued) {
      joined.emplace(file_, body, number_, column);
    } else {
      if (first) joined.emplace(file_);
      joined->append(body, number_, column);
    }
  }
  return joined;
}

}  // namespace lapwing
