// Every bound of every protocol and part is reached, and counted under its own name.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "tests/dissectors/caps.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/dissectors/http/http_dialogue.h"
#include "tests/dissectors/ssh/ssh_wire.h"
#include "tests/dissectors/tls/tls_wire.h"

namespace lapwing::test {
namespace {

constexpr unsigned kHandshake = 22;

std::string times(size_t count, const std::function<std::string(size_t)>& one) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += one(i);
  return out;
}

std::string query(unsigned id, unsigned questions = 1) {
  return dns_header(id, 0x0100, questions) +
         times(questions, [](size_t i) { return dns_question(dns_name("q" + std::to_string(i)), 1); });
}

std::string form(const std::string& boundary, const std::string& parts) {
  const std::string body = parts + "--" + boundary + "--\r\n";
  return "POST /u HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=" + boundary +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string part(const std::string& boundary, const std::string& filename) {
  return "--" + boundary + "\r\nContent-Disposition: form-data; name=f; filename=\"" + filename + "\"\r\n\r\nx\r\n";
}

/// A certificate for so many that it is longer than what is kept of one.
std::string many_names() {
  CertificateParts made{.subject = {{"CN", "a"}},
                        .issuer = {{"CN", "a"}},
                        .serial_hex = "0A",
                        .not_before = "20240101000000Z",
                        .not_after = "20240401000000Z"};
  made.alternative_names = times(1000, [](size_t i) { return "DNS:a" + std::to_string(i) + ","; }) + "DNS:b";
  return make_certificate(made);
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string kHttp = "app-layer.protocols.http.libhtp.default-config.";

const CapReaches kReaches = {
    {"dns",
     "entries",
     {{"app-layer.protocols.dns.record.version", "2"}},
     [](Dialogue& d) { d.datagram(Direction::to_server, query(1, 300)); }},
    {"dns",
     "unrecorded",
     {},
     [](Dialogue& d) {
       d.unrecord = true;
       for (unsigned i = 0; i < 65; ++i) d.datagram(Direction::to_server, query(i));
     }},
    {"ssh",
     "greeting",
     {},
     [](Dialogue& d) { d.client("SSH-2.0-x\r\n").server(times(65, [](size_t) { return std::string("hello\r\n"); })); }},
    {"ssh", "kex_init", {}, [](Dialogue& d) { d.client("SSH-2.0-x\r\n" + ssh_kex_init({std::string(70'000, 'k')})); }},
    {"ssh",
     "host_key",
     {},
     [](Dialogue& d) { d.server("SSH-2.0-x\r\n" + ssh_kex_reply("t", std::string(70'000, 'k'))); }},
    {"telnet", "subnegotiation", {}, [](Dialogue& d) { d.client("\xff\xfa\x18" + std::string(2000, 'x')); }},
    {"telnet",
     "line",
     {},
     [](Dialogue& d) { d.server("login: ").client(std::string(200, 'u') + "\r\n").server(std::string(200, 's')); }},
    {"ssh",
     "hassh",
     {},
     [](Dialogue& d) {
       SshLists lists = kSshLists;
       lists[0] = std::string(5000, 'k');
       d.client("SSH-2.0-x\r\n" + ssh_kex_init(lists));
     }},
    {"tls",
     "text",
     {},
     [](Dialogue& d) {
       d.client(
           tls_record(kHandshake, tls_message(1, tls_client_hello({.extensions = tls_sni(std::string(5000, 'n'))}))));
     }},
    {"tls",
     "certificate",
     {},
     [](Dialogue& d) {
       d.client(tls_record(kHandshake, tls_message(1, tls_client_hello({}))));
       d.server(tls_record(kHandshake, tls_message(2, tls_server_hello({}))));
       d.server(tls_record(kHandshake, tls_message(11, tls_certificate({many_names()}))));
     }},
    {"tls",
     "message",
     {},
     [](Dialogue& d) { d.client(tls_record(kHandshake, tls_message(1, std::string(300'000, 'a')).substr(0, 4))); }},
    {"tls",
     "chain",
     {},
     [](Dialogue& d) {
       d.client(tls_record(kHandshake, tls_message(1, tls_client_hello({}))));
       d.server(tls_record(kHandshake, tls_message(2, tls_server_hello({}))));
       d.server(tls_record(kHandshake, tls_message(11, tls_certificate(std::vector<std::string>(33, "der")))));
     }},
    {"http",
     "tx",
     {{kHttp + "max-tx", "8"}},
     [](Dialogue& d) { d.client(times(9, [](size_t) { return kGet + "\r\n"; })); }},
    {"http",
     "decoded",
     {{kHttp + "compression-bomb-limit", "1gb"}, {kHttp + "response-body-limit", "0"}},
     [](Dialogue& d) {
       const std::string bomb = gzip(std::string(70'000'000, 'z'));
       d.client(kGet + "\r\n");
       d.server("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(bomb.size()) +
                "\r\n\r\n" + bomb);
     }},
    {"http",
     "messages",
     {},
     [](Dialogue& d) { d.client(times(600, [](size_t) { return kGet + "no colon\r\n\r\n"; })); }},
    {"http",
     "repetitions",
     {},
     [](Dialogue& d) {
       d.client(kGet + times(64, [](size_t i) { return "H" + std::to_string(i) + ": a\r\n"; }) +
                times(70, [](size_t) { return "Again: a\r\n"; }) + "\r\n");
     }},
    {"http", "parts", {}, [](Dialogue& d) { d.client(form("b", times(513, [](size_t) { return part("b", "f"); }))); }},
    {"http",
     "boundary",
     {},
     [](Dialogue& d) { d.client(form(std::string(201, 'b'), part(std::string(201, 'b'), "f"))); }},
    {"http", "filename", {}, [](Dialogue& d) { d.client(form("b", part("b", std::string(5000, 'n')))); }},
};

TEST(Caps, EachIsReachedAndCounted) {
  std::set<std::pair<std::string_view, std::string_view>> tried;
  for (const CapReach& reach : CapReaches::all()) {
    Dialogue d(dissector(reach.protocol), reach.settings);
    reach.talk(d);
    d.finish();
    EXPECT_GT(d.capped(reach.owner(), reach.cap), 0u) << reach.protocol << " " << reach.cap;
    tried.insert({reach.owner(), reach.cap});
  }
  for (const DissectorRow* row : all_dissectors()) {
    for (size_t i = 0; i < kCapRows.size(*row->protocol); ++i) {
      const auto [part, cap] = kCapRows.at(*row->protocol, i);
      const std::string_view owner = part ? part->name : row->about->name;
      EXPECT_TRUE(tried.contains({owner, cap.name})) << owner << " " << cap.name << ": no test";
      EXPECT_FALSE(cap.help.empty()) << owner << " " << cap.name;
    }
  }
}

}  // namespace
}  // namespace lapwing::test
