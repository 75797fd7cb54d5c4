#include "sensor/event/record_plan.h"

#include <algorithm>

namespace lapwing {

/// Depth 0 has the record's own objects, of which options choose the columns at depth 1.
bool RecordPlan::wanted(const Column& column, const RecordChoice& choice, size_t depth) {
  const bool named = std::ranges::find(choice.names, column.choice_name()) != choice.names.end();
  if (column.level == Level::on_request) return named;
  if (depth != 1) return true;
  if (choice.only) return named;
  return named || column.level == Level::always || choice.extended;
}

std::span<const Shown> RecordPlan::select(Table table, const RecordChoice& choice, size_t depth) {
  std::vector<Shown> out;
  for (const Column& column : table) {
    const bool spliced = column.shape == Shape::object && column.member.empty();
    if (!column.write || (!spliced && !wanted(column, choice, depth))) continue;
    const std::span<const Shown> inside = select(column.inside, choice, spliced ? depth : depth + 1);
    if (column.inside.size() > 0 && inside.empty()) continue;
    out.push_back({&column, inside});
  }
  return kept_.emplace_back(std::move(out));
}

}  // namespace lapwing
