// Whether something could be made in the file system, without making it.
#pragma once

#include <string>

namespace lapwing {

/// Why no file or folder could be made at `path`, as errno tells it, 0: it could. Folders on the way that are missing
/// would be made.
int fault_of_making(const std::string& path);

}  // namespace lapwing
