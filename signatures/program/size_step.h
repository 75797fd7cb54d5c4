// SizeStep: a requirement on the length of the buffer (bsize, urilen).
#pragma once

#include "signatures/program/step.h"
#include "signatures/program/words.h"

namespace lapwing::rules {

class SizeStep : public Step {
 public:
  static constexpr Form kForm = Form::size;

  explicit SizeStep(IntegerTest size) : Step(kForm), test(size) {}
  Outcome attempt(Inspection& inspection, Attempt&) const override {
    return test.matches(inspection.subject().end()) ? Outcome::match : Outcome::stop;
  }
  std::string describe(VariableNames) const override { return "bsize " + words(test); }

  const IntegerTest test;
};

}  // namespace lapwing::rules
