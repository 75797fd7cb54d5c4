// What a web server answers where it does not matter what.
#pragma once

#include <string_view>

namespace lapwing::test {

inline constexpr std::string_view kHttpAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace lapwing::test
