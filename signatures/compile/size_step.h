// SizeStep: a requirement on the length of the buffer (bsize, urilen).
#pragma once

#include "signatures/compile/words.h"
#include "signatures/match/step.h"

namespace lapwing::detect {

class SizeStep : public Step {
 public:
  explicit SizeStep(IntegerTest size) : test(size) {}
  Outcome attempt(Inspection& inspection, Attempt&) const override {
    return test.matches(inspection.subject().end()) ? Outcome::match : Outcome::stop;
  }
  std::string describe(VariableNames) const override { return "bsize " + words(test); }
  /// The shortest and the longest buffer that may pass.
  uint64_t shortest() const {
    using Mode = IntegerTest::Mode;
    switch (test.mode) {
      case Mode::equal:
      case Mode::greater_equal: return test.a;
      case Mode::greater:
      case Mode::between: return test.a + 1;
      default: return 0;
    }
  }
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
