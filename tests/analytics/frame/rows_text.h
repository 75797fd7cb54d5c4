// Configuration as a file says it, without the reader of files: each row has a line of its own.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sensor/base/option_source.h"

namespace lapwing::test {

using Row = std::vector<std::pair<std::string_view, std::string_view>>;

/// The list at `key` of the rows; row i, from 0 on, stands in line i + 2 of "c.yaml", member j in column 5 + j.
inline Setting list_of(std::string_view key, const std::vector<Row>& rows) {
  Setting root;
  root.kind = Setting::Kind::map;
  Setting& list = root.make(key, {"c.yaml", 1, 1});
  list.kind = Setting::Kind::list;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    Setting& row = list.add("", {"c.yaml", i + 2, 5});
    row.kind = Setting::Kind::map;
    for (uint32_t j = 0; j < rows[i].size(); ++j) {
      Setting& member = row.add(rows[i][j].first, {"c.yaml", i + 2, 5 + j});
      member.kind = Setting::Kind::scalar;
      member.scalar = rows[i][j].second;
    }
  }
  return root;
}

/// What reading it says is wrong; empty: nothing.
template <class Read>
std::string fault_of(const Setting& root, Read&& read) {
  try {
    read(OptionSource(root));
  } catch (const SettingError& error) {
    return error.what();
  }
  return "";
}

}  // namespace lapwing::test
