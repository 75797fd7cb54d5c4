#include "sensor/cli/sensor_answer.h"

#include <sys/stat.h>

#include <stdexcept>
#include <vector>

#include "sensor/control/control.h"

namespace lapwing {
namespace {

/// The first of the default places that has a socket; where none has, the error should name the usual one.
std::string default_socket() {
  const std::vector<std::string> paths = default_control_paths();
  for (const std::string& path : paths) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) return path;
  }
  return paths.front();
}

}  // namespace

SensorAnswer ask_sensor_at(const std::string& socket, std::string_view request, int seconds) {
  const std::string path = socket.empty() ? default_socket() : socket;
  const auto json = nlohmann::json::parse(ask_sensor(path, request, seconds), nullptr, false);
  if (!json.is_object() || !json.contains("return") || !json.contains("message")) {
    throw std::runtime_error(path + ": the answer is not a sensor's");
  }
  return {json["return"] == "OK", json["message"]};
}

}  // namespace lapwing
