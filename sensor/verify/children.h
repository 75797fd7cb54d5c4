// Work in processes of their own, whose end ends nobody else.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace lapwing::verify {

/// What one piece of work came to: what it said, or how its process ended instead.
struct Ending {
  std::string said, fault;
};

/// Does pieces 0 to count - 1, up to `jobs` at once, each in a child that is killed after `limit` seconds. `done` is
/// called for each in their order. The process has no other thread. Throws std::system_error when it cannot fork.
void in_children(size_t count, size_t jobs, double limit, const std::function<std::string(size_t)>& work,
                 const std::function<void(size_t, const Ending&)>& done);

}  // namespace lapwing::verify
