// The part `sasl`: who logs in, as far as a mechanism of SASL (RFC 4422) shows it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/parts/gss/gss.h"
#include "sensor/event/login.h"
#include "sensor/event/part.h"

namespace lapwing::sasl {

inline constexpr Part part{.name = "sasl", .help = "a login by a mechanism of SASL"};

/// [W] A login; of one without a mechanism its carrier says the rest.
struct Login {
  std::string mechanism;  // as the client names it
  std::string user, password;
  std::optional<std::array<uint8_t, 8>> secret;  // a hash of it, where it was said as it is: the same again is known
  Outcome outcome = Outcome::unknown;
  uint32_t answers = 0;              // that the client gave
  std::optional<gss::Login> tokens;  // of a mechanism that speaks in those of GSS-API

  /// What the client says in base64, with the mechanism or to a challenge, and what kind of token that is, if any.
  /// Without `with_password` none is kept.
  gss::Token answer(std::string_view coded, bool with_password);
  /// What the server says in base64 to go on.
  gss::Token challenge(std::string_view coded);
  /// The password is said as it is.
  void say(std::string_view said, bool with_password);
  void end(Outcome how);
  /// NTLMSSP has told who logs in: a record of it is due when the login is over.
  bool by_ntlm() const { return tokens && tokens->ntlmssp() && tokens->ntlmssp()->authenticated; }
  /// What any protocol tells of it.
  LoginSeen seen() const;

 private:
  gss::Token token(std::string_view coded, Direction direction);
};

}  // namespace lapwing::sasl
