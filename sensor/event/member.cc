#include "sensor/event/member.h"

#include <algorithm>
#include <optional>

namespace lapwing {
namespace {

constexpr std::string_view kList = "[]";

JsonType type_of(Shape shape) {
  switch (shape) {
    case Shape::integer:
    case Shape::date: return JsonType::integer;
    case Shape::flag: return JsonType::boolean;
    case Shape::object:
    case Shape::custom: return JsonType::object;
    default: return JsonType::string;
  }
}

/// What stands around a table: names, the rarest level, and the way there, unless it leads through a hatch.
struct Around {
  std::string path;
  Level level = Level::always;
  std::optional<ColumnPath> at = ColumnPath();
};

void collect(std::vector<Member>& out, Table table, const Around& around) {
  for (const Column& column : table) {
    const bool spliced = column.member.empty() && column.shape == Shape::object && !column.many;
    if (column.member.empty() && !spliced) continue;
    Around within{around.path, std::max(around.level, column.level)};
    const bool readable = column.visit || column.enter;
    within.at = around.at && readable ? std::optional(around.at->then(column)) : std::nullopt;
    if (!spliced) {
      within.path += column.member;
      if (column.many) within.path += kList;
      out.push_back({within.path, type_of(column.shape), within.level, &column, within.at.value_or(ColumnPath())});
      within.path += '.';
    }
    collect(out, column.inside, within);
  }
}

std::string without_marks(std::string path) {
  for (size_t mark; (mark = path.find(kList)) != std::string::npos;) path.erase(mark, kList.size());
  return path;
}

}  // namespace

std::string_view name(JsonType type) {
  constexpr std::string_view kNames[] = {"string", "integer", "number", "boolean", "object"};
  return kNames[static_cast<size_t>(type)];
}

std::string_view name(Level level) {
  constexpr std::string_view kNames[] = {"always", "extended", "on request"};
  return kNames[static_cast<size_t>(level)];
}

std::vector<Member> members(Table table) {
  std::vector<Member> out;
  collect(out, table, {});
  return out;
}

ColumnPath find(Table table, std::string_view path) {
  for (const Member& member : members(table)) {
    if (member.at.found() && member.column->visit && without_marks(member.path) == path) return member.at;
  }
  return {};
}

}  // namespace lapwing
