// Member: what the manual and the schema say of one member of records, and how its values are found by its name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sensor/event/field.h"

namespace lapwing {

enum class JsonType : uint8_t { string, integer, number, boolean, object };
std::string_view name(JsonType type);
std::string_view name(Level level);

/// [S] One that a table gives its records.
struct Member {
  std::string path;  // "dns.answers[].rdata": "[]" is behind a list, whose type is its elements'; "*" is any name
  JsonType type = JsonType::string;
  Level level = Level::always;  // at which it stands, and the objects around it
  const Column* column = nullptr;
  ColumnPath at;  // nowhere, of what a hatch writes
};

/// In the order of the table, objects before what is in them.
std::vector<Member> members(Table table);

/// Where the values of a member are found, such as "dns.answers.rdata": nowhere, where the table has no such values.
ColumnPath find(Table table, std::string_view path);

}  // namespace lapwing
