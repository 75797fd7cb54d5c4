// SizeStep: a requirement on the length of the buffer (bsize, urilen).
#pragma once

#include "signatures/compile/integer_test.h"
#include "signatures/match/step.h"

namespace lapwing::detect {

class SizeStep : public Step {
 public:
  explicit SizeStep(IntegerTest size) : test(size) {}
  Outcome attempt(Inspection& inspection, Attempt&) const override {
    return test.matches(inspection.subject().end()) ? Outcome::match : Outcome::stop;
  }
  /// The longest buffer that passes.
  uint64_t longest() const {
    using Mode = IntegerTest::Mode;
    switch (test.mode) {
      case Mode::equal:
      case Mode::less_equal: return test.a;
      case Mode::less: return test.a == 0 ? 0 : test.a - 1;
      case Mode::between: return test.b - 1;
      default: return UINT64_MAX;
    }
  }

  const IntegerTest test;
};

}  // namespace lapwing::detect
