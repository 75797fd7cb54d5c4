// What the first request and its response tell of the application, and what nDPI 4.2 holds to be a risk about them.
#include <algorithm>

#include "dissectors/protocols/http/http.h"
#include "dissectors/protocols/http/http_login.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/text.h"
#include "sensor/event/facts.h"

namespace lapwing::http {
namespace {

constexpr std::string_view kAbsolute = "http://";  // a request to a proxy (RFC 9112 3.2.2)

/// By which programs of malware tell what they found of a host. nDPI takes what one begins with for it too.
bool suspicious(std::string_view header) {
  constexpr std::string_view kHeaders[] = {"Arch", "Cores", "Mem",         "Os",   "Osname",   "Osversion",
                                           "Root", "S",     "TLS_version", "Uuid", "X-Hire-Me"};
  return !header.empty() && std::ranges::any_of(kHeaders, [&](std::string_view known) {
    return header.front() == known.front() && equal_nocase(header, known.substr(0, header.size()));
  });
}

void user_agent(std::string_view agent, Facts& facts) {
  constexpr size_t kShortest = 4, kLongest = 256;
  agent = agent.substr(0, agent.find('\0'));
  if (agent.empty()) return;
  const bool injected = agent.starts_with("<?") || agent.find('$') != std::string_view::npos ||
                        agent.find("://") != std::string_view::npos;
  if (injected) facts.risk(Risk::possible_exploit);
  if (injected || agent.size() < kShortest || agent.size() > kLongest || agent.starts_with("test") ||
      agent.find_first_of("{}") != std::string_view::npos) {
    facts.risk(Risk::http_suspicious_user_agent);
  }
}

std::string_view host(const HttpTransaction& t) {
  const std::string_view sent = t.header(Direction::to_server, "host");
  return sent.substr(0, sent.find(':'));
}

void request(const HttpTransaction& t, Facts& facts) {
  facts.host = host(t);
  if (const auto address = IpAddress::parse(facts.host); address && address->version == 4) {
    facts.risk(Risk::http_numeric_ip_host);
  }
  if (equal_nocase(to_text(view(t.tx->request_uri)).substr(0, kAbsolute.size()), kAbsolute)) {
    facts.sign = Sign::http_proxy;
  }
  const htp_table_t* headers = t.tx->request_headers;
  for (size_t i = 0, n = headers ? htp_table_size(headers) : 0; i < n; ++i) {
    const auto* sent = static_cast<const htp_header_t*>(htp_table_get_index(headers, i, nullptr));
    const std::string_view name = to_text(view(sent->name)), value = to_text(view(sent->value));
    if (suspicious(name)) facts.risk(Risk::http_suspicious_header);
    if (equal_nocase(name, "user-agent")) {
      user_agent(value, facts);
    } else if (equal_nocase(name, "authorization")) {
      facts.risk(Risk::clear_text_credentials);
    } else if (equal_nocase(name, "accept")) {
      if (value.starts_with("application/x-rtsp-tunnelled")) facts.sign = Sign::rtsp;
    } else if (equal_nocase(name, "content-type")) {
      if (value.starts_with("application/ocsp-")) facts.sign = Sign::ocsp;
    } else if (equal_nocase(name, "referer")) {
      if (value.find("www.speedtest.net") != std::string_view::npos) facts.sign = Sign::ookla;
    }
  }
}

/// What programs begin with.
bool executable(std::string_view bytes) {
  using namespace std::string_view_literals;
  constexpr std::string_view kMagic[] = {"MZ",
                                         "\x7f"
                                         "ELF",
                                         "\xcf\xfa\xed\xfe", "#!/", "dex\n035\0"sv};
  return std::ranges::any_of(kMagic, [&](std::string_view magic) { return bytes.starts_with(magic); });
}

/// Types that programs are sent under.
bool executable_type(std::string_view type) {
  constexpr std::string_view kTypes[] = {
      "application/bz",        "application/bz2",          "application/exe",
      "application/java-vm",   "application/octet-stream", "application/vnd.microsoft.portable-executable",
      "application/x-dosexec", "application/x-msdownload", "application/vnd.ms-cab-compressed"};
  type = trim(type.substr(0, type.find(';')));
  return std::ranges::any_of(kTypes, [&](std::string_view known) { return equal_nocase(type, known); });
}

void response(const HttpTransaction& t, Facts& facts) {
  const std::string& answer = t.body(Direction::to_client).start;
  const std::string& bytes = answer.empty() ? t.body(Direction::to_server).start : answer;
  const bool program = executable(bytes) || executable_type(t.header(Direction::to_client, "content-type"));
  if (program && !to_lower(host(t)).ends_with(".windowsupdate.com")) {
    facts.risk(Risk::binary_application_transfer);
  }
  facts.complete = true;
}

}  // namespace

void facts(const Event& event, Facts& out) {
  const auto& t = static_cast<const HttpTransaction&>(*event.tx);
  if (t.number != 0 || event.record) return;
  const uint8_t stage = t.progress[index(event.direction)];
  if (event.direction == Direction::to_client) {
    if (stage == kComplete) response(t, out);
  } else if (stage == kHeaders || (stage == kComplete && !t.headers_whole[index(event.direction)])) {
    request(t, out);
  }
}

/// By GSS-API, by credentials that each request brings anew, or by a form.
bool told_login(const Event& event, LoginSeen& login) {
  const auto& t = static_cast<const HttpTransaction&>(*event.tx);
  if (event.record != records().data() || !t.tx || t.tx->response_status_number <= 0) return false;
  if (t.login) {
    login = t.login->seen(login_outcome(t.tx->response_status_number));
    return true;
  }
  return told_credentials(t, login) || told_form(t, login);
}

}  // namespace lapwing::http
