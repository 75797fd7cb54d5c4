// What a file is, before it is read.
#pragma once

#include <string>

namespace lapwing {

/// Whether a file of a directory would be read as a capture: by its first bytes, of what is compressed those of what is
/// inside.
bool is_capture(const std::string& path);

}  // namespace lapwing
