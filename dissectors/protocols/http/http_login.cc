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

/// `target` is in lower case.
bool of_login(std::string_view target) {
  constexpr std::string_view kWords[] = {"login",   "log-in",           "logon",       "signin", "sign-in",
                                         "sign_in", "j_security_check", "authenticate"};
  const std::string_view path = target.substr(0, target.find('?'));
  return std::ranges::any_of(kWords, [&](std::string_view word) { return path.find(word) != std::string_view::npos; });
}

/// Of applications that show the form again to who is refused, and lead everybody else away: WordPress, Drupal, Django,
/// Devise.
bool redirects(std::string_view target) {
  constexpr std::string_view kPaths[] = {"/wp-login.php", "/user/login", "/admin/login", "/accounts/login",
                                         "/users/sign_in"};
  std::string_view path = target.substr(0, target.find('?'));
  if (path.ends_with('/')) path.remove_suffix(1);
  return std::ranges::any_of(kPaths, [&](std::string_view known) { return path.ends_with(known); });
}

/// Who got in is led elsewhere than who is to try again.
Outcome led_to(std::string_view location) {
  constexpr std::string_view kAgain[] = {"error", "fail", "denied", "invalid"};
  const std::string target = to_lower(location);
  const bool again = of_login(target) || std::ranges::any_of(kAgain, [&](std::string_view word) {
                       return target.find(word) != std::string::npos;
                     });
  return again ? Outcome::failure : Outcome::success;
}

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

bool told_credentials(const HttpTransaction& t, LoginSeen& login) {
  constexpr std::string_view kBasic = "Basic ", kDigest = "Digest ", kUser = "username=\"", kStale = "stale=true";
  constexpr size_t kMostCoded = 340, kMostUser = 255;  // bytes that are looked at for a name
  const int status = t.tx->response_status_number;
  for (size_t i = 0; i < std::size(kRealms); ++i) {
    const std::string_view credentials = t.header(Direction::to_server, kRealms[i].credentials);
    const bool basic = equal_nocase(credentials.substr(0, kBasic.size()), kBasic);
    if (!basic && !equal_nocase(credentials.substr(0, kDigest.size()), kDigest)) continue;
    // A proxy's refusal is its own.
    const Outcome outcome = i == 0 ? login_outcome(status) : status == 407 ? Outcome::failure : Outcome::success;
    login = {.outcome = outcome, .clear = basic};
    if (basic) {
      login.secret = credentials;
      const auto text = from_base64(trim(credentials.substr(kBasic.size())).substr(0, kMostCoded));
      if (text) login.user = text->substr(0, std::min(text->find(':'), kMostUser));
      return true;
    }
    const std::string challenge = to_lower(t.header(Direction::to_client, kRealms[i].challenge));
    if (outcome == Outcome::failure && challenge.find(kStale) != std::string::npos) return false;
    if (const size_t at = credentials.find(kUser); at != std::string_view::npos) {
      const std::string_view user = credentials.substr(at + kUser.size(), kMostUser);
      login.user = user.substr(0, user.find('"'));
    }
    return true;
  }
  return false;
}

bool told_form(const HttpTransaction& t, LoginSeen& login) {
  if (t.tx->request_method_number != HTP_M_POST) return false;
  const std::string target = to_lower(t.uri);
  if (!of_login(target)) return false;
  const std::string_view location = t.header(Direction::to_client, "location");
  switch (t.tx->response_status_number) {
    case 400:  // RFC 6749 section 5.2
    case 401:
    case 403:
    case 422: login.outcome = Outcome::failure; break;
    case 302:
    case 303:
      if (location.empty()) return false;
      login.outcome = led_to(location);
      break;
    case 200:
      if (!redirects(target)) return false;
      login.outcome = Outcome::failure;
      break;
    default: return false;
  }
  login.guessed = true;
  return true;
}

/// NTLMSSP logs in a connection (MS-NTHT 3.1.5): its messages come in requests one behind the other.
void Http::take_credentials(HttpTransaction& t) {
  for (size_t i = 0; i < std::size(kRealms); ++i) {
    const std::string_view coded = gss_token(t.header(Direction::to_server, kRealms[i].credentials));
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
    const std::string_view coded = gss_token(t.header(Direction::to_client, kRealms[i].challenge));
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
