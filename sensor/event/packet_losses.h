// PacketLosses: what the sensor did not see, or not look at in full.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lapwing {

/// A counter of the stats record, and what findings call it.
struct PacketLoss {
  std::string_view name, path;
};
inline constexpr std::array<PacketLoss, 3> kPacketLosses = {{{"kernel_drops", "capture.kernel_drops"},
                                                             {"kernel_ifdrops", "capture.kernel_ifdrops"},
                                                             {"shed_above", "ndpi.shed_above"}}};

/// By place in kPacketLosses.
using PacketLosses = std::array<uint64_t, kPacketLosses.size()>;

}  // namespace lapwing
