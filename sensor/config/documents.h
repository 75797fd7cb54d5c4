// DataNode: what a YAML file of data says, where keys are names of others and it matters whether 5 is a number or a
// text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/setting.h"

namespace lapwing {

/// One node. A scalar without quotes has the type that YAML 1.1 gives it; numbers with colons and dates are texts.
struct DataNode {
  enum class Kind : uint8_t { null, boolean, integer, real, text, list, map };

  Kind kind = Kind::null;
  SourceMark mark, key_mark;
  std::string key;   // of a member of a map, as it stands
  std::string text;  // of a scalar, unquoted
  int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<DataNode> children;

  bool is_scalar() const { return kind != Kind::list && kind != Kind::map; }
  /// The member of this name, or null.
  const DataNode* find(std::string_view name) const;
  [[noreturn]] void fail(const std::string& message) const;
};

/// All documents of a file; empty ones are left out. Throws SettingError with the place.
std::vector<DataNode> read_documents(const std::string& path);
std::vector<DataNode> parse_documents(const std::string& text, const std::string& name);

/// A map as read_yaml would have read it where a file of settings has it: dotted keys are paths, '_' in keys is '-'.
std::unique_ptr<Setting> as_settings(const DataNode& map);

}  // namespace lapwing
