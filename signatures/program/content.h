// ContentStep: one `content` with its modifiers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "signatures/program/step.h"

namespace lapwing::rules {

/// A number of a rule, or a variable that byte_extract or byte_math sets.
struct Number {
  int64_t value = 0;
  int variable = -1;

  /// The variable as a bit.
  uint32_t reads() const { return variable < 0 ? 0 : uint32_t{1} << variable; }
  int64_t get(const Inspection& inspection) const {
    return variable < 0 ? value : static_cast<int64_t>(inspection.variables[static_cast<size_t>(variable)]);
  }
  /// As a number of bytes or a place that calculations go on with: no buffer reaches beyond these, and sums stay small.
  int64_t position(const Inspection& inspection) const {
    return std::clamp<int64_t>(get(inspection), INT32_MIN, UINT32_MAX);
  }
  /// As Suricata takes variables for places: their low 32 bits, with a sign where they are relative.
  int64_t place(const Inspection& inspection) const { return as<uint32_t>(inspection); }
  int64_t shift(const Inspection& inspection) const { return as<int32_t>(inspection); }

 private:
  template <class Integer>
  int64_t as(const Inspection& inspection) const {
    return variable < 0 ? value : static_cast<Integer>(inspection.variables[static_cast<size_t>(variable)]);
  }
};

class ContentStep : public Step {
 public:
  static constexpr Form kForm = Form::content;

  ContentStep() : Step(kForm) {}
  Outcome attempt(Inspection& inspection, Attempt& attempt) const override;
  std::string describe(VariableNames variables) const override;
  VariableUse variables() const override {
    return {0, offset.reads() | depth.reads() | distance.reads() | within.reads()};
  }
  /// Brings modifiers into the form attempt() uses; once, when all are known.
  void settle();

  std::string pattern;  // in lower case when nocase
  bool negated = false, nocase = false;
  bool startswith = false, endswith = false;
  bool has_offset = false, has_depth = false, has_distance = false, has_within = false;
  Number offset, depth, distance, within;
  bool fast_pattern = false;  // asked for
  uint16_t chop_offset = 0, chop_length = 0;

 private:
  /// It is not from `from` to `limit`, as far as those bytes are there. That they are all there is evidence too.
  Outcome absent(Inspection& inspection, Attempt& attempt, int64_t from, int64_t limit) const;
};

}  // namespace lapwing::rules
