// What a running sensor, or a file of records, tells last of each incident or asset.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lapwing {

/// The objects `type` as records have them: of the file `eve`, or, where that is empty, what the sensor at `socket`
/// answers to the command `type` in the plural. In the order of their ids, or as the sensor gives them. Throws
/// std::runtime_error.
std::vector<nlohmann::json> last_told(const std::string& type, const std::string& eve, const std::string& socket);

}  // namespace lapwing
