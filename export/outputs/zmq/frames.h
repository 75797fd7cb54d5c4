// Messages of several frames.
#pragma once

#include <string>
#include <vector>

namespace lapwing {

/// All frames of one message; empty when none came within the socket's receive timeout.
std::vector<std::string> receive_frames(void* socket);

}  // namespace lapwing
