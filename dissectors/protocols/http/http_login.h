// Logins by GSS-API in headers of HTTP (RFC 4559, MS-NTHT): to the server, and to a proxy before it.
#pragma once

#include <string_view>

#include "sensor/event/outcome.h"

namespace lapwing::http {

/// What stands in base64 behind the first NTLM or Negotiate that has it, of credentials or in a list of challenges
/// (RFC 9110 11.4, 11.6.1); empty where none has, for a scheme alone is an offer.
std::string_view gss_token(std::string_view header);

/// What a status says of a login that its request brought.
Outcome login_outcome(int status);

}  // namespace lapwing::http
