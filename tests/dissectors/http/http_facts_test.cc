// What HTTP tells of the application, and of risks.
#include <gmock/gmock.h>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/facts.h"
#include "tests/dissectors/http/http_dialogue.h"

namespace lapwing::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::string get(std::string_view headers, std::string_view target = "/") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: www.example.org\r\n" + std::string(headers) + "\r\n";
}

std::vector<HeardFacts> told(std::string_view request, std::string_view answer = {}, size_t piece = 0) {
  Dialogue talk(dissector("http"));
  talk.client(request, piece).server(answer, piece).finish();
  return talk.facts;
}

uint64_t risks(std::string_view request, std::string_view answer = {}) {
  return risks_of(told(request, answer));
}

Sign sign(std::string_view request) {
  const auto facts = told(request);
  return facts.empty() ? Sign::unknown : facts.front().sign;
}

TEST(HttpFacts, TheFirstRequestTellsItsHostAndTheEndOfTheAnswerIsAll) {
  const std::string asked = "GET / HTTP/1.1\r\nHost: WWW.Example.org:80\r\n\r\n";
  for (size_t piece : {0, 1, 7}) {
    const auto facts = told(asked + get("Authorization: Basic eDp5\r\n"), response("hi") + response("ho"), piece);
    ASSERT_THAT(facts, SizeIs(2)) << piece;
    EXPECT_EQ(facts[0].host, "WWW.Example.org");
    EXPECT_FALSE(facts[0].complete);
    EXPECT_TRUE(facts[1].complete);
    EXPECT_EQ(risks_of(facts), 0);
  }
  EXPECT_THAT(told("GET /\r\n"), IsEmpty());
}

TEST(HttpFacts, ARequestThatBreaksOffTellsWhatCame) {
  const auto facts = told("GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Ag");
  ASSERT_FALSE(facts.empty());
  EXPECT_EQ(facts[0].host, "www.example.org");
}

TEST(HttpFacts, RisksOfRequests) {
  EXPECT_EQ(risks(get("Authorization: Basic eDp5\r\n")), bits({Risk::clear_text_credentials}));
  EXPECT_EQ(risks("GET / HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n"), bits({Risk::http_numeric_ip_host}));
  EXPECT_EQ(risks("GET / HTTP/1.1\r\nHost: 192.0.2.1.example\r\n\r\n"), 0);
  for (const char* header : {"Os", "OSVERSION", "Uuid", "X-Hire-Me", "S", "X-"}) {
    EXPECT_EQ(risks(get(header + std::string(": a\r\n"))), bits({Risk::http_suspicious_header})) << header;
  }
  for (const char* header : {"os", "Oslo", "Sec-Fetch-Mode", "X-Hire-Me-Not"}) {
    EXPECT_EQ(risks(get(header + std::string(": a\r\n"))), 0) << header;
  }
}

TEST(HttpFacts, RisksOfUserAgents) {
  auto of = [](const std::string& agent) { return risks(get("User-Agent: " + agent + "\r\n")); };
  EXPECT_EQ(of("Mozilla/5.0 (X11; Linux x86_64)"), 0);
  for (const std::string& agent :
       {std::string("abc"), std::string(257, 'a'), std::string("tester"), std::string("a{b"), std::string("ab c}")}) {
    EXPECT_EQ(of(agent), bits({Risk::http_suspicious_user_agent})) << agent;
  }
  for (const char* agent : {"<?php echo", "${jndi:x}", "see ldap://a.example"}) {
    EXPECT_EQ(of(agent), bits({Risk::http_suspicious_user_agent, Risk::possible_exploit})) << agent;
  }
}

TEST(HttpFacts, ProgramsShowByTheirFirstBytesWhetherBodiesAreLookedAtOrNot) {
  using namespace std::string_literals;
  const uint64_t binary = bits({Risk::binary_application_transfer});
  for (const std::string& magic : {"MZ"s,
                                   "\x7f"
                                   "ELF"s,
                                   "\xcf\xfa\xed\xfe"s, "#!/"s, "dex\n035\0"s}) {
    EXPECT_EQ(risks(get(""), response(magic + " and more")), binary) << magic;
    EXPECT_EQ(risks(get(""), response(magic.substr(0, magic.size() - 1))), 0) << magic;
    Heard heard;
    FlowDriver flow({.known = "http", .contents = false}, heard);
    flow.say(Direction::to_server, get(""));
    for (char c : response(magic)) flow.say(Direction::to_client, {&c, 1});
    flow.finish();
    EXPECT_EQ(risks_of(heard.facts), binary) << magic;
  }
  EXPECT_EQ(risks("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nMZ", response("")), binary);
  EXPECT_EQ(risks("GET / HTTP/1.1\r\nHost: dl.WindowsUpdate.com\r\n\r\n", response("MZ")), 0);
}

TEST(HttpFacts, ProgramsShowByTheirType) {
  auto of = [](const std::string& type) { return risks(get(""), response("hi", "Content-Type: " + type + "\r\n")); };
  EXPECT_EQ(of("application/X-MSDownload; a=b"), bits({Risk::binary_application_transfer}));
  EXPECT_EQ(of("application/x-tar"), 0);
}

TEST(HttpFacts, WhatIsLostIsNotTheBeginningOfABody) {
  Dialogue talk(dissector("http"));
  talk.client(get("")).server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n").gap(Direction::to_client, 4);
  talk.server("MZ and").finish();
  EXPECT_EQ(risks_of(talk.facts), 0);
}

TEST(HttpFacts, AFormTellsOfALoginByHowItIsAnswered) {
  const auto logins = [](const std::string& target, std::string_view status, std::string_view headers = "",
                         std::string_view method = "POST") {
    Dialogue talk(dissector("http"));
    talk.client(std::string(method) + " " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b");
    talk.server("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n" + std::string(headers) + "\r\n");
    talk.finish();
    return talk.logins;
  };
  using testing::ElementsAre;
  const auto failure = ElementsAre(" failure"), success = ElementsAre(" success");
  EXPECT_THAT(logins("/api/Login", "401 Unauthorized"), failure);
  EXPECT_THAT(logins("/wp-login.php", "200 OK"), failure);
  EXPECT_THAT(logins("/wp-login.php", "302 Found", "Location: /wp-admin/\r\n"), success);
  EXPECT_THAT(logins("/login.php", "302 Found", "Location: login.php\r\n"), failure);
  EXPECT_THAT(logins("/j_security_check", "303 See Other", "Location: /Error.jsp\r\n"), failure);
  EXPECT_THAT(logins("/login.php", "302 Found"), IsEmpty());
  EXPECT_THAT(logins("/login", "200 OK"), IsEmpty()) << "may mean either";
  EXPECT_THAT(logins("/login", "500 Sorry"), IsEmpty());
  EXPECT_THAT(logins("/orders?from=login", "401 Unauthorized"), IsEmpty());
  EXPECT_THAT(logins("/login", "401 Unauthorized", "", "PUT"), IsEmpty());
}

TEST(HttpFacts, ALoginShowsTheSecretThatItComesWith) {
  const auto secrets = [](const std::string& headers) {
    Dialogue talk(dissector("http"));
    talk.client("POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + headers + "\r\n");
    talk.server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    talk.finish();
    return talk.secrets;
  };
  EXPECT_THAT(secrets("Authorization: Basic YTpi\r\n"), testing::ElementsAre("Basic YTpi"));
  EXPECT_THAT(secrets(""), testing::ElementsAre("")) << "within a form it is not looked for";
}

TEST(HttpFacts, CredentialsTellOfALogin) {
  const auto logins = [](const std::string& request, std::string_view status, std::string_view response = "") {
    Dialogue talk(dissector("http"));
    talk.client("GET /x HTTP/1.1\r\nHost: a\r\n" + request + "\r\n");
    talk.server("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n" + std::string(response) + "\r\n");
    talk.finish();
    return talk.logins;
  };
  using testing::ElementsAre;
  const std::string digest = "Digest username=\"bob\", realm=\"x\", nonce=\"n\", uri=\"/x\", response=\"00\"\r\n";
  EXPECT_THAT(logins("Authorization: Basic Ym9iOnNlY3JldA==\r\n", "401 No"), ElementsAre("bob failure"));
  EXPECT_THAT(logins("Authorization: Basic Ym9iOnNlY3JldA==\r\n", "200 OK"), ElementsAre("bob success"));
  EXPECT_THAT(logins("Authorization: " + digest, "401 No"), ElementsAre("bob failure"));
  EXPECT_THAT(logins("Authorization: " + digest, "200 OK"), ElementsAre("bob success"));
  EXPECT_THAT(logins("Authorization: " + digest, "401 No", "WWW-Authenticate: Digest nonce=\"m\", Stale=TRUE\r\n"),
              IsEmpty());
  EXPECT_THAT(logins("Proxy-Authorization: " + digest, "407 No"), ElementsAre("bob failure"));
  EXPECT_THAT(logins("Proxy-Authorization: Basic Ym9iOnNlY3JldA==\r\n", "401 No"), ElementsAre("bob success"))
      << "the proxy let it pass";
  EXPECT_THAT(logins("Authorization: Bearer abc\r\n", "401 No"), IsEmpty());
}

TEST(HttpFacts, SomeApplicationsShowOtherwiseThanByName) {
  EXPECT_EQ(sign(get("")), Sign::unknown);
  EXPECT_EQ(sign(get("", "http://www.example.org/")), Sign::http_proxy);
  EXPECT_EQ(sign(get("Content-Type: application/ocsp-request\r\n")), Sign::ocsp);
  EXPECT_EQ(sign(get("Referer: http://www.speedtest.net/\r\n")), Sign::ookla);
  EXPECT_EQ(sign(get("Accept: application/x-rtsp-tunnelled\r\n")), Sign::rtsp);
}

}  // namespace
}  // namespace lapwing::test
