#include <algorithm>

#include "sensor/config/config.h"

namespace lapwing {
namespace {

/// Maps whose members are the operator's own names.
constexpr std::string_view kNamed[] = {"vars.address-groups.HOME_NET", "vars.port-groups.HTTP_PORTS"};
/// A word stands for the whole map below this: "metadata: no", and a record type's "alert: yes".
constexpr std::string_view kWords = "outputs.eve-log.types.";

/// `node` stands at the first `taken` characters of `key`.
void check(const Setting& node, std::string_view key, size_t taken) {
  if (taken >= key.size()) return;
  const std::string_view here = key.substr(0, taken ? taken - 1 : 0);
  const std::string_view part = key.substr(taken, key.find('.', taken) - taken);
  if (node.kind == Setting::Kind::scalar && !node.scalar.empty()) {
    if (here.starts_with(kWords)) return;
    throw SettingError(node.mark, std::string(here) + ": a map of settings is expected here, such as " +
                                      std::string(part) + ": ..., not '" + node.scalar + "'");
  }
  if (node.kind == Setting::Kind::list) {
    for (const auto& item : node.children) {
      // "types: [alert]" names what it has no options for.
      if (item->kind != Setting::Kind::scalar || here == "outputs") check(*item, key, taken);
    }
    return;
  }
  for (const auto& child : node.children) {
    if (child->key == part) check(*child, key, taken + part.size() + 1);
  }
}

}  // namespace

void check_kinds(const Setting& root, std::span<const std::string> known_keys) {
  auto known = [&](std::string_view key) { return std::ranges::find(known_keys, key) != known_keys.end(); };
  for (std::string_view key : kNamed) check(root, key, 0);
  for (const std::string& key : known_keys) {
    // One that is a setting and a map at once takes both.
    bool both = false;
    for (size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
      both |= known(std::string_view(key).substr(0, dot));
    }
    if (!both) check(root, key, 0);
  }
}

}  // namespace lapwing
