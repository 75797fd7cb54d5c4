// What a request line looks like, where the bytes around it say nothing.
#pragma once

#include <string_view>

#include "dissectors/contract/dissector.h"

namespace lapwing::http {

/// A line that begins with a method, or names a version of HTTP.
bool begins_request(std::string_view line);
/// The beginning of a line: more of it may make it one.
bool may_begin_request(std::string_view text);
/// Whether an answer of HTTP/1 begins so.
Likelihood probe_response(std::string_view text);

}  // namespace lapwing::http
