#include "dissectors/protocols/pop3/pop3_login.h"

#include <algorithm>

#include "dissectors/parts/mime/mime_coding.h"
#include "sensor/base/text.h"

namespace lapwing::pop3 {

namespace {

std::string decode(std::string_view coded) {
  std::string out;
  mime::Base64 decoder;
  decoder.decode(to_bytes(coded), out);
  decoder.finish(out);
  return out;
}

/// What stands between `name` and one of `ends`.
std::string_view attribute(std::string_view text, std::string_view name, std::string_view ends) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_of(ends));
}

bool is(const Login& login, std::string_view mechanism) {
  return equal_nocase(login.mechanism, mechanism);
}

}  // namespace

void learn(std::string_view coded, Login& login) {
  if (coded == "*" || coded == "=") return;  // gives up; says nothing
  const std::string said = decode(coded);
  const std::string_view text = said;
  if (is(login, "PLAIN")) {  // RFC 4616 2: authzid NUL authcid NUL password
    const auto parts = split(text, '\0');
    if (parts.size() != 3) return;
    login.user = parts[1];
    login.password = parts[2];
  } else if (is(login, "LOGIN")) {
    (login.user.empty() ? login.user : login.password) = text;
  } else if (!login.user.empty()) {
    return;                            // what follows proves it
  } else if (is(login, "CRAM-MD5")) {  // RFC 2195 2
    login.user = text.substr(0, text.rfind(' '));
  } else if (is(login, "EXTERNAL")) {  // RFC 4422 A
    login.user = text;
  } else if (is(login, "XOAUTH2")) {
    login.user = attribute(text, "user=", "\x01");
  } else if (is(login, "OAUTHBEARER")) {  // RFC 7628 3.1
    login.user = attribute(text, "a=", ",\x01");
  } else if (equal_nocase(std::string_view(login.mechanism).substr(0, 6), "SCRAM-")) {  // RFC 5802 7
    login.user = attribute(text, "n=", ",");
  }
}

}  // namespace lapwing::pop3
