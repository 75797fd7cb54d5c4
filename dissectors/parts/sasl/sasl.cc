#include "dissectors/parts/sasl/sasl.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "dissectors/parts/mime/mime_coding.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::sasl {

namespace {

constexpr auto npos = std::string_view::npos;

std::string decode(std::string_view coded) {
  std::string out;
  mime::Base64 decoder;
  decoder.decode(to_bytes(coded), out);
  decoder.finish(out);
  return out;
}

/// Takes what stands before `end` off the front, and `end`.
std::string_view take_until(std::string_view& rest, char end) {
  const std::string_view out = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(out.size() + 1, rest.size()));
  return out;
}

/// What follows `key` in the first piece that begins with it.
std::string_view attribute(std::string_view text, char separator, std::string_view key) {
  while (!text.empty()) {
    const std::string_view piece = take_until(text, separator);
    if (piece.starts_with(key)) return piece.substr(key.size());
  }
  return {};
}

/// A name as GS2 headers and SCRAM write it: "=2C" is a comma and "=3D" an equals sign (RFC 5801 4, RFC 5802 5.1).
std::string saslname(std::string_view coded) {
  std::string out;
  while (!coded.empty()) {
    const bool comma = coded.starts_with("=2C"), equals = coded.starts_with("=3D");
    out += comma ? ',' : equals ? '=' : coded.front();
    coded.remove_prefix(comma || equals ? 3 : 1);
  }
  return out;
}

/// The value of a directive of "a=b,c="d""; within quotes a backslash stands before what it makes plain (RFC 2831 7.2).
std::string directive(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view found = trim(take_until(text, '='));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    std::string value;
    if (text.starts_with('"')) {
      size_t at = 1;
      for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
      }
      text.remove_prefix(at);
      take_until(text, ',');
    } else {
      value = trim(take_until(text, ','));
    }
    if (equal_nocase(found, name)) return value;
  }
  return {};
}

/// RFC 4616 2: "authzid NUL authcid NUL password"
void plain(std::string_view said, Login& login) {
  const auto parts = split(said, '\0');
  if (parts.size() != 3) return;
  login.user = parts[1];
  login.password = parts[2];
}

/// draft-murchison-sasl-login: the name, then the password.
void name_and_password(std::string_view said, Login& login) {
  (login.answers == 1 ? login.user : login.password) = said;
}

/// RFC 2195 2: "user digest"; a name may have blanks.
void cram(std::string_view said, Login& login) {
  if (const size_t blank = said.rfind(' '); blank != npos) login.user = said.substr(0, blank);
}

/// RFC 2831 2.1.2
void digest(std::string_view said, Login& login) {
  login.user = directive(said, "username");
}

/// RFC 5802 7: "n,a=authzid,n=user,r=nonce"
void scram(std::string_view said, Login& login) {
  login.user = saslname(attribute(said, ',', "n="));
}

/// RFC 7628 3.1: "n,a=user,^Ahost=...^A^A"
void oauth_bearer(std::string_view said, Login& login) {
  login.user = saslname(attribute(take_until(said, '\1'), ',', "a="));
}

/// Google's: "user=a@b^Aauth=Bearer ...^A^A"
void oauth(std::string_view said, Login& login) {
  login.user = attribute(said, '\1', "user=");
}

/// RFC 4422 A: who is to be acted for; who acts, something below says.
void external(std::string_view said, Login& login) {
  login.user = said;
}

constexpr struct Mechanism {
  std::string_view name;                              // a family's ends with a dash
  void (*read)(std::string_view said, Login& login);  // null: tokens of GSS-API
  uint32_t answers = 1;                               // that tell anything; later ones prove it
  bool clear = false;                                 // the secret is said as it is
} kMechanisms[] = {
    {"PLAIN", &plain, 1, true},
    {"LOGIN", &name_and_password, 2, true},
    {"CRAM-MD5", &cram},
    {"DIGEST-MD5", &digest},
    {"SCRAM-", &scram},
    {"OAUTHBEARER", &oauth_bearer, 1, true},
    {"XOAUTH2", &oauth, 1, true},
    {"EXTERNAL", &external},
    {"GSSAPI", nullptr},
    {"GSS-SPNEGO", nullptr},
    {"NTLM", nullptr},
};

const Mechanism* find(std::string_view name) {
  const auto* found = std::ranges::find_if(kMechanisms, [&](const Mechanism& row) {
    return equal_nocase(row.name, row.name.ends_with('-') ? name.substr(0, row.name.size()) : name);
  });
  return found == std::end(kMechanisms) ? nullptr : found;
}

}  // namespace

gss::Token Login::answer(std::string_view coded, bool with_password) {
  if (coded == "*") return gss::Token::nothing;  // it gives up (RFC 4954 4, RFC 5034 4, RFC 9051 6.2.2)
  ++answers;
  const Mechanism* const how = find(mechanism);
  if (how && !how->read) return token(coded, Direction::to_server);
  if (!how || answers > how->answers) return gss::Token::nothing;
  how->read(decode(coded), *this);
  if (!password.empty()) say(std::exchange(password, {}), with_password);
  return gss::Token::nothing;
}

void Login::say(std::string_view said, bool with_password) {
  secret = std::bit_cast<std::array<uint8_t, 8>>(keyed_hash(to_bytes(said), kReplaySeed));
  if (with_password) password = said;
}

gss::Token Login::challenge(std::string_view coded) {
  const Mechanism* const how = find(mechanism);
  return how && !how->read ? token(coded, Direction::to_client) : gss::Token::nothing;
}

/// Of those that tokens carry NTLMSSP alone shows who it is.
gss::Token Login::token(std::string_view coded, Direction direction) {
  if (!tokens) tokens.emplace();
  const gss::Token out = tokens->take(to_bytes(decode(coded)), direction);
  if (by_ntlm()) user = tokens->ntlmssp()->user;
  return out;
}

void Login::end(Outcome how) {
  outcome = how;
  if (tokens) tokens->end(how);
}

/// Without a mechanism, and by POP3's USER and PASS, the password is said as it is.
LoginSeen Login::seen() const {
  const Mechanism* const how = find(mechanism);
  const bool clear = mechanism.empty() || equal_nocase(mechanism, "USER") || (how && how->clear);
  return {.user = user, .outcome = outcome, .clear = clear, .secret = secret ? to_text(*secret) : std::string_view()};
}

}  // namespace lapwing::sasl
