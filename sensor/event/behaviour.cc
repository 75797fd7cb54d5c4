#include "sensor/event/behaviour.h"

namespace lapwing {
namespace {

constexpr std::string_view kStates[] = {"open", "updated", "over"};
constexpr std::string_view kLevels[] = {"info", "low", "medium", "high", "critical"};

}  // namespace

std::string_view name(FindingState state) {
  return kStates[static_cast<size_t>(state)];
}

std::string_view name(FindingLevel level) {
  return kLevels[static_cast<size_t>(level)];
}

}  // namespace lapwing
