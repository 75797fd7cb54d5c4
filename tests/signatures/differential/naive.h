// The rule language once more, slow and obvious: every placement of every content is tried, by recursion. It shares
// nothing with the matcher but the language's description.
#pragma once

#include "tests/signatures/differential/sample.h"

namespace lapwing::test {

/// Whether the keywords match one buffer. Throws std::runtime_error where an expression does not compile.
bool naive_match(const std::vector<SampleStep>& steps, std::string_view buffer);

/// Whether the rule matches: every block in its buffer, of a buffer with several values in one of them.
bool naive_match(const SampleRule& rule, const SamplePacket& packet);

}  // namespace lapwing::test
