// Capture files as frames in memory, and back.
#pragma once

#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// `fault`: why it could not be read to its end, when somebody asks; otherwise it throws std::runtime_error.
std::vector<test::BuiltFrame> read_capture(const std::string& path, std::string* fault = nullptr);
/// All frames are of the first one's link type.
void write_capture(const std::string& path, const std::vector<test::BuiltFrame>& frames);
/// All captures below a folder, in order; the file itself when it is none.
std::vector<std::string> captures_below(const std::string& path);

}  // namespace lapwing::hunt
