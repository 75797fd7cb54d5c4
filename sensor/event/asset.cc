#include "sensor/event/asset.h"

namespace lapwing {
namespace {

constexpr std::string_view kStates[] = {"known", "changed", "active", "gone"};

}  // namespace

std::string_view name(AssetState state) {
  return kStates[static_cast<size_t>(state)];
}

}  // namespace lapwing
