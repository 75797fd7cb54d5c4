// What compiled parts of a rule ask for, in words: for those who write rules [cold].
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sensor/base/sentence.h"
#include "sensor/event/integer_test.h"
#include "signatures/program/content.h"
#include "signatures/program/rule.h"

namespace lapwing::rules {

/// As describe() of what protocols' keywords ask for.
inline std::string words(const IntegerTest& test) {
  return describe(test);
}
/// What a test of a word asks for, by the first protocol that has it.
std::string describe_word(const FieldTest& test);
std::string words(const Threshold& threshold);
std::string words(const Tag& tag);
std::string words(const Number& number, VariableNames variables);
/// Bytes as `content` has them, in quotes: what is not printable in |hex|. Beyond `most` bytes only their number is
/// told.
std::string in_quotes(std::string_view bytes, size_t most = SIZE_MAX);
std::string_view name_of(Action action);

}  // namespace lapwing::rules
