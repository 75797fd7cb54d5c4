// The part `gss`: a login by GSS-API (RFC 2743), as SMB, LDAP, DCERPC, HTTP and SASL carry it: SPNEGO (RFC 4178),
// NTLMSSP (MS-NLMP), Kerberos (RFC 1964, RFC 4121).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/dissector.h"
#include "dissectors/parts/gss/ntlmssp.h"
#include "dissectors/parts/kerberos/kerberos.h"
#include "sensor/event/chunk.h"
#include "sensor/event/login.h"
#include "sensor/event/part.h"
#include "sensor/event/sighting.h"

namespace lapwing::gss {

/// The rows of the part.
struct Gss {
  enum class Anomaly : uint8_t { malformed_token, malformed_ntlmssp, malformed_kerberos, unusual_ntlmssp_order };
  using Cap = None;
  static const Part part;
};

/// What a token was. nothing: empty, or of no mechanism that is known here, such as what Kerberos encrypts. unusual:
/// sound, but for the order of names in a message of NTLMSSP (ntlmssp::Exchange::unusual).
enum class Token : uint8_t { nothing, sound, unusual_ntlmssp, malformed, malformed_ntlmssp, malformed_kerberos };

inline bool wrong(Token token) {
  return token > Token::sound;
}
/// Tells what is wrong with a token, if anything is, for a carrier that has no names of its own for that.
void tell(Token token, PartOut<Gss> out, Direction direction, Transaction* tx);

/// [W] A login, from its first token to its last. What it keeps is bounded by the tokens that said it, which their
/// carrier bounds.
class Login {
 public:
  /// A token of one side, whole.
  Token take(Bytes token, Direction direction);
  /// How it ended, by what the carrier's own words say.
  void end(Outcome outcome) { outcome_ = outcome; }

  /// Null where no message of NTLMSSP came. Names of the client are there when it is `authenticated`.
  const ntlmssp::Exchange* ntlmssp() const { return ntlmssp_ ? &*ntlmssp_ : nullptr; }
  /// The service's, by which the client logs in; null where none came.
  const kerberos::Ticket* kerberos() const { return kerberos_ ? &*kerberos_ : nullptr; }
  /// The code of a KRB-ERROR in a token (RFC 4120 7.5.9).
  std::optional<int32_t> kerberos_error() const { return kerberos_error_; }
  /// "ntlmssp", "krb5", "negoex" ...: that by which a token came, else the one that the client likes best; empty where
  /// none was named.
  std::string_view mechanism() const { return mechanism_; }
  /// Tokens come within SPNEGO.
  bool negotiated() const { return spnego_; }
  /// How it ended: as the carrier says, or until then SPNEGO's negState (RFC 4178 4.2.2).
  Outcome outcome() const { return outcome_; }
  /// The client has said who it is.
  bool proposed() const { return kerberos_ || (ntlmssp_ && ntlmssp_->authenticated); }

  /// What any protocol tells of it. Who logs in by Kerberos does not show.
  LoginSeen seen(Outcome outcome) const;

 private:
  Token spnego(Bytes token, Direction direction);
  Token mechanism_token(Bytes token);
  Token read_ntlmssp(Bytes token);
  Token read_kerberos(Bytes token);

  std::string_view mechanism_;
  std::optional<ntlmssp::Exchange> ntlmssp_;
  std::optional<kerberos::Ticket> kerberos_;
  std::optional<int32_t> kerberos_error_;
  bool spnego_ = false;
  bool by_token_ = false;  // the mechanism is known by a token of it
  Outcome outcome_ = Outcome::unknown;
};

/// What NTLMSSP's messages tell of the hosts: names of the server, systems of both.
void sightings(const Login& login, SightingSink& sink);

}  // namespace lapwing::gss
