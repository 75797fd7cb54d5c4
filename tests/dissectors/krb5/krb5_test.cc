// Kerberos over UDP and TCP.
#include <gmock/gmock.h>

#include "dissectors/protocols/krb5/krb5.h"
#include "tests/dissectors/caps.h"
#include "tests/dissectors/parts/kerberos_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace std::string_literals;
using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr unsigned kAsRequest = 10, kAsReply = 11, kTgsRequest = 12, kTgsReply = 13;

const DissectorRow& row() {
  return dissector("krb5");
}
/// With the client's key.
std::string proven(const std::string& cipher = "one") {
  return krb_request(kAsRequest, {.padata = krb_padata(2, krb_encrypted(18, cipher))});
}

const CapReaches kReaches = {
    {"krb5", "message", {}, [](Dialogue& d) { d.client(std::string("\0\x02\0\1", 4) + std::string(131'073, 'x')); }},
    {"krb5",
     "entries",
     {},
     [](Dialogue& d) { d.datagram(kClient, krb_request(kAsRequest, {.types = std::vector<int>(70, 18)})); }},
    {"krb5",
     "requests",
     {},
     [](Dialogue& d) {
       for (int i = 0; i < 65; ++i) d.datagram(kClient, krb_request(kAsRequest, {.nonce = i}));
     }},
};

TEST(Krb5, EachMessageIsARecordOfItsOwn) {
  for (const bool datagrams : {false, true}) {
    Dialogue d(row());
    const auto say = [&](Direction direction, const std::string& message) {
      datagrams ? d.datagram(direction, message) : d.say(direction, krb_marked(message));
    };
    say(kClient, krb_request(kAsRequest));
    say(kServer, krb_error(25, der_field(11, krb_string("NEEDED_PREAUTH"))));
    say(kClient, proven());
    say(kServer, krb_reply(kAsReply, {"krbtgt", "LAB.EXAMPLE"}, 18, 23));
    d.finish();
    ASSERT_THAT(d.records, SizeIs(4));
    EXPECT_EQ(d.records[0],
              R"({"krb5":{"msg_type":"KRB_AS_REQ","cname":"ann","realm":"LAB.EXAMPLE","sname":"krbtgt/LAB.EXAMPLE",)"
              R"("encryption":"<none>","weak_encryption":false,"client":"ann@LAB.EXAMPLE","request_type":"AS",)"
              R"("till":"2037-09-13T02:48:05","renew_till":"2037-09-14T02:48:05","forwardable":true,"renewable":true,)"
              R"("options":["forwardable","renewable","canonicalize","renewable_ok"],)"
              R"("requested_encryption":["aes256-cts-hmac-sha1-96","aes128-cts-hmac-sha1-96","rc4-hmac"]}})");
    EXPECT_THAT(d.records[1],
                HasSubstr(R"({"msg_type":"KRB_ERROR","failed_request":"KRB_AS_REQ",)"
                          R"("error_code":"KDC_ERR_PREAUTH_REQUIRED","cname":"<empty>","realm":"<empty>",)"
                          R"("sname":"krbtgt/LAB.EXAMPLE","encryption":"<none>","weak_encryption":false,)"
                          R"("client":"ann@LAB.EXAMPLE","error_msg":"NEEDED_PREAUTH",)"
                          R"("server_time":"2024-05-01T10:20:30","request_type":"AS",)"));
    EXPECT_THAT(d.records[1], Not(HasSubstr("success")));
    EXPECT_THAT(d.records[2], HasSubstr(R"("preauthentication":["PA-ENC-TIMESTAMP"],)"
                                        R"("preauthentication_encryption":"aes256-cts-hmac-sha1-96")"));
    EXPECT_THAT(
        d.records[3],
        HasSubstr(R"({"msg_type":"KRB_AS_REP","cname":"ann","realm":"LAB.EXAMPLE","sname":"krbtgt/LAB.EXAMPLE",)"
                  R"("encryption":"rc4-hmac","weak_encryption":true,)"
                  R"("ticket_encryption":"aes256-cts-hmac-sha1-96","ticket_weak_encryption":false,)"
                  R"("client":"ann@LAB.EXAMPLE","success":true,"request_type":"AS",)"));
    EXPECT_THAT(d.anomalies, ElementsAre("weak_encryption@3"));
    EXPECT_THAT(d.values("krb5_msg_type"), ElementsAre("10", "30", "10", "11"));
    EXPECT_THAT(d.values("krb5_err_code"), ElementsAre("25"));
    EXPECT_THAT(d.values("krb5.cname"), ElementsAre("ann"));
    EXPECT_THAT(d.values("krb5.sname"), ElementsAre("krbtgt", "LAB.EXAMPLE", "krbtgt", "LAB.EXAMPLE"));
  }
}

TEST(Krb5, ATicketForAServiceIsAskedForWithAnother) {
  Dialogue d(row());
  const std::string for_user = der_sequence(der_field(0, krb_name({"boss"})) + der_field(1, krb_string("LAB.EXAMPLE")));
  const std::string padata =
      krb_padata(1, krb_ap_request("LAB.EXAMPLE", {"krbtgt", "LAB.EXAMPLE"}, 18)) + krb_padata(129, for_user);
  d.datagram(kClient, krb_request(kTgsRequest, {.client = {},
                                                .service = {"host", "anything"},
                                                .padata = padata,
                                                .options = 0,
                                                .more = der_field(11, der_sequence(krb_ticket("A", {"b"}, 23)))}));
  d.datagram(kServer, krb_reply(kTgsReply, {"host", "anything"}, 23, 18)).datagram(kServer, krb_error(7)).finish();
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[0],
              AllOf(HasSubstr(R"("cname":"<empty>")"), HasSubstr(R"("sname":"host/anything")"),
                    HasSubstr(R"("on_behalf_of":"boss@LAB.EXAMPLE","additional_tickets":1,"presented_ticket":)"
                              R"({"realm":"LAB.EXAMPLE","sname":"krbtgt/LAB.EXAMPLE",)"
                              R"("encryption":"aes256-cts-hmac-sha1-96"})"),
                    HasSubstr(R"("request_type":"TGS")"), HasSubstr(R"("forwardable":false,"renewable":false)"),
                    Not(HasSubstr("ticket_encryption"))));
  EXPECT_THAT(d.records[1], HasSubstr(R"("ticket_encryption":"rc4-hmac","ticket_weak_encryption":true)"));
  EXPECT_THAT(d.records[2], HasSubstr(R"("failed_request":"UNKNOWN")"));  // the request has its answer
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.logins, IsEmpty());
}

TEST(Krb5, ALoginIsToldOnceHoweverOftenItIsSent) {
  Dialogue d(row());
  for (int i = 0; i < 2; ++i) d.datagram(kClient, krb_request(kAsRequest));
  for (int i = 0; i < 2; ++i) d.datagram(kServer, krb_error(25));
  for (int i = 0; i < 3; ++i) d.datagram(kClient, proven("wrong"));
  for (int i = 0; i < 3; ++i) d.datagram(kServer, krb_error(24));
  d.datagram(kClient, proven("still wrong")).datagram(kServer, krb_error(24));
  for (int i = 0; i < 2; ++i) {
    d.datagram(kClient, proven("right")).datagram(kServer, krb_reply(kAsReply, {"krbtgt", "LAB.EXAMPLE"}, 18, 18));
  }
  EXPECT_THAT(d.logins, ElementsAre("ann failure", "ann failure", "ann success"));
}

TEST(Krb5, WhoAsksForSeveralAtOnceIsAnsweredForEach) {
  Dialogue d(row());
  const auto asks = [&](const std::string& who) { return krb_request(kAsRequest, {.client = {who}}); };
  const auto refuses = [&](const std::string& who) { return krb_error(6, der_field(8, krb_name({who}))); };
  d.datagram(kClient, asks("bob")).datagram(kClient, asks("eve")).datagram(kClient, asks("ann"));
  d.datagram(kClient, krb_request(kTgsRequest, {.client = {}, .service = {"cifs", "a"}}));
  d.datagram(kClient, krb_request(kTgsRequest, {.client = {}, .service = {"cifs", "b"}}));
  d.datagram(kServer, krb_reply(kTgsReply, {"cifs", "b"}, 18, 18));
  d.datagram(kServer, krb_reply(kAsReply, {"krbtgt", "LAB.EXAMPLE"}, 18, 18));
  d.datagram(kServer, krb_error(6)).datagram(kServer, refuses("eve")).datagram(kServer, krb_error(6));
  EXPECT_THAT(d.logins, ElementsAre("ann success", "bob failure", "eve failure"));
  EXPECT_THAT(d.records[5], AllOf(HasSubstr(R"("sname":"cifs/b")"), HasSubstr(R"("request_type":"TGS")")));
}

TEST(Krb5, WhereRequestsWereLostNoAnswerIsTakenForTheNext) {
  Dialogue d(row());
  d.client(krb_marked(krb_request(kTgsRequest, {.client = {}, .service = {"cifs", "a"}})));
  d.gap(kClient, 300).client(krb_marked(krb_request(kTgsRequest, {.client = {}, .service = {"cifs", "c"}})));
  d.server(krb_marked(krb_reply(kTgsReply, {"cifs", "a"}, 18, 18)));
  d.server(krb_marked(krb_reply(kTgsReply, {"cifs", "b"}, 18, 18)));
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[2], HasSubstr("request_type"));
  EXPECT_THAT(d.records[3], Not(HasSubstr("request_type")));
}

TEST(Krb5, WhoIsRefusedHasFailedAndOthersHaveNot) {
  for (const auto& [code, refused] : {std::pair(6, true),
                                      {18, true},
                                      {23, true},
                                      {24, true},
                                      {25, false},
                                      {52, false},
                                      {68, false},
                                      {14, false},
                                      {37, false}}) {
    Dialogue d(row());
    d.datagram(kClient, proven()).datagram(kServer, krb_error(code));
    EXPECT_THAT(d.logins, SizeIs(refused ? 1 : 0)) << code;
  }
}

TEST(Krb5, OneSideAloneIsRead) {
  Dialogue client(row()), server(row());
  client.client(krb_marked(krb_request(kAsRequest)) + krb_marked(proven())).finish();
  EXPECT_THAT(client.records, SizeIs(2));
  server.server(krb_marked(krb_error(24)) + krb_marked(krb_reply(kAsReply, {"a"}, 18, 18))).finish();
  EXPECT_THAT(server.records, SizeIs(2));
  EXPECT_THAT(server.records[0], HasSubstr(R"("failed_request":"UNKNOWN")"));
  EXPECT_THAT(server.logins, ElementsAre("ann success"));
}

TEST(Krb5, WhatIsMalformedIsToldWithWhatIsSound) {
  Dialogue d(row());
  const std::string whole = krb_request(kAsRequest);
  d.datagram(kClient, whole.substr(0, whole.size() - 5)).datagram(kClient, "junk");
  EXPECT_THAT(d.anomalies, ElementsAre("malformed_data@0", "malformed_data"));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("cname":"ann")"));
}

TEST(Krb5, ALengthThatNobodyTakesIsNone) {
  for (const size_t piece : {0, 1}) {
    Dialogue d(row());
    d.client(krb_marked(krb_request(kAsRequest)) + "\x80\0\0\0"s + std::string(50, '\0') + krb_marked(proven()), piece);
    EXPECT_THAT(d.anomalies, ElementsAre("malformed_data"));
    EXPECT_THAT(d.records, SizeIs(2));
    EXPECT_FALSE(d.failed);
  }
}

TEST(Krb5, WhatIsTooLongIsPassedOver) {
  Dialogue d(row());
  d.client("\0\x03\0\0"s + std::string(0x30000, 'x') + krb_marked(krb_request(kAsRequest)), 1000);
  EXPECT_THAT(d.records, SizeIs(1));
  EXPECT_EQ(d.capped("message"), 1u);
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Krb5, TheProbeKnowsMessagesAndWhoSendsThem) {
  const std::string request = krb_request(kAsRequest), reply = krb_reply(kAsReply, {"a"}, 18, 18);
  EXPECT_EQ(probe(row(), kClient, request, true), Likelihood::sure);
  EXPECT_EQ(probe(row(), kServer, request, true), Likelihood::no);
  EXPECT_EQ(probe(row(), kServer, reply, true), Likelihood::sure);
  EXPECT_EQ(probe(row(), kClient, reply, true), Likelihood::no);
  EXPECT_EQ(probe(row(), kClient, request.substr(0, 9), true), Likelihood::no);
  EXPECT_EQ(probe(row(), kClient, krb_marked(request)), Likelihood::sure);
  EXPECT_EQ(probe(row(), kServer, krb_marked(krb_error(6))), Likelihood::sure);
  EXPECT_EQ(probe(row(), kClient, krb_marked(krb_error(6))), Likelihood::no);
  EXPECT_EQ(probe(row(), kClient, request), Likelihood::no);  // without a length
  EXPECT_EQ(probe(row(), kClient, "\0\x20\0\0"s + request), Likelihood::no);
  for (size_t size = 1; size < 30; ++size) {
    EXPECT_NE(probe(row(), kClient, krb_marked(request).substr(0, size)), Likelihood::no) << size;
  }
}

TEST(Krb5, TheHostThatAsksIsSighted) {
  const std::string address =
      der_sequence(der_sequence(der_field(0, der_integer(20)) + der_field(1, der_octets("WS1             "))));
  Dialogue d(row());
  d.datagram(kClient, krb_request(kAsRequest, {.more = der_field(9, address)}));
  EXPECT_THAT(d.records[0], HasSubstr(R"("client_host":"WS1")"));
  EXPECT_THAT(d.sightings, ElementsAre("kerberos client WS1"));
}

TEST(Krb5, TheTypeOfATicketIsAskedForByNamesNumbersOrWeakness) {
  const Word& word = row().protocol->words[0];
  ASSERT_EQ(word.name, "krb5.ticket_encryption");
  constexpr struct {
    std::string_view text;
    bool rc4, aes;
    std::string_view described;
  } kCases[] = {
      {"weak", true, false, "weak"},
      {"!weak", false, true, "not weak"},
      {"rc4-hmac", true, false, "rc4-hmac"},
      {"17, rc4-hmac ,-128", true, false, "aes128-cts-hmac-sha1-96 or rc4-hmac or rc4-md4"},
      {"aes256-cts-hmac-sha1-96,1", false, true, "aes256-cts-hmac-sha1-96 or des-cbc-crc"},
      {"23", true, false, "rc4-hmac"},
  };
  const auto holds = [&](const Tested& asked, unsigned type, int encryption) {
    krb5::MessageTransaction tx;
    tx.message.type = static_cast<kerberos::Type>(type);
    tx.message.ticket.encryption = encryption;
    return word.test({.tx = &tx}, {}, asked.value.get());
  };
  for (const auto& one : kCases) {
    const auto asked = std::get<Tested>(word.parse({word.name, one.text, {}}));
    EXPECT_EQ(holds(asked, kTgsReply, 23), one.rc4) << one.text;
    EXPECT_EQ(holds(asked, kAsReply, 18), one.aes) << one.text;
    EXPECT_FALSE(holds(asked, kTgsRequest, 23)) << one.text;  // with which another is asked for
    EXPECT_EQ(word.describe(asked.value.get()), one.described);
  }
  for (const std::string_view wrong : {"", "strong", "rc4-hmac,", "99999999999", "!rc4-hmac", "weak,23"}) {
    EXPECT_THROW(word.parse({word.name, wrong, {}}), SettingError) << wrong;
  }
}

TEST(Krb5, MessagesAndJunkCostNoMoreThanTheirBytes) {
  const auto spoken = [](const std::string& unit) {
    return [unit](size_t count) -> std::function<void()> {
      return [text = repeated(count, [&](size_t) { return unit; })] {
        Dialogue d(row());
        d.client(text, 1400);
      };
    };
  };
  EXPECT_LT(growth(spoken(krb_marked(krb_request(kAsRequest))), 200), kDoubled);
  EXPECT_LT(growth(spoken("\x80\0\0\0\0\0\1\0\x6a\x82\1"s), 2'000), kDoubled);
}

}  // namespace
}  // namespace lapwing
