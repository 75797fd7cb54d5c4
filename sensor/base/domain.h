// Parts of domain names by the public suffix list.
#pragma once

#include <string_view>

namespace lapwing {

/// "bbc.co.uk" of "www.bbc.co.uk": what one can register, or nothing where all of the name is a suffix. The name is in
/// lower case; the result is its end.
std::string_view registrable_domain(std::string_view name);
/// "co.uk" of it.
std::string_view public_suffix(std::string_view name);

}  // namespace lapwing
