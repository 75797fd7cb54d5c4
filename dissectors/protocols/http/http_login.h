// Logins over HTTP: by GSS-API in headers (RFC 4559, MS-NTHT), by Basic and Digest, to the server and to a proxy before
// it, and by forms.
#pragma once

#include <string_view>

#include "sensor/event/login.h"

namespace lapwing::http {

struct HttpTransaction;

/// What stands in base64 behind the first NTLM or Negotiate that has it, of credentials or in a list of challenges
/// (RFC 9110 11.4, 11.6.1); empty where none has, for a scheme alone is an offer.
std::string_view gss_token(std::string_view header);

/// What a status says of a login that its request brought.
Outcome login_outcome(int status);

/// Basic (RFC 7617), whose secret shows, or Digest (RFC 7616), for a server or a proxy. False where there are none, or
/// the answer asks for the same again with another nonce.
bool told_credentials(const HttpTransaction& t, LoginSeen& login);

/// A form by which one logs in, as far as its path, and how it is answered, tell. False where it is none, or the answer
/// may mean either.
bool told_form(const HttpTransaction& t, LoginSeen& login);

}  // namespace lapwing::http
