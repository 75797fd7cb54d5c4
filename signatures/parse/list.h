// The grammar of address and port lists: "[10.0.0.0/8,!$DMZ]", shared by rule headers, variables and threshold lines.
#pragma once

#include <cstddef>

#include "signatures/parse/source_text.h"

namespace lapwing {

/// Lists nest no deeper than this.
inline constexpr int kMaxListDepth = 64;

/// Parses the bytes [begin, end) of the line, which must be one list and nothing else. Commas outside brackets make
/// a list too. Throws ParseFault.
ListNode parse_list(const SourceLine& line, size_t begin, size_t end);

}  // namespace lapwing
