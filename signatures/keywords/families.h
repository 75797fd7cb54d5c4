// The families that table.cc joins, and what they share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signatures/compile/keyword.h"
#include "signatures/compile/rule_builder.h"
#include "signatures/match/scene.h"
#include "signatures/program/words.h"

namespace lapwing::rules {

extern const KeywordFamily kMetaFamily, kPayloadFamily, kSizeFamily, kPcreFamily, kBytesFamily, kIpFamily, kTcpFamily,
    kIcmpFamily, kFlowFamily, kStateFamily, kEventFamily, kThresholdFamily, kTransformFamily, kBufferFamily,
    kDatasetFamily, kFileFamily, kReputationFamily, kChecksumFamily, kFlowCountFamily, kVlanFamily, kAfterFamily,
    kDecodeFamily, kDetectorFamily, kGeoipFamily, kProgressFamily;

/// `content`'s text: quoted, perhaps negated.
std::unique_ptr<ContentStep> read_content(const RuleBuilder& rule, const RuleOption& option);
/// Parts of "a, b ,c", blanks cut.
std::vector<std::string> parts(std::string_view text, char separator);
/// Bytes of a text between quotes: |hex| and the escapes \; \\ \" \:
std::string read_pattern(const RuleBuilder& rule, const RuleOption& option, std::string_view text);
/// Decimal or 0x hex within [min, max]; fails with what would be right.
int64_t read_integer(const RuleBuilder& rule, const RuleOption& option, std::string_view text, int64_t min,
                     int64_t max);
/// The same, or the name of a byte_extract variable.
Number read_number(RuleBuilder& rule, const RuleOption& option, std::string_view text, int64_t min, int64_t max);

/// The value of a condition that asks for nothing more than its keyword says.
struct Nothing {};
inline std::string words(const Nothing&) {
  return {};
}

/// A condition that is one function of the scene and a value made at compile time, for which there is words(value).
template <class Value, class Test>
class ValueCondition : public Condition {
 public:
  ValueCondition(Value value, Test test) : value_(std::move(value)), test_(std::move(test)) {}
  bool holds(const Scene& scene) const override { return test_(scene, value_); }
  std::string describe() const override { return words(value_); }

 private:
  Value value_;
  Test test_;
};

template <class Value, class Test>
void add_condition(RuleBuilder& rule, Needs needs, Value value, Test test) {
  rule.add(std::unique_ptr<Condition>(std::make_unique<ValueCondition<Value, Test>>(std::move(value), std::move(test))),
           needs);
}

}  // namespace lapwing::rules
