// Logins, as far as their mechanisms show them.
#pragma once

#include <string>
#include <string_view>

#include "dissectors/contract/outcome.h"

namespace lapwing::pop3 {

struct Login {
  std::string mechanism;  // USER, APOP, or that of SASL as the client names it
  std::string user, password;
  Outcome outcome = Outcome::unknown;
};

/// What the client says of itself in base64: behind AUTH, or in answer to a challenge (RFC 5034 4).
void learn(std::string_view coded, Login& login);

}  // namespace lapwing::pop3
