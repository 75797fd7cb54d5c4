// Descriptor: a file that is open for as long as it lives.
#pragma once

#include <unistd.h>

namespace lapwing {

/// Owns the number; one below 0 is none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

}  // namespace lapwing
