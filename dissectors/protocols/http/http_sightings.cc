// What a request and its response tell of client and server.
#include "dissectors/protocols/http/http.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/text.h"
#include "sensor/event/sighting.h"

namespace lapwing::http {
namespace {

constexpr std::string_view kAbsolute = "http://";  // a request to a proxy (RFC 9112 3.2.2)
constexpr std::string_view kConnect = "CONNECT";

}  // namespace

/// Of what was answered: anybody may ask for anything.
void sightings(const Event& event, SightingSink& sink) {
  const auto& t = static_cast<const HttpTransaction&>(*event.tx);
  if (event.record != records().data() || !t.tx || !t.request_seen || t.tx->response_status_number <= 0) return;
  const bool granted = t.tx->response_status_number < 400;
  const bool by_proxy = equal_nocase(to_text(view(t.tx->request_method)), kConnect) ||
                        equal_nocase(to_text(view(t.tx->request_uri)).substr(0, kAbsolute.size()), kAbsolute);
  if (const auto agent = t.header(Direction::to_server, "user-agent"); !agent.empty()) {
    sink.software({.kind = SoftwareKind::user_agent, .side = Side::client, .value = agent});
  }
  if (t.login && t.login_to_proxy == by_proxy) gss::sightings(*t.login, sink);
  if (by_proxy) {
    if (granted) sink.software({.kind = SoftwareKind::proxy, .side = Side::server, .value = "http"});
    return;  // what answers is behind it
  }
  if (const auto server = t.header(Direction::to_client, "server"); !server.empty()) {
    sink.software({.kind = SoftwareKind::product, .side = Side::server, .value = server});
  }
  std::string_view host = t.header(Direction::to_server, "host");
  host = host.substr(0, host.find(':'));
  if (granted && !host.empty() && !IpAddress::parse(host)) {
    sink.binding({.kind = BindingKind::http_host, .side = Side::server, .name = host});
  }
}

}  // namespace lapwing::http
