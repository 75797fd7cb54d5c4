// What headers of mail say: pure functions over values whose folding is undone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing::mime {

/// "text/plain" of "Text/Plain; charset=utf-8" (RFC 2045 5.1), in lower case.
std::string media_type(std::string_view value);

/// A parameter of a header, without quotes and escapes, put together from its sections (RFC 2231). Nothing when it is
/// not there.
std::optional<std::string> parameter(std::string_view value, std::string_view name);

/// Text in which encoded words (RFC 2047) are undone. Latin-1 becomes UTF-8; other charsets stay the bytes they are.
std::string decode_words(std::string_view text);

/// The address of a host that a Received names (RFC 5321 4.4): of "from a ([192.0.2.1])" that in brackets. Empty where
/// there is none.
std::string_view hop_address(std::string_view received);

/// Takes the next address off a list (RFC 5322 3.4), as it is written; false at its end.
bool next_address(Bytes& rest, std::string_view& address);

}  // namespace lapwing::mime
