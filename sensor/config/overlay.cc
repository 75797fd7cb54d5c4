#include <algorithm>

#include "sensor/base/text.h"
#include "sensor/config/config.h"

namespace lapwing {

void set_value(Setting& root, std::string_view assignment) {
  SourceMark where{"--set " + std::string(assignment), 0, 0};
  size_t equals = assignment.find('=');
  std::string_view key = trim(assignment.substr(0, equals));
  if (equals == std::string_view::npos || key.empty() || key.starts_with('.') || key.ends_with('.') ||
      key.find("..") != std::string_view::npos) {
    throw SettingError(where, "write key=value, as in stream.reassembly.depth=1mb");
  }
  Setting& node = root.make(key, where);
  node.children.clear();
  node.kind = Setting::Kind::scalar;
  node.scalar = trim(assignment.substr(equals + 1));
  node.mark = where;
}

void merge(Setting& base, std::unique_ptr<Setting> over) {
  if (base.kind != Setting::Kind::map || over->kind != Setting::Kind::map) {
    base.kind = over->kind;
    base.mark = std::move(over->mark);
    base.scalar = std::move(over->scalar);
    base.children = std::move(over->children);
    return;
  }
  for (auto& child : over->children) {
    auto same = std::find_if(base.children.begin(), base.children.end(), [&](auto& c) { return c->key == child->key; });
    if (same == base.children.end()) {
      base.children.push_back(std::move(child));
    } else {
      merge(**same, std::move(child));
    }
  }
}

}  // namespace lapwing
