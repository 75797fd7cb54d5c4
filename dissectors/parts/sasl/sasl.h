// The part `sasl`: who logs in, as far as a mechanism of SASL (RFC 4422) shows it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/event/login.h"
#include "sensor/event/part.h"

namespace lapwing::sasl {

inline constexpr Part part{.name = "sasl", .help = "a login by a mechanism of SASL"};

/// [W] A login; of one without a mechanism its carrier says the rest.
struct Login {
  std::string mechanism;  // as the client names it
  std::string user, password;
  Outcome outcome = Outcome::unknown;
  uint32_t answers = 0;  // that the client gave

  /// What the client says in base64, with the mechanism or to a challenge. Without `with_password` none is kept.
  void answer(std::string_view coded, bool with_password);
  /// What any protocol tells of it.
  LoginSeen seen() const;
};

}  // namespace lapwing::sasl
