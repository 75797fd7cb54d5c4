// Names and places of files in HTTP messages: pure functions over header values and bodies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::http {

/// The value of a parameter of a header ("filename" of Content-Disposition, "boundary" of Content-Type), without
/// quotes and escapes. Nothing when it is not there.
std::optional<std::string> parameter(std::string_view value, std::string_view name);

/// "bytes 0-499/1234" (RFC 9110 14.4). `size` is missing where the sender wrote "*".
struct ContentRange {
  std::optional<uint64_t> start, end, size;
};
std::optional<ContentRange> parse_content_range(std::string_view value);

/// One part of a multipart/form-data body (RFC 7578) that carries a file.
struct Part {
  std::string filename;
  size_t begin = 0, length = 0;  // of its content within the body
  bool whole = false;            // its closing delimiter was there
};
struct Multipart {
  std::vector<Part> parts;
  bool malformed = false;       // no delimiter where one must be
  bool too_many = false;        // files
  bool invalid_header = false;  // headers of a part do not end
  bool empty_file = false;      // a file without content
};
/// `most`: files that are looked for.
Multipart parse_multipart(std::string_view body, std::string_view boundary, size_t most);

}  // namespace lapwing::http
