#include "sensor/flow/budget.h"

namespace lapwing {
namespace {

constexpr OptionRow<BudgetConfig> kOptions[] = {
    {"flow.budget.work-times", &BudgetConfig::work_times, "64",
     "bytes that may be looked at (dissected, decoded, searched) for each byte of a flow"},
    {"flow.budget.work-base", &BudgetConfig::work_base, "1mb", "bytes that may be looked at besides, for each flow",
     Unit::bytes},
    {"flow.budget.record-times", &BudgetConfig::record_times, "16", "bytes of records for each byte of a flow"},
    {"flow.budget.record-base", &BudgetConfig::record_base, "64kb", "bytes of records besides, for each flow",
     Unit::bytes},
};

}  // namespace

std::span<const OptionRow<BudgetConfig>> budget_options() {
  return kOptions;
}

}  // namespace lapwing
