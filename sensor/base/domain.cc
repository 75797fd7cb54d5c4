#include "sensor/base/domain.h"

#include <libpsl.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "sensor/base/hash.h"
#include "sensor/base/per_thread.h"

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

/// Most names are asked for again and again, and the list's answer takes microseconds.
struct Known {
  static constexpr size_t kMost = 63;  // bytes of a name
  uint8_t size = 0, end = 0;           // of the name, and of what can be registered of it
  std::array<char, kMost> name;

  bool is(std::string_view text) const {
    return text.size() == size && std::memcmp(text.data(), name.data(), size) == 0;
  }
};
constexpr size_t kKnown = 1024;  // names a thread remembers

}  // namespace

std::string_view registrable_domain(std::string_view name) {
  if (name.empty() || name.size() > Known::kMost) return end_of(name, &psl_registrable_domain);
  auto& memory = per_thread([] { return std::vector<Known>(kKnown); });
  Known& known = memory[keyed_hash(to_bytes(name), kReplaySeed) % kKnown];
  if (!known.is(name)) {
    known.end = static_cast<uint8_t>(end_of(name, &psl_registrable_domain).size());
    known.size = static_cast<uint8_t>(name.size());
    std::memcpy(known.name.data(), name.data(), name.size());
  }
  return known.end == 0 ? std::string_view() : name.substr(name.size() - known.end);
}

std::string_view public_suffix(std::string_view name) {
  return end_of(name, &psl_unregistrable_domain);
}

}  // namespace lapwing
