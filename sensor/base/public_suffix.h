// Names below public suffixes: who registered "www.bbc.co.uk".
#pragma once

#include <string>
#include <string_view>

namespace lapwing {

/// "bbc.co.uk" of "www.BBC.co.uk", in lower case; "" of a public suffix and of what is no name (publicsuffix.org).
std::string registrable_domain(std::string_view name);

}  // namespace lapwing
