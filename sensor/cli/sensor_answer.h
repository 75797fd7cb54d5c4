// What a running sensor answers to a command.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lapwing {

inline constexpr int kStatsSeconds = 10;  // a sensor with much to do answers within

struct SensorAnswer {
  bool ok = false;
  nlohmann::json message;
};

/// Asks the sensor at `socket`, or at the first of the default places that has one. Throws std::runtime_error when
/// nobody listens, answers in time or speaks as a sensor does.
SensorAnswer ask_sensor_at(const std::string& socket, std::string_view request, int seconds);

}  // namespace lapwing
