// The process log on standard error: start-up, configuration and shutdown only. Hot code counts instead.
#pragma once

#include <spdlog/spdlog.h>

namespace lapwing {

/// Routes spdlog to standard error in one line format; `level` is a spdlog level name.
void start_log(const std::string& level);

}  // namespace lapwing
