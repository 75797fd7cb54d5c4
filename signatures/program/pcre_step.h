// PcreStep: one `pcre`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "signatures/program/pcre.h"
#include "signatures/program/step.h"

namespace lapwing::rules {

class PcreStep : public Step {
 public:
  static constexpr Form kForm = Form::expression;

  PcreStep() : Step(kForm) {}
  Outcome attempt(Inspection& inspection, Attempt& attempt) const override;
  std::string describe(VariableNames variables) const override;

  std::shared_ptr<const Regex> regex;
  bool negated = false;
  std::string expression;  // for a prefilter, where the rule has no content
  RegexOptions options;
  struct Target {
    Capture::Kind kind;
    uint16_t name;
    uint8_t group;
  };
  std::vector<Target> targets;  // where groups go
};

}  // namespace lapwing::rules
