// The sensor of a build with protocols of the tests' own beside its own: packets in, records out.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/pipeline/pipeline.h"
#include "tests/pipeline/made_up/conversation.h"

namespace lapwing::test {

/// What became of a capture.
struct Outcome {
  std::vector<nlohmann::json> records;

  /// In the order in which they were written.
  std::vector<nlohmann::json> of(std::string_view type) const;
  /// The one of that type whose server listens there.
  nlohmann::json flow_to(uint16_t port) const;
  /// All but what tells how much was done, in no order: those of several workers come as they come.
  std::multiset<std::string> told() const;
  /// A counter of the last stats record, by its path.
  uint64_t stat(std::string_view path) const;
};

struct SensorSetup {
  std::string options = {};  // YAML
  std::string rules = {};
  size_t workers = 1;
  std::string log_folder = {};                                                // of the file store, where there is one
  std::vector<std::shared_ptr<const analytics::AnyDetector>> detectors = {};  // instead of the sensor's own
};

/// Throws SettingError for options; rules at fault fail the test.
Outcome sense(const Capture& capture, const SensorSetup& setup = {});

}  // namespace lapwing::test
