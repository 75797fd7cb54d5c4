#include "dissectors/protocols/imap/imap_login.h"

#include "dissectors/parts/mime/mime_coding.h"
#include "sensor/base/text.h"

namespace lapwing::imap {

namespace {

constexpr auto npos = std::string_view::npos;

std::string decode(std::string_view coded) {
  std::string out;
  mime::Base64 decoder;
  decoder.decode(to_bytes(coded), out);
  decoder.finish(out);
  return out;
}

/// What stands behind `key` up to one of `ends`.
std::string_view behind(std::string_view text, std::string_view key, std::string_view ends) {
  const size_t at = text.find(key);
  if (at == npos) return {};
  const std::string_view rest = text.substr(at + key.size());
  return rest.substr(0, rest.find_first_of(ends));
}

}  // namespace

void Login::take(std::string_view coded) {
  if (coded == "*" || coded == "=") return;  // given up (RFC 9051 6.2.2); nothing to say (RFC 4959 3)
  const std::string text = decode(coded);
  const std::string name = to_lower(mechanism);
  if (name == "login") {
    (user.empty() ? user : password) = text;
    return;
  }
  if (!user.empty()) return;
  if (name == "plain") {  // RFC 4616 2: "authzid NUL authcid NUL password"
    const auto parts = split(text, '\0');
    if (parts.size() != 3) return;
    user = parts[1];
    password = parts[2];
  } else if (name == "cram-md5") {  // RFC 2195 2: "user digest"
    user = text.substr(0, text.rfind(' '));
  } else if (name == "digest-md5") {  // RFC 2831 2.1.2
    user = behind(text, "username=\"", "\"");
  } else if (name == "xoauth2") {  // "user=a@b ^Aauth=Bearer ...^A^A"
    user = behind(text, "user=", "\1");
  } else if (name == "oauthbearer") {  // RFC 7628 3.1: "n,a=a@b,^A..."
    user = behind(text, ",a=", ",");
  } else if (name.starts_with("scram-")) {  // RFC 5802 7: "n,,n=user,r=nonce"
    user = behind(text, ",n=", ",");
  } else if (name == "external") {  // RFC 4422 A
    user = text;
  }
}

}  // namespace lapwing::imap
