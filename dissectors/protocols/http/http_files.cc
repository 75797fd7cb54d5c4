#include "dissectors/protocols/http/http_files.h"

#include <algorithm>
#include <cstring>

#include "dissectors/protocols/http/http.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

constexpr auto npos = std::string_view::npos;

/// Reads a quoted string from behind its opening quote; a backslash quotes the next byte.
std::string unquote(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    out.push_back(text[i]);
  }
  return out;
}

/// The value of a header within a part's header block.
std::string_view part_header(std::string_view block, std::string_view name) {
  while (!block.empty()) {
    size_t end = block.find('\n');
    std::string_view line = block.substr(0, end);
    block = end == npos ? std::string_view{} : block.substr(end + 1);
    size_t colon = line.find(':');
    if (colon != npos && equal_nocase(trim(line.substr(0, colon)), name)) return trim(line.substr(colon + 1));
  }
  return {};
}

/// Finds a needle from places that only move on; no byte is looked at twice.
class Next {
 public:
  Next(std::string_view text, std::string_view needle) : text_(text), needle_(needle) {}
  size_t from(size_t at) {
    if (!known_ || found_ < at) {
      known_ = true;
      // Linear for every needle, which string_view's search is not.
      const void* hit =
          at < text_.size() ? ::memmem(text_.data() + at, text_.size() - at, needle_.data(), needle_.size()) : nullptr;
      found_ = hit ? static_cast<size_t>(static_cast<const char*>(hit) - text_.data()) : npos;
    }
    return found_;
  }

 private:
  std::string_view text_, needle_;
  size_t found_ = 0;
  bool known_ = false;
};

}  // namespace

std::optional<std::string> parameter(std::string_view value, std::string_view name) {
  for (size_t at = 0; at < value.size();) {
    at = value.find_first_not_of("; \t", at);
    if (at == npos) break;
    size_t equals = value.find_first_of("=;", at);
    if (equals == npos) break;
    if (value[equals] == ';') {
      at = equals + 1;
      continue;
    }
    bool wanted = equal_nocase(trim(value.substr(at, equals - at)), name);
    size_t start = value.find_first_not_of(" \t", equals + 1);
    if (start == npos) break;
    if (value[start] == '"') {
      size_t end = start + 1;
      while (end < value.size() && value[end] != '"') end += value[end] == '\\' ? 2 : 1;
      if (wanted) return unquote(value.substr(start + 1));
      at = end + 1;
    } else {
      size_t end = std::min(value.find(';', start), value.size());
      if (wanted) return std::string(trim(value.substr(start, end - start)));
      at = end;
    }
  }
  return {};
}

std::optional<ContentRange> parse_content_range(std::string_view value) {
  constexpr std::string_view kUnit = "bytes";
  value = trim(value);
  if (!equal_nocase(value.substr(0, kUnit.size()), kUnit)) return {};
  value = trim(value.substr(kUnit.size()));
  size_t slash = value.find('/');
  if (slash == npos) return {};
  ContentRange range;
  std::string_view span = trim(value.substr(0, slash)), size = trim(value.substr(slash + 1));
  if (size != "*") {
    range.size = parse_unsigned(size);
    if (!range.size) return {};
  }
  if (span != "*") {
    size_t dash = span.find('-');
    if (dash == npos) return {};
    range.start = parse_unsigned(span.substr(0, dash));
    range.end = parse_unsigned(span.substr(dash + 1));
    if (!range.start || !range.end) return {};
  }
  return range;
}

Multipart parse_multipart(std::string_view body, std::string_view boundary, size_t most) {
  Multipart out;
  const std::string delimiter = "--" + std::string(boundary);
  Next next_delimiter(body, delimiter), next_line(body, "\n"), crlf_crlf(body, "\r\n\r\n"), lf_lf(body, "\n\n");
  size_t at = next_delimiter.from(0);
  out.malformed = at == npos;
  while (at != npos) {
    at += delimiter.size();
    if (body.substr(at, 2) == "--") break;
    const size_t line = next_line.from(at);
    if (line == npos) break;
    // The header block ends with an empty line, which may be the delimiter's own.
    const size_t block = line - (line > at && body[line - 1] == '\r' ? 1 : 0);
    const size_t crlf = crlf_crlf.from(block), lf = lf_lf.from(block);
    const size_t end = std::min(crlf, lf), skip = lf < crlf ? 2 : 4;
    const size_t next = next_delimiter.from(line);
    if (end == npos || end > next) {
      out.invalid_header |= next != npos;
      at = next;
      continue;
    }
    std::string_view disposition =
        part_header(body.substr(line + 1, end > line ? end - line - 1 : 0), "content-disposition");
    size_t begin = end + skip, stop = std::min(next, body.size());
    // The line break before a delimiter belongs to the delimiter.
    if (next != npos && stop > begin && body[stop - 1] == '\n') --stop;
    if (next != npos && stop > begin && body[stop - 1] == '\r') --stop;
    if (auto filename = parameter(disposition, "filename"); filename && !filename->empty()) {
      if (out.parts.size() == most) {
        out.too_many = true;
        break;
      }
      if (stop > begin) {
        out.parts.push_back({std::move(*filename), begin, stop - begin, next != npos});
      } else {
        out.empty_file = true;
      }
    }
    at = next;
  }
  return out;
}

namespace {

bool uploads(const HttpTransaction& t) {
  const int method = t.tx->request_method_number;
  return method == HTP_M_POST || method == HTP_M_PUT;
}

}  // namespace

std::string Http::cut_name(HttpTransaction& t, Direction direction, std::string name) {
  const uint64_t most = out_.limit(Cap::filename);
  if (name.size() > most) {
    name.resize(most);
    raise(&t, kFileNameTooLong, direction);
  }
  return name;
}

void Http::follow_body(HttpTransaction& t, Direction direction, std::string name) {
  Body& body = t.bodies[index(direction)];
  t.files[index(direction)]
      .emplace_back(cut_name(t, direction, std::move(name)), 0, out_.digests())
      .follow(&body.bytes);
  body.is_file = true;
}

/// The boundary of a form that files are uploaded in; empty when the request is none.
std::string Http::form_boundary(const HttpTransaction& t) {
  std::string_view type = t.header(Direction::to_server, "content-type");
  if (!equal_nocase(type.substr(0, 19), "multipart/form-data")) return {};
  auto boundary = parameter(type, "boundary");
  return boundary && out_.within(Cap::boundary, boundary->size()) ? *boundary : std::string();
}

void Http::add_parts(HttpTransaction& t, std::string_view boundary, file::State state) {
  constexpr auto kServer = Direction::to_server;
  Body& body = t.bodies[index(kServer)];
  Multipart multipart = parse_multipart(body.bytes, boundary, out_.limit(Cap::parts));
  if (multipart.too_many) out_.capped(Cap::parts);
  if (multipart.malformed || multipart.too_many) raise(&t, kMultipartGenericError, kServer);
  if (multipart.invalid_header) raise(&t, kMultipartInvalidHeader, kServer);
  if (multipart.empty_file) raise(&t, kMultipartNoFiledata, kServer);
  for (Part& part : multipart.parts) {
    file::File& file = t.files[index(kServer)].emplace_back(cut_name(t, kServer, std::move(part.filename)));
    file.borrow(&body.bytes, part.begin, part.length);
    file.gaps = body.gap && !part.whole;
    file.close(part.whole ? file::State::closed : state);
  }
}

void Http::open_file(HttpTransaction& t, Direction direction) {
  const htp_uri_t* uri = t.tx->parsed_uri;
  std::string path(uri ? to_text(view(uri->path)) : std::string_view{});
  if (direction == Direction::to_server) {
    if (uploads(t) && form_boundary(t).empty()) follow_body(t, direction, std::move(path));
    return;
  }
  auto named = parameter(t.header(Direction::to_client, "content-disposition"), "filename");
  follow_body(t, direction, named && !named->empty() ? std::move(*named) : std::move(path));
  if (std::string_view value = t.header(Direction::to_client, "content-range"); !value.empty()) {
    auto range = parse_content_range(value);
    if (!range) {
      raise(&t, kRangeInvalid, direction);
    } else if (range->start && range->end) {
      t.files[index(direction)].back().range = {*range->start, *range->end};
    }
  }
}

void Http::end_files(HttpTransaction& t, Direction direction, file::State state) {
  const Body& body = t.body(direction);
  if (body.is_file) {
    file::File& file = t.files[index(direction)].front();
    file.size = body.size;
    file.gaps = body.gap;
    file.close(state);
  } else if (body.size > 0 && direction == Direction::to_server && uploads(t)) {
    if (std::string boundary = form_boundary(t); !boundary.empty()) add_parts(t, boundary, state);
  }
}

}  // namespace lapwing::http
