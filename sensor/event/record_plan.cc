#include "sensor/event/record_plan.h"

#include <algorithm>

namespace lapwing {

/// Depth 0 has the record's own objects, of which options say how much is shown at depth 1.
bool RecordPlan::wanted(const Column& column, const RecordExtent& extent, size_t depth) {
  const std::string_view name = column.option_name.empty() ? column.member : column.option_name;
  const bool named = std::ranges::find(extent.names, name) != extent.names.end();
  if (column.level == Level::on_request) return named;
  if (depth != 1) return true;
  if (extent.only) return named;
  return named || column.level == Level::always || extent.extended;
}

std::span<const Shown> RecordPlan::select(Table table, const RecordExtent& extent, size_t depth) {
  std::vector<Shown> out;
  for (const Column& column : table) {
    const bool spliced = column.shape == Shape::object && column.member.empty();
    if (!column.write || (!spliced && !wanted(column, extent, depth))) continue;
    const std::span<const Shown> inside = select(column.inside, extent, spliced ? depth : depth + 1);
    if (column.inside.size() > 0 && inside.empty()) continue;
    out.push_back({&column, inside});
  }
  return kept_.emplace_back(std::move(out));
}

}  // namespace lapwing
