#include "sensor/base/public_suffix.h"

#include <libpsl.h>

#include "sensor/base/text.h"

namespace lapwing {

std::string registrable_domain(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.find('\0') != std::string_view::npos) return {};
  const std::string lower = to_lower(name.back() == '.' ? name.substr(0, name.size() - 1) : name);
  const char* found = psl_registrable_domain(psl_builtin(), lower.c_str());
  return found ? found : "";
}

}  // namespace lapwing
