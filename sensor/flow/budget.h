// Budget: what a flow may cost, measured by the bytes it brought.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include "sensor/base/options.h"
#include "sensor/flow/flow.h"

namespace lapwing {

/// [S] Keys "flow.budget.*". A flow that brought n bytes, headers and repetitions included, may cost `times` x n +
/// `base` bytes of each kind. What goes beyond is given up, counted by who gave it up, and told as a loss.
struct BudgetConfig {
  uint64_t work_times = 0, work_base = 0;      // bytes looked at: dissected, decoded, searched
  uint64_t record_times = 0, record_base = 0;  // bytes of records
};
std::span<const OptionRow<BudgetConfig>> budget_options();

/// Adds `bytes` of `Unit` to what was spent, which stays below 2^32 units.
template <uint64_t Unit>
void spend(uint32_t& spent, uint64_t bytes) {
  const uint64_t sum = spent + (bytes + Unit - 1) / Unit;
  spent = static_cast<uint32_t>(std::min<uint64_t>(sum, std::numeric_limits<uint32_t>::max()));
}

inline uint64_t received(const Flow& flow) {
  return flow.bytes[0] + flow.bytes[1];
}

/// Whether the flow may still be worked for.
inline bool may_work(const BudgetConfig& budget, const Flow& flow) {
  return flow.costs.work * FlowCosts::kWorkUnit <= budget.work_times * received(flow) + budget.work_base;
}
/// Counts work before it is done; false when it is more than the flow has left.
inline bool work(const BudgetConfig& budget, Flow& flow, uint64_t bytes) {
  spend<FlowCosts::kWorkUnit>(flow.costs.work, bytes);
  return may_work(budget, flow);
}

/// Whether a record of the flow may still be written: the last one may go beyond by its own size.
inline bool may_record(const BudgetConfig& budget, const Flow& flow) {
  return flow.costs.records * FlowCosts::kRecordUnit <= budget.record_times * received(flow) + budget.record_base;
}
inline void recorded(Flow& flow, uint64_t bytes) {
  spend<FlowCosts::kRecordUnit>(flow.costs.records, bytes);
}

}  // namespace lapwing
