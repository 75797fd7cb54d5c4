#include "sensor/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace lapwing {

void start_log(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("lapwing");
  logger->set_pattern("%^%l%$: %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace lapwing
