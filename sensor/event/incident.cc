#include "sensor/event/incident.h"

namespace lapwing {
namespace {

constexpr std::string_view kStates[] = {"open", "updated", "closed"};

}  // namespace

std::string_view name(IncidentState state) {
  return kStates[static_cast<size_t>(state)];
}

}  // namespace lapwing
