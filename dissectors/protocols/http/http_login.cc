#include "dissectors/protocols/http/http_login.h"

#include <algorithm>
#include <iterator>

#include "dissectors/parts/gss/gss.h"
#include "dissectors/protocols/http/http.h"
#include "sensor/base/base64.h"
#include "sensor/base/text.h"

namespace lapwing::http {

namespace {

/// Of each that may be logged in to: where the client says who it is, and where it is asked.
constexpr struct {
  const char* credentials;
  const char* challenge;
} kRealms[] = {{"authorization", "www-authenticate"}, {"proxy-authorization", "proxy-authenticate"}};

}  // namespace

std::string_view gss_token(std::string_view header) {
  while (!header.empty()) {
    const std::string_view one = trim(header.substr(0, header.find(',')));
    header.remove_prefix(std::min(header.find(','), header.size() - 1) + 1);
    const std::string_view scheme = one.substr(0, one.find_first_of(" \t"));
    const std::string_view token = trim(one.substr(scheme.size()));
    if (!token.empty() && (equal_nocase(scheme, "negotiate") || equal_nocase(scheme, "ntlm"))) return token;
  }
  return {};
}

Outcome login_outcome(int status) {
  if (status <= 0) return Outcome::unknown;
  return status == 401 || status == 403 || status == 407 ? Outcome::failure : Outcome::success;
}

/// NTLMSSP logs in a connection (MS-NTHT 3.1.5): its messages come in requests one behind the other.
void Http::take_credentials(HttpTransaction& t) {
  for (size_t i = 0; i < std::size(kRealms); ++i) {
    const std::string_view coded = gss_token(header(t.tx->request_headers, kRealms[i].credentials));
    if (coded.empty()) continue;
    if (!logins_[i]) logins_[i] = std::make_unique<gss::Login>();
    if (!take_token(t, *logins_[i], coded, Direction::to_server) || !logins_[i]->proposed()) continue;
    t.login = std::make_unique<gss::Login>(*logins_[i]);
    t.login_to_proxy = i == 1;
  }
}

void Http::take_challenges(HttpTransaction& t) {
  for (size_t i = 0; i < std::size(kRealms); ++i) {
    if (!logins_[i]) continue;  // nobody has begun
    const std::string_view coded = gss_token(header(t.tx->response_headers, kRealms[i].challenge));
    if (!coded.empty()) take_token(t, *logins_[i], coded, Direction::to_client);
  }
}

/// False where it is malformed.
bool Http::take_token(HttpTransaction& t, gss::Login& login, std::string_view coded, Direction direction) {
  const auto bytes = from_base64(coded);
  const gss::Token token = bytes ? login.take(to_bytes(*bytes), direction) : gss::Token::malformed;
  gss::tell(token, out_.part<gss::Gss>(), direction, &t);
  return token <= gss::Token::unusual_ntlmssp;
}

}  // namespace lapwing::http
