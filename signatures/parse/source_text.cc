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
  pieces_.push_back({text_.size(), line, column});
  text_ += text;
}

RulePlace SourceLine::place(size_t offset) const {
  auto next = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                               [](size_t at, const Piece& piece) { return at < piece.offset; });
  const Piece& piece = *std::prev(next);
  return {file_, piece.line, piece.column + static_cast<uint32_t>(offset - piece.offset)};
}

void SourceLine::fail(size_t offset, std::string text, std::string option) const {
  throw ParseFault{mark(offset), std::move(text), std::move(option)};
}

SourceLines::SourceLines(std::string_view text, const std::string& file) : rest_(text), file_(file) {
  if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);  // byte order mark
}

std::optional<SourceLine> SourceLines::next() {
  std::optional<SourceLine> joined;
  for (bool continued = false; !rest_.empty() && (continued || !joined);) {
    size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;

    std::string_view body = trim(line);
    if (!joined && (body.empty() || body[0] == '#' || body[0] == ';')) continue;
    continued = body.ends_with('\\');
    if (continued) body.remove_suffix(1);
    if (!joined) {
      joined.emplace(file_);
    } else {  // the blanks before a continued text count: a quoted value may go on there
      const char* stop = body.data() + body.size();
      body = line.substr(0, body.empty() ? 0 : static_cast<size_t>(stop - line.data()));
    }
    auto column = body.empty() ? 1 : static_cast<uint32_t>(body.data() - line.data()) + 1;
    joined->append(body, number_, column);
  }
  return joined;
}

std::string read_text_file(const std::string& path) {
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw SettingError({path, 0, 0}, std::string("cannot be opened: ") + std::strerror(errno));
  std::string text;
  for (size_t used = 0;;) {
    constexpr size_t kChunk = 256 << 10;
    text.resize(used + kChunk);
    int got = gzread(file.get(), text.data() + used, kChunk);
    int error = Z_OK;
    const char* why = gzerror(file.get(), &error);
    if (got < 0 || (error != Z_OK && error != Z_STREAM_END)) {
      throw SettingError({path, 0, 0},
                         std::string("cannot be read: ") + (error == Z_ERRNO ? std::strerror(errno) : why));
    }
    used += static_cast<size_t>(got);
    if (used > kMaxRuleFile) throw SettingError({path, 0, 0}, "is larger than 512 MiB when unpacked; split it");
    if (got == 0) {
      text.resize(used);
      return text;
    }
  }
}

}  // namespace lapwing
