// Which dissectors are on, on which ports they are expected, and their own options.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/registry.h"
#include "sensor/app/probe_table.h"
#include "sensor/base/options.h"

namespace lapwing {

/// Kinds of frames of a protocol: with its stream they are the bits of AppLayer::want_frames().
inline constexpr size_t kMaxFrameKinds = 31;

/// One dissector as configured [S]. Where one transport is dissected and the other only recognised it is two.
struct AppProtocol {
  std::shared_ptr<const DissectorRow> row;
  uint8_t transports = 0;  // those switched on
  std::shared_ptr<const void> config;
  std::shared_ptr<const RecordPlans> plans;
  std::optional<uint64_t> stream_depth;  // bytes of each direction to reassemble, UINT64_MAX: all; else as all flows
};

/// [S] Keys "app-layer.protocols.<name>.enabled", ".detection-ports.dp", both also below ".tcp" and ".udp".
/// "enabled: detection-only": recognised, and not dissected. ".stream-depth" of those over TCP, 0: all.
struct AppConfig {
  std::vector<AppProtocol> protocols;
  ProbeTable probes;    // of the protocols, by their place, with the ports configured
  uint64_t memcap = 0;  // "app-layer.memcap": bytes that dissection may keep of all flows of a worker

  /// Of all that a build has, or of those told. `requested`: columns on request that the records of every protocol
  /// show. Throws SettingError, and std::length_error where they are more, or have more kinds of frames, than the
  /// sensor can tell apart.
  static AppConfig read(const OptionSource& options, std::span<const std::string> requested = {},
                        std::span<const DissectorRow* const> rows = dissectors());
};
std::vector<OptionInfo> app_options();

}  // namespace lapwing
