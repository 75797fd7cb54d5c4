// Base64 (RFC 4648 4) that is a whole text; to_base64 stands with the other texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lapwing {

/// Of the whole text, whether padded or not; nothing where it has other characters.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace lapwing
