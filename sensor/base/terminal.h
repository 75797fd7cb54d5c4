// Text of others on its way to a terminal.
#pragma once

#include <string>
#include <string_view>

namespace lapwing {

/// Appends `text` so that it moves no cursor and hides nothing: control characters but newline (C0, DEL, C1),
/// characters that change the direction of writing or break lines (Unicode UAX 9 and 14), and what is no UTF-8 become
/// \u00XX or \uXXXX, which in JSON says the same.
void append_for_terminal(std::string& out, std::string_view text);
/// The same of a word or name within a line, which ends no line either.
std::string for_terminal(std::string_view text);

}  // namespace lapwing
