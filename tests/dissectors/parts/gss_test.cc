// Tokens of GSS-API, whoever carries them.
#include "dissectors/parts/gss/gss.h"

#include <gmock/gmock.h>

#include "dissectors/parts/gss/gss_columns.h"
#include "tests/dissectors/parts/ntlmssp_wire.h"
#include "tests/support/cost.h"

namespace lapwing::gss {
namespace {

using namespace std::string_literals;
using namespace test;

Token take(Login& login, const std::string& token, Direction direction = kClient) {
  return login.take(to_bytes(token), direction);
}

TEST(Gss, SpnegoCarriesNtlmssp) {
  Login login;
  EXPECT_EQ(take(login, spnego_init(kOidMsKrb5 + kOidKrb5 + kOidNtlm, "")), Token::sound);
  EXPECT_EQ(login.mechanism(), "krb5");  // that it likes best
  EXPECT_EQ(take(login, spnego_response(1, kOidNtlm, ""), kServer), Token::sound);
  EXPECT_EQ(login.mechanism(), "ntlmssp");
  EXPECT_EQ(login.ntlmssp(), nullptr);
  EXPECT_EQ(take(login, spnego_response(-1, "", ntlm_negotiate())), Token::sound);
  EXPECT_EQ(take(login, spnego_response(1, "", ntlm_challenge(wide("LAB"), ntlm_server_pairs())), kServer),
            Token::sound);
  EXPECT_FALSE(login.proposed());
  EXPECT_EQ(take(login, spnego_response(-1, "", ntlm_authenticate())), Token::sound);
  EXPECT_TRUE(login.proposed());
  EXPECT_TRUE(login.negotiated());
  ASSERT_NE(login.ntlmssp(), nullptr);
  EXPECT_EQ(login.ntlmssp()->user, "ann");
  EXPECT_EQ(login.ntlmssp()->server_dns_name, "dc1.lab.example");
  EXPECT_EQ(login.outcome(), Outcome::unknown);
  EXPECT_EQ(take(login, spnego_response(0, "", ""), kClient), Token::sound);
  EXPECT_EQ(login.outcome(), Outcome::unknown);  // the client does not say how it ends
  EXPECT_EQ(take(login, spnego_response(0, "", ""), kServer), Token::sound);
  EXPECT_EQ(login.outcome(), Outcome::success);
  const LoginSeen seen = login.seen(login.outcome());
  EXPECT_EQ(seen.user, "ann");
  EXPECT_EQ(seen.outcome, Outcome::success);
  EXPECT_FALSE(seen.clear);
}

TEST(Gss, SpnegoCarriesKerberos) {
  for (const bool bare : {false, true}) {
    Login login;
    const std::string request = krb_ap_request("LAB.EXAMPLE", {"cifs", "files.lab.example"}, 18);
    const std::string token = bare ? request : krb_token("\1\0"s, request);
    EXPECT_EQ(take(login, spnego_init(kOidMsKrb5, token)), Token::sound);
    EXPECT_EQ(login.mechanism(), "krb5");
    ASSERT_NE(login.kerberos(), nullptr);
    EXPECT_EQ(login.kerberos()->realm, "LAB.EXAMPLE");
    EXPECT_EQ(login.kerberos()->service.text, "cifs/files.lab.example");
    EXPECT_TRUE(login.proposed());
    EXPECT_EQ(take(login, spnego_response(2, kOidKrb5, krb_token("\3\0"s, krb_error(37))), kServer), Token::sound);
    EXPECT_EQ(login.kerberos_error(), 37);
    EXPECT_EQ(login.outcome(), Outcome::failure);
    EXPECT_EQ(login.seen(login.outcome()).user, "");
  }
}

TEST(Gss, MechanismsComeWithoutSpnegoToo) {
  Login ntlm, kerberos, negoex, other;
  EXPECT_EQ(take(ntlm, ntlm_authenticate()), Token::sound);
  EXPECT_EQ(ntlm.mechanism(), "ntlmssp");
  EXPECT_FALSE(ntlm.negotiated());
  EXPECT_EQ(take(kerberos, krb_token("\1\0"s, krb_ap_request("A", {"b"}, 23))), Token::sound);
  EXPECT_EQ(kerberos.kerberos()->encryption, 23);
  EXPECT_EQ(take(negoex, "NEGOEXTS and more"), Token::sound);
  EXPECT_EQ(negoex.mechanism(), "negoex");
  EXPECT_EQ(take(other, der(0x60, "\x06\x03\x2a\x03\x04 whatever")), Token::sound);
  EXPECT_EQ(other.mechanism(), "other");
  Login nothing;
  EXPECT_EQ(take(nothing, ""), Token::nothing);
  EXPECT_EQ(take(nothing, "\x05\x04\x06\xff sealed"), Token::nothing);
  EXPECT_EQ(nothing.mechanism(), "");
}

TEST(Gss, WhatIsMalformedSaysWhatItIs) {
  Login login;
  EXPECT_EQ(take(login, "\x60\x20\x06"), Token::malformed);
  EXPECT_EQ(take(login, der(0x60, "\x05\x00"s)), Token::malformed);
  EXPECT_EQ(take(login, der(0x60, kOidSpnego + der_field(2, ""))), Token::malformed);
  EXPECT_EQ(take(login, der(0x60, kOidSpnego + der_field(0, "x"))), Token::malformed);
  EXPECT_EQ(take(login, der_field(1, der_sequence(der_field(0, der_integer(1))))), Token::malformed);
  EXPECT_EQ(take(login, spnego_init(kOidNtlm, ntlm_authenticate().substr(0, 40))), Token::malformed_ntlmssp);
  EXPECT_EQ(take(login, kNtlmSignature + le32(7)), Token::malformed_ntlmssp);
  const std::string request = krb_ap_request("A", {"b"}, 23);
  EXPECT_EQ(take(login, krb_token("\1\0"s, request.substr(0, request.size() - 2))), Token::malformed_kerberos);
  const std::string whole = spnego_init(kOidNtlm, ntlm_negotiate());
  for (size_t size = 1; size < whole.size(); ++size) {
    Login cut;
    EXPECT_EQ(take(cut, whole.substr(0, size)), Token::malformed) << size;
  }
}

TEST(Gss, TokensWithinEachOtherAreNotDescendedInto) {
  const auto nested = [](size_t depth) {
    return [token = "\x60\x80" + kOidSpnego + repeated(depth, [](size_t) { return "\xa0\x80\x30\x80\xa2\x80"s; })] {
      Login login;
      EXPECT_EQ(take(login, token), Token::malformed);
    };
  };
  EXPECT_LT(growth(nested, 10'000), kDoubled);
  Login login;
  EXPECT_EQ(take(login, spnego_init(kOidNtlm, spnego_init(kOidNtlm, ntlm_authenticate()))), Token::sound);
  EXPECT_EQ(login.ntlmssp(), nullptr);
}

struct Told final : SightingSink {
  void binding(const BindingSeen& seen) override { names.emplace_back(seen.name); }
  void software(const SoftwareSeen& seen) override {
    software_of.push_back((seen.side == Side::server ? "server " : "client ") + std::string(seen.value) + ' ' +
                          std::string(seen.version));
  }
  void operation(const OperationSeen&) override {}
  std::vector<std::string> names, software_of;
};

TEST(Gss, NamesAndSystemsOfTheHostsAreSighted) {
  Login login;
  Told before, after;
  sightings(login, before);
  EXPECT_THAT(before.names, testing::IsEmpty());
  take(login, ntlm_negotiate());
  take(login, ntlm_challenge(wide("LAB"), ntlm_server_pairs()), kServer);
  sightings(login, after);
  EXPECT_THAT(after.names, testing::ElementsAre("dc1.lab.example"));
  EXPECT_THAT(after.software_of, testing::ElementsAre("client Windows 10.0.17763", "server Windows 10.0.17763"));
}

/// As an object of a record.
std::string shown(Table table, const void* object) {
  const RecordPlan plan(table, {});
  std::string text, scratch;
  JsonWriter json(text);
  RecordWriter writer(json, scratch);
  json.begin_object();
  writer.write(plan.columns(), {.self = object});
  json.end_object();
  return text;
}

TEST(Gss, RecordsShowWhoLogsInAndWhere) {
  Login login;
  take(login, ntlm_challenge(wide("LAB"), ntlm_server_pairs()), kServer);
  EXPECT_EQ(shown(kNtlmsspColumns, login.ntlmssp()),
            R"({"server":{"target":"LAB","name":"DC1","domain":"LAB","dns_name":"dc1.lab.example",)"
            R"("dns_domain":"lab.example","dns_forest":"example","time":"2024-05-01T10:00:00",)"
            R"("version":"10.0 build 17763 rev 15"}})");
  Login client;
  take(client, ntlm_authenticate({.domain = "", .host_first = true}));
  EXPECT_EQ(shown(kNtlmsspColumns, client.ntlmssp()),
            R"({"domain":"","user":"ann","host":"WS1","version":"10.0 build 17763 rev 15","warning":true,)"
            R"("ntlm_version":1})");
  Login kerberos;
  take(kerberos, krb_ap_request("LAB.EXAMPLE", {"cifs", "files"}, 23));
  EXPECT_EQ(shown(kKerberosColumns, kerberos.kerberos()),
            R"({"realm":"LAB.EXAMPLE","snames":["cifs","files"],"ticket_encryption":"rc4-hmac"})");
}

}  // namespace
}  // namespace lapwing::gss
