// A login of IMAP: LOGIN, or AUTHENTICATE with what its mechanism (RFC 4422) shows of who logs in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/outcome.h"

namespace lapwing::imap {

/// [W]
struct Login {
  std::string mechanism;  // as the client names it; of LOGIN empty
  std::string user, password;
  Outcome outcome = Outcome::unknown;

  /// What the client says of itself, in base64: first with the mechanism, or to a challenge.
  void take(std::string_view coded);
};

}  // namespace lapwing::imap
