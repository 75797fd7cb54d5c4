#include <gmock/gmock.h>

#include <string>

#include "dissectors/protocols/ldap/ldap.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/ldap/ldap_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using namespace std::literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr unsigned kBindResponse = 0x61, kExtendedResponse = 0x78;

Dialogue session(const Settings& settings = {}) {
  return Dialogue(dissector("ldap"), settings);
}

TEST(Ldap, ASearchAndWhatItFindsAreOneRecord) {
  Dialogue d = session();
  d.client(ldap_search(2, "dc=example,dc=com", {"*", "+"}));
  d.server(ldap_entry(2, "dc=example,dc=com",
                      ldap_attribute("objectClass", {"top", "domain"}) + ldap_attribute("dc", {"example"})));
  EXPECT_THAT(d.records, IsEmpty());
  d.server(ldap_done(2));
  EXPECT_THAT(
      d.records,
      ElementsAre(
          R"({"ldap":{"request":{"message_id":2,"operation":"search_request","search_request":{)"
          R"("base_object":"dc=example,dc=com","scope":2,"deref_alias":0,"size_limit":1000,"time_limit":30,)"
          R"x("types_only":false,"filter":"(objectClass=*)","attributes":["*","+"]}},"responses":[{)x"
          R"("operation":"search_result_entry","search_result_entry":{"base_object":"dc=example,dc=com",)"
          R"("attributes":[{"type":"objectClass","values":["top","domain"]},{"type":"dc","values":["example"]}]}},)"
          R"({"operation":"search_result_done","search_result_done":{"result_code":"success","matched_dn":"",)"
          R"("message":""}}],"entries":1}})"));
  EXPECT_THAT(d.values("ldap.request.dn"), ElementsAre("dc=example,dc=com"));
  EXPECT_THAT(d.values("ldap.request.attribute_type"), ElementsAre("*", "+"));
  EXPECT_THAT(d.values("ldap.responses.attribute_type"), ElementsAre("objectClass", "dc"));
  EXPECT_THAT(d.values("ldap.responses.dn"), ElementsAre("dc=example,dc=com", ""));
  EXPECT_THAT(d.values("ldap.responses.count"), ElementsAre("2"));
}

TEST(Ldap, OperationsThatChangeEntries) {
  Dialogue d = session();
  const std::string change = ber(0x30, ber_integer(0, 10) + ldap_attribute("mail", {"a@b"})) +
                             ber(0x30, ber_integer(1, 10) + ldap_attribute("sn", {}));
  d.client(ldap_message(1, 0x66, octets("cn=a") + ber(0x30, change))).server(ldap_result(1, 0x67, 0));
  d.client(ldap_message(2, 0x68, octets("cn=b") + ber(0x30, ldap_attribute("cn", {"b"}))))
      .server(ldap_result(2, 0x69, 68));
  d.client(ldap_message(3, 0x4a, "cn=c")).server(ldap_result(3, 0x6b, 32, "dc=x", "none"));
  d.client(ldap_message(4, 0x6c, octets("cn=d") + octets("cn=e") + ber(1, "\xff") + ber(0x80, "ou=f")));
  d.server(ldap_result(4, 0x6d, 53));
  d.client(ldap_message(5, 0x6e, octets("cn=g") + ber(0x30, octets("sn") + octets("h"))))
      .server(ldap_result(5, 0x6f, 6));
  ASSERT_THAT(d.records, SizeIs(5));
  EXPECT_THAT(d.records[0],
              HasSubstr(R"("modify_request":{"object":"cn=a","changes":[{"operation":"add","modification":{)"
                        R"("attribute_type":"mail","attribute_values":["a@b"]}},{"operation":"delete","modification":{)"
                        R"("attribute_type":"sn"}}]})"));
  EXPECT_THAT(d.records[1],
              AllOf(HasSubstr(R"("add_request":{"entry":"cn=b","attributes":[{"name":"cn","values":["b"]}]})"),
                    HasSubstr(R"("result_code":"entry_already_exists")")));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("del_request":{"dn":"cn=c"})"),
                                  HasSubstr(R"("result_code":"no_such_object","matched_dn":"dc=x","message":"none")")));
  EXPECT_THAT(d.records[3], HasSubstr(R"("mod_dn_request":{"entry":"cn=d","new_rdn":"cn=e","delete_old_rdn":true,)"
                                      R"("new_superior":"ou=f"})"));
  EXPECT_THAT(
      d.records[4],
      HasSubstr(R"("compare_request":{"entry":"cn=g","attribute_value_assertion":{"description":"sn","value":"h"}})"));
  EXPECT_THAT(d.values("ldap.request.attribute_type"), ElementsAre("mail", "sn", "cn", "sn"));
}

TEST(Ldap, AbandonAndUnbindEndAtOnce) {
  Dialogue d = session();
  d.client(ldap_search(1, "dc=a")).client(ldap_message(2, 0x50, "\x01"));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("operation":"abandon_request","abandon_request":{"message_id":1}})"));
  d.client(ldap_unbind(3));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"({"message_id":3,"operation":"unbind_request"})"));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[2], HasSubstr(R"("abandoned":true)"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Ldap, PasswordsAreShownWhereAnOptionAsksForThem) {
  const std::string change = ldap_message(
      2, 0x66, octets("cn=a") + ber(0x30, ber(0x30, ber_integer(2, 10) + ldap_attribute("unicodePwd", {"hunter2"}))));
  const std::string extended = ldap_message(3, 0x77, ber(0x80, "1.3.6.1.4.1.4203.1.11.1") + ber(0x81, "hunter3"));
  for (const bool shown : {false, true}) {
    Dialogue d = session({{"app-layer.protocols.ldap.record.passwords", shown ? "yes" : "no"}});
    d.client(ldap_bind(1, "cn=admin", "hunter1")).client(change).client(extended);
    d.client(ldap_sasl(4, "PLAIN", "\0joe\0hunter4"s)).finish();
    std::string all;
    for (const std::string& record : d.records) all += record;
    EXPECT_THAT(all, HasSubstr(R"("name":"cn=admin","authentication":"simple")"));
    EXPECT_THAT(all, HasSubstr(R"("user":"joe")"));
    for (const char* secret : {"hunter1", "hunter2", "hunter3", "hunter4"}) {
      EXPECT_EQ(all.find(secret) != std::string::npos, shown) << secret;
    }
    EXPECT_EQ(all.find(R"("redacted":true)") != std::string::npos, !shown);
    EXPECT_EQ(all.find(R"("credentials":)") != std::string::npos, shown);
  }
}

TEST(Ldap, ALoginEndsAsTheServerSays) {
  Dialogue d = session();
  d.client(ldap_bind(1, "cn=admin", "x")).server(ldap_result(1, kBindResponse, 49));
  d.client(ldap_bind(2, "cn=admin", "y")).server(ldap_result(2, kBindResponse, 0));
  d.client(ldap_bind(3, "", "")).server(ldap_result(3, kBindResponse, 0));
  d.client(ldap_bind(4, "cn=admin", "")).server(ldap_result(4, kBindResponse, 53));
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[0], HasSubstr(R"("login":{"user":"cn=admin","outcome":"failure"})"));
  EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"user":"cn=admin","outcome":"success"})"));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("authentication":"anonymous")"), Not(HasSubstr("login"))));
  EXPECT_THAT(d.records[3], AllOf(HasSubstr(R"("authentication":"unauthenticated")"), Not(HasSubstr("login"))));
  EXPECT_THAT(d.values("ldap.login.outcome"), ElementsAre("2", "1"));
}

TEST(Ldap, ALoginBySaslIsOverWhenNoMoreIsAskedFor) {
  Dialogue d = session();
  d.client(ldap_sasl(1, "SCRAM-SHA-256", "n,,n=joe,r=abc"))
      .server(ldap_result(1, kBindResponse, 14, "", "", ber(0x87, "r=")));
  d.client(ldap_sasl(2, "SCRAM-SHA-256", "c=biws")).server(ldap_result(2, kBindResponse, 0));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("result_code":"sasl_bind_in_progress")"),
                                  HasSubstr(R"("server_sasl_creds":"723d")"), Not(HasSubstr("outcome"))));
  EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"mechanism":"SCRAM-SHA-256","user":"joe","outcome":"success"})"));
}

TEST(Ldap, ActiveDirectorySaysWhyItRefuses) {
  Dialogue d = session();
  d.client(ldap_bind(1, "x@corp", "x"));
  d.server(ldap_result(1, kBindResponse, 49, "",
                       "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 775, v4563"));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("refusal":{"code":1909,"name":"account_locked_out"})"));
}

TEST(Ldap, ControlsHaveTheirNames) {
  Dialogue d = session();
  d.client(ldap_message(1, 0x4a, "cn=c",
                        ldap_control("1.2.840.113556.1.4.805", true) + ldap_control("1.2.3", false, "\x01\x02")));
  d.server(ldap_result(1, 0x6b, 0));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(
      d.records[0],
      HasSubstr(R"("controls":[{"control_type":"1.2.840.113556.1.4.805","name":"tree_delete","criticality":true},)"
                R"({"control_type":"1.2.3","criticality":false,"control_value":"0102"}])"));
}

TEST(Ldap, WhatNoRequestExplainsIsToldOfItself) {
  Dialogue d = session();
  d.server(ldap_result(0, kExtendedResponse, 52, "", "shutting down", ber(0x8a, "1.3.6.1.4.1.1466.20036")));
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(
      d.records,
      ElementsAre(R"({"ldap":{"responses":[{"operation":"extended_response","message_id":0,"extended_response":{)"
                  R"("result_code":"unavailable","matched_dn":"","message":"shutting down",)"
                  R"("name":"1.3.6.1.4.1.1466.20036","operation":"notice_of_disconnection"}}]}})"));
  d.server(ldap_entry(7, "cn=a", "")).server(ldap_done(7));
  EXPECT_THAT(d.anomalies, ElementsAre("request_not_found@1"));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("message_id":7)"), HasSubstr(R"("entries":1)")));
}

TEST(Ldap, AnswersFindTheirRequestsInAnyOrder) {
  Dialogue d = session();
  for (unsigned id = 1; id <= 100; ++id) d.client(ldap_search(id, "dc=" + std::to_string(id)));
  for (unsigned id = 100; id >= 1; --id) d.server(ldap_done(id));
  ASSERT_THAT(d.records, SizeIs(100));
  EXPECT_THAT(d.records[0], HasSubstr(R"("base_object":"dc=100")"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Ldap, IdsThatComeAgainAreAnsweredInTheirOrder) {
  Dialogue d = session();
  d.client(ldap_search(1, "dc=a") + ldap_search(1, "dc=b")).server(ldap_done(1) + ldap_done(1, 32));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr("dc=a"), HasSubstr("success")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr("dc=b"), HasSubstr("no_such_object")));
}

TEST(Ldap, AnAnswerMayComeBeforeTheRequestIsOver) {
  Dialogue d = session();
  const std::string request =
      ldap_message(1, 0x68, octets("cn=b") + ber(0x30, ldap_attribute("cn", {std::string(999, 'x')})));
  d.client(request.substr(0, 500)).server(ldap_result(1, 0x69, 80));
  EXPECT_THAT(d.records, IsEmpty());
  d.client(request.substr(500));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("result_code":"other")"));
}

TEST(Ldap, OfManyEntriesTheFirstAreKeptAndAllAreCounted) {
  Dialogue d = session({{"app-layer.protocols.ldap.max-responses", "3"}});
  d.client(ldap_search(1, "dc=a"));
  for (int i = 0; i < 1000; ++i) d.server(ldap_entry(1, "cn=" + std::to_string(i), ""));
  d.server(ldap_done(1, 4));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr("cn=2"), Not(HasSubstr("cn=3")), HasSubstr("size_limit_exceeded"),
                                  HasSubstr(R"("responses_count":1001,"entries":1000)")));
  EXPECT_THAT(d.anomalies, ElementsAre("too_many_responses@0"));
  EXPECT_THAT(d.values("ldap.responses.count"), ElementsAre("1001"));
}

TEST(Ldap, OfALargeEntryTheHeadIsKept) {
  Dialogue d = session();
  d.client(ldap_search(1, "dc=a"));
  const std::string entry = ldap_entry(
      1, "cn=a", ldap_attribute("jpegPhoto", {std::string(20 << 20, 'x')}) + ldap_attribute("sn", {"after"}));
  for (size_t at = 0; at < entry.size(); at += 65'536) d.server(std::string_view(entry).substr(at, 65'536));
  d.server(ldap_done(1));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_LT(d.records[0].size(), 6000u);
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("type":"sn","values":["after"])"), HasSubstr(R"("truncated":true)")));
}

TEST(Ldap, StartTlsGoesOverToTls) {
  Dialogue d = session();
  d.client(ldap_start_tls(1)).server(ldap_result(1, kExtendedResponse, 0, "", "", ber(0x8a, "1.3.6.1.4.1.1466.20037")));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("operation":"start_tls")"));
  Dialogue refused = session();
  refused.client(ldap_start_tls(1)).server(ldap_result(1, kExtendedResponse, 52));
  refused.client(ldap_search(2, "dc=a")).server(ldap_done(2));
  EXPECT_THAT(refused.records, SizeIs(2));
}

TEST(Ldap, WhatIsSignedIsRead) {
  for (const bool rotated : {false, true}) {
    Dialogue d = session();
    d.client(ldap_sasl(1, "GSS-SPNEGO", "x")).server(ldap_result(1, kBindResponse, 0));
    const std::string search = ldap_search(2, "dc=a");
    d.client(ldap_buffer(krb5_wrap(search.substr(0, 30), false, rotated)));
    d.client(ldap_buffer(krb5_wrap(search.substr(30), false, rotated)));
    d.server(ldap_buffer(krb5_wrap(ldap_entry(2, "cn=a", "") + ldap_done(2), false, rotated)));
    ASSERT_THAT(d.records, SizeIs(3));
    EXPECT_THAT(d.records[1], HasSubstr(R"("security_layer":{"protection":"signed","mechanism":"krb5"})"));
    EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("base_object":"dc=a")"), HasSubstr(R"("entries":1)")));
    EXPECT_THAT(d.encrypted_from, IsEmpty());
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Ldap, WhatIsSealedIsToldToBe) {
  Dialogue d = session();
  d.client(ldap_sasl(1, "GSSAPI", "x")).server(ldap_result(1, kBindResponse, 0));
  for (int i = 0; i < 3; ++i) d.client(ldap_buffer(krb5_wrap(std::string(100, 'e'), true)));
  d.server(ldap_buffer(krb5_wrap(std::string(5000, 'e'), true)));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("protection":"sealed","mechanism":"krb5")"));
  EXPECT_THAT(d.encrypted_from, SizeIs(1)) << "from there on in both directions";
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Ldap, NtlmAndDigestSignOrSeal) {
  const std::string signature = "\1\0\0\0"s + std::string(12, 's');
  const std::string search = ldap_search(2, "dc=a");
  const std::pair<std::string, const char*> kTokens[] = {
      {signature + search, R"("protection":"signed","mechanism":"ntlmssp")"},
      {signature + std::string(60, 'e'), R"("protection":"sealed","mechanism":"ntlmssp")"},
      {search + std::string(10, 'm') + "\0\1\0\0\0\0"s, R"("protection":"signed","mechanism":"digest-md5")"},
      {std::string(60, 'e'), R"("protection":"sealed")"},
  };
  for (const auto& [token, layer] : kTokens) {
    Dialogue d = session();
    d.client(ldap_sasl(1, "GSS-SPNEGO", "x")).server(ldap_result(1, kBindResponse, 0));
    d.client(ldap_buffer(token)).finish();
    ASSERT_GE(d.records.size(), 2u);
    EXPECT_THAT(d.records[1], HasSubstr(layer));
    EXPECT_EQ(d.records.size() == 3, std::string_view(layer).find("signed") != std::string_view::npos);
  }
}

TEST(Ldap, TheClientsChoiceOfALayerIsShown) {
  Dialogue d = session();
  d.client(ldap_sasl(1, "GSSAPI", krb5_wrap("\x04\0\xff\xff"s, false))).server(ldap_result(1, kBindResponse, 0));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("security_layer":"sealed")"));
}

TEST(Ldap, ADomainControllerSaysWhoItIs) {
  const std::string name =
      "\x04"
      "corp\x04"
      "test\0"s;
  const std::string reply = "\x17\0\0\0\xfd\xf3\x03\0"s + std::string(16, '\x11') + name + "\xc0\x18"s +
                            "\x02"
                            "dc\xc0\x18"s +
                            "\x04"
                            "CORP\0"s +
                            "\x02"
                            "DC\0"s +
                            "\0"s +
                            "\x07"
                            "Default\0"s +
                            "\x07"
                            "Default\0"s;
  Dialogue d = session();
  d.datagram(kClient, ldap_search(1, "", {"Netlogon"}));
  d.datagram(kServer, ldap_entry(1, "", ldap_attribute("netlogon", {reply})) + ldap_done(1));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(
      d.records[0],
      HasSubstr(R"("netlogon":{"user_known":true,"flags":259069,"domain_guid":"11111111-1111-1111-1111-111111111111",)"
                R"("forest":"corp.test","domain":"corp.test","host":"dc.corp.test","netbios_domain":"CORP",)"
                R"("netbios_host":"DC","server_site":"Default","client_site":"Default"})"));
}

TEST(Ldap, ElementsThatLieAreTold) {
  // The name says that it is longer than the request.
  const std::string lie = ber(0x30, ber_integer(1) + ber(0x63,
                                                         "\x04\x7f"
                                                         "ab"));
  // No definite length (RFC 4511 5.1).
  const std::string indefinite = ber(0x30, ber_integer(2) + ber(0x63,
                                                                "\x04\x01"
                                                                "a"
                                                                "\x30\x80\0\0"s));
  Dialogue d = session();
  d.client(lie).client(indefinite).client(ldap_search(3, "dc=c")).server(ldap_done(3));
  EXPECT_THAT(d.anomalies, ElementsAre("invalid_data@0", "invalid_data@1"));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr("dc=c"));
  d.finish();
  EXPECT_THAT(d.records, SizeIs(3));
}

TEST(Ldap, ReadingGoesOnBehindWhatIsNoMessage) {
  Dialogue d = session();
  d.client(ldap_search(1, "dc=a") + "GET / HTTP/1.1\r\n\r\n" + ldap_search(2, "dc=b")).finish();
  EXPECT_THAT(d.anomalies, ElementsAre("invalid_data@0"));
  EXPECT_THAT(d.records, SizeIs(2));
}

TEST(Ldap, BehindLostBytesTheNextMessageIsFound) {
  Dialogue d = session();
  const std::string entry = ldap_entry(1, "cn=a", ldap_attribute("sn", {std::string(500, 'x')}));
  d.client(ldap_search(1, "dc=a")).server(entry.substr(0, 100)).gap(kServer, entry.size() - 100).server(ldap_done(1));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("truncated":true)"), HasSubstr(R"("result_code":"success")")));
  d.client(ldap_search(2, "dc=b").substr(0, 1)).gap(kClient, 1000).client("junk" + ldap_search(3, "dc=c")).finish();
  EXPECT_THAT(d.records, SizeIs(2));
}

TEST(Ldap, AFlowThatWasUnderWayIsReadFromWhereItIs) {
  Dialogue d = session();
  d.late = true;
  d.server(ldap_entry(9, "cn=a", "") + ldap_done(9));
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.records, SizeIs(1));
  Dialogue sealed = session();
  sealed.late = true;
  sealed.client(ldap_buffer(krb5_wrap(std::string(99, 'e'), true)));
  ASSERT_THAT(sealed.records, SizeIs(1));
  EXPECT_THAT(sealed.records[0], HasSubstr("sealed"));
}

TEST(Ldap, ARuleMayAskForTheResultOfOneResponse) {
  ldap::Exchange exchange;
  exchange.responses.resize(3);
  exchange.responses[0].operation = ldap::Operation::search_result_entry;
  exchange.responses[1].result = 32;
  exchange.responses[2].result = 0;
  const Word& word = ldap::rule_words().front();
  const auto holds = [&](std::string_view text) {
    const Asked asked = word.parse({.word = word.name, .text = text, .mark = {}});
    return word.test({.tx = &exchange}, {}, std::get<Tested>(asked).value.get());
  };
  for (const char* text : {"success", "0", "no_such_object,1", "success,-1", "<33,all", "success,any", ">0,nb1"}) {
    EXPECT_TRUE(holds(text)) << text;
  }
  for (const char* text : {"success,1", "success,0", "success,all", "busy", "success,3", "no_such_object,-1"}) {
    EXPECT_FALSE(holds(text)) << text;
  }
  EXPECT_THROW(holds("nonsense"), SettingError);
  EXPECT_THROW(holds("success,first"), SettingError);
}

TEST(Ldap, LoginsAndNamesAreToldOnce) {
  Dialogue d = session();
  d.client(ldap_sasl(1, "PLAIN", "\0joe\0x"s)).server(ldap_result(1, kBindResponse, 49));
  d.client(ldap_search(2, ""))
      .server(ldap_entry(2, "", ldap_attribute("dnsHostName", {"dc1.corp.test"})) + ldap_done(2));
  d.finish();
  EXPECT_THAT(d.logins, ElementsAre("joe failure"));
  EXPECT_THAT(d.sightings, Contains(HasSubstr("dc1.corp.test")));
}

TEST(Ldap, IsToldFromOthers) {
  const auto verdict = [](Direction direction, const std::string& bytes, bool datagram = false) {
    return probe(dissector("ldap"), direction, bytes, datagram);
  };
  EXPECT_EQ(verdict(kClient, ldap_bind(1, "cn=a", "b")), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, ldap_search(1, "", {"Netlogon"}), true), Likelihood::sure);
  EXPECT_EQ(verdict(kServer, ldap_done(1)), Likelihood::sure);
  EXPECT_EQ(verdict(kServer, ldap_unbind(1)), Likelihood::no);
  EXPECT_EQ(verdict(kClient, ldap_done(1)), Likelihood::no);
  EXPECT_EQ(verdict(kClient, "\x30"), Likelihood::more);
  EXPECT_EQ(verdict(kClient, ber(0x30, ber_integer(0) + octets("public") + ber(0xa0, "x"))), Likelihood::no) << "SNMP";
  EXPECT_EQ(verdict(kClient, ldap_buffer(krb5_wrap(std::string(50, 'e'), true))), Likelihood::maybe);
  EXPECT_EQ(verdict(kClient, ldap_buffer(std::string(50, 'e'))), Likelihood::no);
}

TEST(Ldap, WhoNeverEndsAMessageMakesNobodyWait) {
  Dialogue d = session({{"app-layer.protocols.ldap.max-tx", "2"}});
  const std::string entry = ldap_entry(1, "cn=a", "");
  d.client(ldap_search(1, "dc=a")).server(entry.substr(0, entry.size() - 1));
  for (unsigned id = 2; id <= 6; ++id) d.client(ldap_search(id, "dc=a"));
  EXPECT_THAT(d.records, SizeIs(4)) << "of 2 to 5; 1 is over, but for the rest of its entry";
  d.server(entry.substr(entry.size() - 1));
  EXPECT_THAT(d.records, SizeIs(5));
  d.finish();
  EXPECT_THAT(d.records, SizeIs(6));
}

TEST(Ldap, CostGrowsWithWhatIsSaid) {
  const auto entries = [](size_t n) {
    return [n] {
      Dialogue d = session();
      d.client(ldap_search(1, "dc=a"));
      std::string all;
      for (size_t i = 0; i < n; ++i) all += ldap_entry(1, "cn=a", ldap_attribute("sn", {"b"}));
      d.server(all, 1400).server(ldap_done(1)).finish();
    };
  };
  EXPECT_LT(growth(entries, 4000), kDoubled);
  const auto pending = [](size_t n) {
    return [n] {
      Dialogue d = session({{"app-layer.protocols.ldap.max-tx", "1000000"}});
      for (size_t i = 0; i < n; ++i) d.client(ldap_search(static_cast<unsigned>(i), "dc=a"));
      for (size_t i = n; i-- > 0;) d.server(ldap_done(static_cast<unsigned>(i)));
      d.finish();
    };
  };
  EXPECT_LT(growth(pending, 2000), kDoubled);
  const auto filter = [](size_t n) {
    return [n] {
      std::string many;
      for (size_t i = 0; i < n; ++i) many += ber(0x87, "a");
      Dialogue d = session();
      d.client(ldap_search(1, "dc=a", {}, ber(0xa1, many)), 1).finish();
    };
  };
  EXPECT_LT(growth(filter, 2000), kDoubled);
}

}  // namespace
}  // namespace lapwing
