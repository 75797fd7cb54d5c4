#include "sensor/base/domain.h"

#include <libpsl.h>

#include <array>
#include <cstring>
#include <string>

namespace lapwing {
namespace {

std::string_view end_of(std::string_view name, const char* (*part)(const psl_ctx_t*, const char*)) {
  constexpr size_t kMostInPlace = 255;  // the longest name (RFC 1035 2.3.4)
  if (name.empty() || name.find('\0') != std::string_view::npos) return {};
  std::array<char, kMostInPlace + 1> text;
  std::string longer;
  const char* begin = text.data();
  if (name.size() <= kMostInPlace) {
    std::memcpy(text.data(), name.data(), name.size());
    text[name.size()] = '\0';
  } else {
    begin = longer.assign(name).c_str();
  }
  const char* found = part(psl_builtin(), begin);
  return found ? name.substr(static_cast<size_t>(found - begin)) : std::string_view();
}

}  // namespace

std::string_view registrable_domain(std::string_view name) {
  return end_of(name, &psl_registrable_domain);
}

std::string_view public_suffix(std::string_view name) {
  return end_of(name, &psl_unregistrable_domain);
}

}  // namespace lapwing
