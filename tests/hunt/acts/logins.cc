// Logins: passwords that are tried, of one account or of many, and tickets that are asked for.
#include "tests/dissectors/parts/kerberos_wire.h"
#include "tests/dissectors/smb/smb_wire.h"
#include "tests/hunt/campaign.h"

namespace lapwing::hunt {
namespace {

using namespace test;

struct Try {
  std::string user, password;
  bool taken = false;
};
void said(Dialogue& out, Direction direction, std::string bytes) {
  out.push_back({direction, std::move(bytes)});
}
constexpr Direction kUp = Direction::to_server, kDown = Direction::to_client;

Dialogue log_in_ftp(const Try& one) {
  Dialogue out;
  said(out, kDown, "220 lab\r\n");
  said(out, kUp, "USER " + one.user + "\r\n");
  said(out, kDown, "331 Password\r\n");
  said(out, kUp, "PASS " + one.password + "\r\n");
  said(out, kDown, one.taken ? "230 In\r\n" : "530 No\r\n");
  return out;
}
Dialogue log_in_pop3(const Try& one) {
  Dialogue out;
  said(out, kDown, "+OK lab\r\n");
  said(out, kUp, "USER " + one.user + "\r\n");
  said(out, kDown, "+OK\r\n");
  said(out, kUp, "PASS " + one.password + "\r\n");
  said(out, kDown, one.taken ? "+OK\r\n" : "-ERR [AUTH]\r\n");
  return out;
}
Dialogue log_in_imap(const Try& one) {
  Dialogue out;
  said(out, kDown, "* OK lab\r\n");
  said(out, kUp, "a1 LOGIN " + one.user + " \"" + one.password + "\"\r\n");
  said(out, kDown, one.taken ? "a1 OK in\r\n" : "a1 NO [AUTHENTICATIONFAILED] no\r\n");
  return out;
}
Dialogue log_in_http(const Try& one) {
  Dialogue out;
  said(out, kUp,
       "POST /login HTTP/1.1\r\nHost: lab\r\nAuthorization: Basic " + one.user + "Og==\r\nContent-Length: 0\r\n\r\n");
  said(out, kDown,
       std::string("HTTP/1.1 ") + (one.taken ? "200 OK" : "401 Unauthorized") +
           "\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
  return out;
}
Dialogue log_in_telnet(const Try& one) {
  Dialogue out;
  said(out, kDown, "login: ");
  said(out, kUp, one.user + "\r\n");
  said(out, kDown, "Password: ");
  said(out, kUp, one.password + "\r\n");
  said(out, kDown, one.taken ? "Last login: today\r\n$ " : "\r\nLogin incorrect\r\nlogin: ");
  return out;
}
/// RFC 4511 section 4.2.
Dialogue log_in_ldap(const Try& one) {
  Dialogue out;
  said(out, kUp,
       der_sequence(der_integer(1) +
                    der(0x60, der_integer(3) + der_octets("cn=" + one.user) + der(0x80, one.password))));
  const std::string code(1, one.taken ? '\0' : '\x31');
  said(out, kDown, der_sequence(der_integer(1) + der(0x61, der(0x0a, code) + der_octets("") + der_octets(""))));
  return out;
}
Dialogue log_in_smb(const Try& one) {
  Dialogue out;
  smb::Head2 head{.message = 0};
  auto exchange = [&](uint16_t command, const std::string& request, const std::string& response, uint32_t status) {
    ++head.message;
    head.flags = head.status = 0;
    said(out, kUp, smb::packet(smb::message2(command, head, request)));
    head.flags = smb::kResponse;
    head.status = status;
    said(out, kDown, smb::packet(smb::message2(command, head, response)));
  };
  exchange(0, smb::negotiate2({0x202, 0x311}), smb::negotiated2(0x210), 0);
  exchange(1, smb::session_setup2(smb::ntlm_negotiate()), smb::session2(smb::ntlm_challenge()), smb::kMoreProcessing);
  exchange(1, smb::session_setup2(smb::ntlm_authenticate("LAB", one.user, "PC")), smb::session2(""),
           one.taken ? 0 : smb::kLogonFailure);
  return out;
}

struct Login {
  uint16_t port;
  Dialogue (*speak)(const Try& one);
};
constexpr Login kLogins[] = {{21, log_in_ftp},    {110, log_in_pop3}, {143, log_in_imap}, {80, log_in_http},
                             {23, log_in_telnet}, {389, log_in_ldap}, {445, log_in_smb}};

}  // namespace

void play_logins(Random& random, const Network& network, int64_t begin, Timeline& out) {
  const Login& login = random.pick(kLogins);
  Ends ends = network.ends(random, login.port);
  const bool one_user = random.chance(50), many_servers = random.chance(20), many_clients = random.chance(20);
  const auto taken = static_cast<unsigned>(random.pick({0, 5, 50}));
  const int64_t pause = beat(random);
  Try one{.user = random.letters(5), .password = "secret"};
  for (size_t count = random.between(3, 60); count > 0 && !out.full(); --count, begin += pause) {
    if (!one_user)
      one.user = random.chance(90) ? random.letters(random.between(1, 12)) : "PC" + random.letters(4) + "$";
    one.password = random.letters(random.between(1, 12));
    one.taken = random.chance(count == 1 ? 50 : taken);
    if (many_servers) ends.server = network.server(random);
    if (many_clients) ends.client = network.anyone(random);
    ends.client_port = static_cast<uint16_t>(1024 + random.below(60'000));
    out.add(random, begin, kMillisecond, ends, login.speak(one), false);
  }
}

void play_tickets(Random& random, const Network& network, int64_t begin, Timeline& out) {
  Ends ends = network.ends(random, 88);
  const bool stream = random.chance(40);
  const int64_t pause = beat(random);
  const int type = random.pick({23, 18, 17, 3});
  const bool first = random.chance(50);
  for (size_t count = random.between(2, 60); count > 0 && !out.full(); --count, begin += pause) {
    KrbRequest asked;
    asked.client = {random.chance(30) ? "ann" : random.letters(6)};
    asked.types = random.chance(50) ? std::vector<int>{type} : std::vector<int>{18, 17, 23};
    if (!first) asked.service = {"http", random.letters(6)};
    if (random.chance(40)) asked.padata = krb_padata(2, krb_encrypted(type));
    const std::string answer = random.chance(50) ? krb_error(random.pick({6, 18, 24, 25, 37}))
                                                 : krb_reply(first ? 11 : 13, asked.service, type, type);
    Dialogue dialogue{{kUp, krb_request(first ? 10 : 12, asked)}, {kDown, answer}};
    for (Turn& turn : dialogue) {
      if (stream) turn.bytes = krb_marked(turn.bytes);
    }
    ends.client_port = static_cast<uint16_t>(1024 + random.below(60'000));
    out.add(random, begin, kMillisecond, ends, std::move(dialogue), !stream);
  }
}

}  // namespace lapwing::hunt
