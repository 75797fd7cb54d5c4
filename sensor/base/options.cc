#include "sensor/base/options.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing {

std::string_view unit_name(Unit unit) {
  constexpr std::string_view kNames[] = {"none", "bytes", "seconds", "milliseconds", "packets"};
  return kNames[static_cast<size_t>(unit)];
}

Setting fallback_setting(std::string_view key, std::string_view text) {
  Setting node;
  node.mark.file = "default";
  node.key = key;
  node.kind = text.empty() ? Setting::Kind::null : Setting::Kind::scalar;
  node.scalar = text;
  return node;
}

void check_choice(const Setting& node, std::string_view choices) {
  auto allowed = split(choices, '|');
  if (std::find(allowed.begin(), allowed.end(), node.scalar) != allowed.end()) return;
  std::string list;
  for (auto choice : allowed) list += (list.empty() ? "" : ", ") + std::string(choice);
  node.fail("'" + node.scalar + "' is none of " + list);
}

std::vector<std::string> read_texts(const Setting& node) {
  std::vector<std::string> out;
  if (node.kind == Setting::Kind::list) {
    for (const auto& child : node.children) out.push_back(child->as_text());
  } else if (node.kind == Setting::Kind::scalar) {
    for (auto part : split(node.as_text(), ',')) {
      if (!trim(part).empty()) out.emplace_back(trim(part));
    }
  } else if (node.kind == Setting::Kind::map) {
    node.fail("a list is expected here");
  }
  return out;
}

}  // namespace lapwing
