// What the system refused, by errno.
#pragma once

#include <cerrno>
#include <system_error>

namespace lapwing::verify {

[[noreturn]] inline void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace lapwing::verify
