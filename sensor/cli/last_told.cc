#include "sensor/cli/last_told.h"

#include <fstream>
#include <map>
#include <stdexcept>
#include <utility>

#include "sensor/cli/sensor_answer.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

std::vector<Json> of_file(const std::string& type, const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::map<std::string, Json> last;
  for (std::string line; std::getline(file, line);) {
    if (line.find("\"" + type + "\"") == std::string::npos) continue;
    Json record = Json::parse(line, nullptr, false);
    if (!record.is_object() || !record.contains("event_type") || record["event_type"] != type) continue;
    if (!record.contains(type) || !record[type].contains("id")) continue;
    Json& object = record[type];
    if (!object["id"].is_string()) continue;
    const std::string id = object["id"];
    last[id] = std::move(object);
  }
  std::vector<Json> out;
  for (auto& [id, object] : last) out.push_back(std::move(object));
  return out;
}

}  // namespace

std::vector<Json> last_told(const std::string& type, const std::string& eve, const std::string& socket) {
  if (!eve.empty()) return of_file(type, eve);
  const SensorAnswer answer = ask_sensor_at(socket, R"({"command":")" + type + R"(s"})", kStatsSeconds);
  if (!answer.ok || !answer.message.is_array()) throw std::runtime_error(answer.message.dump());
  return answer.message;
}

}  // namespace lapwing
