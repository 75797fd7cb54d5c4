// What mechanisms of SASL show of who logs in.
#include "dissectors/parts/sasl/sasl.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/text.h"
#include "tests/dissectors/parts/ntlmssp_wire.h"

namespace lapwing::sasl {
namespace {

using namespace std::string_view_literals;

struct Case {
  std::string_view mechanism;
  std::vector<std::string_view> said;
  std::string_view user, password = {};
};

const Case kCases[] = {
    // RFC 4616 4
    {"PLAIN", {"\0tim\0tanstaaftanstaaf"sv}, "tim", "tanstaaftanstaaf"},
    {"plain", {"Ursel\0Kurt\0xipj3plmq"sv}, "Kurt", "xipj3plmq"},
    {"PLAIN", {"ann"}, ""},
    {"PLAIN", {"\0ann\0b\0c"sv}, ""},
    {"PLAIN", {"", "\0ann\0secret"sv}, ""},
    {"LOGIN", {"ann", "secret"}, "ann", "secret"},
    {"LOGIN", {"ann", "secret", "more"}, "ann", "secret"},
    {"LOGIN", {"", "secret"}, "", "secret"},
    {"LOGIN", {"ann"}, "ann"},
    // RFC 2195 2
    {"CRAM-MD5", {"tim b913a602c7eda7a495b4e6e7334d3890"}, "tim"},
    {"CRAM-MD5", {"ann smith b913a602c7eda7a495b4e6e7334d3890"}, "ann smith"},
    {"CRAM-MD5", {"b913a602c7eda7a495b4e6e7334d3890"}, ""},
    // RFC 2831 4
    {"DIGEST-MD5",
     {"charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",nc=00000001", ""},
     "chris"},
    {"DIGEST-MD5", {"realm=\"username=\\\"bob\\\",\" , Username = \"a\\\"\\\\nn\""}, "a\"\\nn"},
    {"DIGEST-MD5", {"username=ann,realm=x"}, "ann"},
    {"DIGEST-MD5", {"username=\"ann"}, "ann"},
    {"DIGEST-MD5", {"username"}, ""},
    {"DIGEST-MD5", {"username=\"ann\\"}, "ann\\"},
    // RFC 5802 5, RFC 7677 3
    {"SCRAM-SHA-1", {"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "c=biws,r=fyko,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="}, "user"},
    {"scram-sha-256-plus", {"p=tls-exporter,a=x=2Cn=3Dy,m=ext,n=a=2Cb=3Dc,r=1"}, "a,b=c"},
    {"SCRAM-SHA-256", {"n,,n=a=2,r=1"}, "a=2"},
    {"SCRAM-SHA-256", {"n,,"}, ""},
    // RFC 7628 4
    {"OAUTHBEARER",
     {"n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer vF9dft4qmT\1\1"},
     "user@example.com"},
    {"OAUTHBEARER", {"n,,\1auth=Bearer x,a=y\1\1"}, ""},
    {"OAUTHBEARER", {"\1"}, ""},
    {"XOAUTH2", {"user=ann@x.example\1auth=Bearer t\1\1"}, "ann@x.example"},
    {"XOAUTH2", {"auth=Bearer user=bob\1user=ann\1\1"}, "ann"},
    // RFC 4422 A
    {"EXTERNAL", {"ann@x.example"}, "ann@x.example"},
    {"EXTERNAL", {""}, ""},
    {"GSSAPI", {"ann"}, ""},
    {"SCRAM", {"n,,n=ann,r=1"}, ""},
    {"", {"ann", "secret"}, ""},
};

TEST(Sasl, AMechanismShowsWhoLogsIn) {
  for (const Case& one : kCases) {
    for (const bool shown : {false, true}) {
      Login login{.mechanism = std::string(one.mechanism)};
      for (const std::string_view said : one.said) login.answer(to_base64(to_bytes(said)), shown);
      SCOPED_TRACE(testing::PrintToString(one.mechanism) + " " + testing::PrintToString(one.said));
      EXPECT_EQ(login.user, one.user);
      EXPECT_EQ(login.password, shown ? one.password : "");
    }
  }
}

TEST(Sasl, ASecretThatIsSaidIsKnownAgainAndNotKept) {
  const auto secret = [](std::string_view mechanism, std::string_view said) {
    Login login{.mechanism = std::string(mechanism)};
    login.answer(to_base64(to_bytes(said)), false);
    EXPECT_EQ(login.password, "");
    return std::string(login.seen().secret);
  };
  const std::string first = secret("PLAIN", "\0ann\0secret"sv);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first.find("secret"), std::string::npos);
  EXPECT_EQ(secret("PLAIN", "\0bob\0secret"sv), first);
  EXPECT_NE(secret("PLAIN", "\0ann\0other"sv), first);
  for (std::string_view proof : {"CRAM-MD5", "SCRAM-SHA-1", "XOAUTH2"}) EXPECT_EQ(secret(proof, "ann secret"), "");
  Login said;
  said.say("secret", false);
  EXPECT_EQ(said.seen().secret, first);
  EXPECT_EQ(said.password, "");
}

TEST(Sasl, NothingIsAnAnswerAndGivingUpIsNone) {
  Login login{.mechanism = "LOGIN"};
  login.answer("=", true);
  login.answer("c2VjcmV0", true);
  EXPECT_EQ(login.user, "");
  EXPECT_EQ(login.password, "secret");
  Login other{.mechanism = "LOGIN"};
  other.answer("*", true);
  EXPECT_EQ(other.answers, 0u);
  other.answer("YW5u", true);
  EXPECT_EQ(other.user, "ann");
}

TEST(Sasl, WhatIsNotCodedShowsNothing) {
  for (const std::string_view mechanism :
       {"PLAIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "OAUTHBEARER", "XOAUTH2"}) {
    for (const std::string_view coded : {"", "=", "====", "\xff\xfe", "not base64 at all", "A"}) {
      Login login{.mechanism = std::string(mechanism)};
      login.answer(coded, true);
      EXPECT_EQ(login.user, "") << mechanism << ' ' << coded;
      EXPECT_EQ(login.password, "") << mechanism << ' ' << coded;
    }
  }
}

TEST(Sasl, NtlmsspShowsWhoLogsInWhereverItsTokensStand) {
  using namespace test;
  const auto coded = [](const std::string& token) { return to_base64(to_bytes(token)); };
  for (const bool spnego : {false, true}) {
    Login login{.mechanism = spnego ? "GSS-SPNEGO" : "NTLM"};
    EXPECT_EQ(login.answer("", false), gss::Token::nothing);
    EXPECT_EQ(login.challenge(""), gss::Token::nothing);
    const auto client = [&](const std::string& token) {
      return login.answer(coded(spnego ? spnego_init(kOidNtlm, token) : token), false);
    };
    const std::string challenge = ntlm_challenge(wide("LAB"), ntlm_server_pairs());
    EXPECT_EQ(client(ntlm_negotiate()), gss::Token::sound);
    EXPECT_EQ(login.challenge(coded(spnego ? spnego_response(1, kOidNtlm, challenge) : challenge)), gss::Token::sound);
    EXPECT_FALSE(login.by_ntlm());
    EXPECT_EQ(client(ntlm_authenticate()), gss::Token::sound);
    EXPECT_TRUE(login.by_ntlm());
    login.end(Outcome::failure);
    EXPECT_EQ(login.seen().user, "ann");
    EXPECT_EQ(login.seen().outcome, Outcome::failure);
    EXPECT_FALSE(login.seen().clear);
    EXPECT_EQ(login.tokens->outcome(), Outcome::failure);
    EXPECT_EQ(login.tokens->ntlmssp()->server_name, "DC1");
  }
  Login kerberos{.mechanism = "GSSAPI"}, plain{.mechanism = "PLAIN"};
  EXPECT_EQ(kerberos.answer(coded(krb_ap_request("LAB", {"smtp", "mail.lab"}, 18)), false), gss::Token::sound);
  EXPECT_EQ(kerberos.tokens->kerberos()->service.text, "smtp/mail.lab");
  EXPECT_EQ(kerberos.answer("YIIB", false), gss::Token::malformed);
  EXPECT_EQ(plain.challenge(coded(ntlm_negotiate())), gss::Token::nothing);
  EXPECT_FALSE(plain.tokens.has_value());
}

}  // namespace
}  // namespace lapwing::sasl
