// NdpiMemory: nDPI does not look whether it got the memory it asks for.
#pragma once

#include <cstddef>

namespace lapwing {

/// [S] What nDPI allocates, in the whole process. Where the system has no memory it gets some of a reserve, so that it
/// can go on to the end of its call; its caller then learns that it must not use what came of it.
class NdpiMemory {
 public:
  static constexpr size_t kReserve = 256 << 10;  // bytes: several times what nDPI asks for at one packet

  /// To be called before anything else of nDPI, any number of times.
  static void install();
  /// While it lives, nDPI is called on this thread.
  class Call {
   public:
    Call();
    /// Throws std::bad_alloc when the reserve had to help: the flow is to be given up, which gives all of it back.
    void done() const;
  };
};

}  // namespace lapwing
