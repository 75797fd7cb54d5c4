#include "analytics/frame/rows.h"

#include <algorithm>
#include <string>

namespace lapwing::analytics {

void for_each_row(const OptionSource& source, std::string_view key, std::initializer_list<std::string_view> keys,
                  const std::function<void(const Setting& row)>& each) {
  for (const Setting* list : source.find(key)) {
    list->use_all();
    if (list->kind == Setting::Kind::null || (list->kind == Setting::Kind::scalar && list->scalar == "[]")) continue;
    if (list->kind != Setting::Kind::list) list->fail("a list of rows is needed, each a map");
    for (const auto& row : list->children) {
      std::string all;
      for (std::string_view name : keys) all += (all.empty() ? "" : ", ") + std::string(name);
      if (row->kind != Setting::Kind::map) row->fail("a row is a map of " + all);
      for (const auto& member : row->children) {
        if (std::ranges::find(keys, member->key) == keys.end()) {
          member->fail("'" + member->key + "' is nothing that a row has; there are " + all);
        }
      }
      each(*row);
    }
  }
}

const Setting& required(const Setting& row, std::string_view member) {
  const Setting* found = row.find(member);
  if (!found) row.fail("the row lacks '" + std::string(member) + "'");
  return *found;
}

Networks networks_of(const Setting& node) {
  Networks out;
  const auto add = [&](const Setting& one) {
    if (!out.add(one.as_text())) {
      one.fail("'" + one.scalar + "' is no address or network; write 10.0.0.5, 10.0.0.0/8 or fd00::/8");
    }
  };
  if (node.kind == Setting::Kind::list) {
    for (const auto& one : node.children) add(*one);
  } else {
    add(node);
  }
  return out;
}

}  // namespace lapwing::analytics
