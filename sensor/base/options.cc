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
  node.kind = text.empty() ? Setting::Kind::null : text == "[]" ? Setting::Kind::list : Setting::Kind::scalar;
  node.scalar = text;
  return node;
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

namespace {

constexpr size_t kMostListed = 32;

uint64_t named(const Setting& node, std::string_view text, std::span<const NamedValue> names) {
  auto is_meant = [&](const NamedValue& known) { return equal_nocase(known.name, text); };
  const auto found = std::ranges::find_if(names, is_meant);
  if (found != names.end()) return found->value;
  const std::string list = list_names(names, ", ");
  node.fail("'" + std::string(text) + "' is " + (list.empty() ? "no name that is known here" : "none of " + list));
}

}  // namespace

uint64_t read_named(const Setting& node, std::span<const NamedValue> names) {
  return named(node, node.as_text(), names);
}

std::vector<uint64_t> read_all_named(const Setting& node, std::span<const NamedValue> names) {
  std::vector<uint64_t> out;
  if (node.kind == Setting::Kind::list) {
    for (const auto& item : node.children) out.push_back(read_named(*item, names));
  } else {
    for (const std::string& text : read_texts(node)) out.push_back(named(node, text, names));
  }
  return out;
}

std::string list_names(std::span<const NamedValue> names, std::string_view separator) {
  std::string out;
  if (names.size() > kMostListed) return out;
  for (const NamedValue& known : names) {
    if (!out.empty()) out += separator;
    out += known.name;
  }
  return out;
}

}  // namespace lapwing
