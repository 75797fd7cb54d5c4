// What messages of Kerberos say in clear.
#include "dissectors/parts/kerberos/kerberos.h"

#include <gmock/gmock.h>

#include "dissectors/parts/kerberos/kerberos_names.h"
#include "tests/dissectors/parts/kerberos_wire.h"
#include "tests/support/cost.h"

namespace lapwing::kerberos {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr unsigned kAsRequest = 10, kAsReply = 11, kTgsRequest = 12, kTgsReply = 13;

Message heard(const std::string& bytes, bool sound = true) {
  Message out;
  EXPECT_EQ(read(to_bytes(bytes), out), sound);
  return out;
}

TEST(Kerberos, ARequestSaysWhoAsksForWhat) {
  const std::string netbios = der_sequence(
      der_sequence(der_field(0, der_integer(20)) + der_field(1, der_octets("WORKSTATION1    ").substr(0, 18))));
  const Message m = heard(krb_request(
      kAsRequest, {.padata = krb_padata(2, krb_encrypted(18)) + krb_padata(128, der_sequence("")),
                   .more = der_field(9, netbios) + der_field(11, der_sequence(krb_ticket("A", {"b"}, 17)))}));
  EXPECT_EQ(m.type, Type::as_request);
  EXPECT_EQ(m.client.text, "ann");
  EXPECT_EQ(m.realm, "LAB.EXAMPLE");
  EXPECT_EQ(m.service.text, "krbtgt/LAB.EXAMPLE");
  ASSERT_EQ(m.service.size(), 2u);
  EXPECT_EQ(m.service[0], "krbtgt");
  EXPECT_EQ(m.service[1], "LAB.EXAMPLE");
  EXPECT_EQ(m.options, 0x40810010u);
  EXPECT_THAT(option_names(*m.options), ElementsAre("forwardable", "renewable", "canonicalize", "renewable_ok"));
  EXPECT_EQ(m.from, std::nullopt);
  EXPECT_EQ(m.till, 2136422885);
  EXPECT_EQ(m.renew_till, 2136509285);
  EXPECT_EQ(m.nonce, 1234567u);
  EXPECT_THAT(m.encryptions, ElementsAre(18, 17, 23));
  EXPECT_THAT(m.preauthentication, ElementsAre(2, 128));
  EXPECT_EQ(m.timestamp_encryption, 18);
  EXPECT_EQ(m.netbios_name, "WORKSTATION1");
  EXPECT_EQ(m.additional_tickets, 1u);
  EXPECT_EQ(m.passed_over, 0u);
}

TEST(Kerberos, ARequestForAServiceShowsTheTicketAndForWhomItIs) {
  const std::string for_user = der_sequence(der_field(0, krb_name({"boss"})) + der_field(1, krb_string("OTHER")));
  const Message m =
      heard(krb_request(kTgsRequest, {.client = {},
                                      .service = {"cifs", "files.lab.example"},
                                      .padata = krb_padata(1, krb_ap_request("LAB", {"krbtgt", "LAB"}, 23)) +
                                                krb_padata(129, for_user)}));
  EXPECT_EQ(m.type, Type::tgs_request);
  EXPECT_TRUE(m.client.empty());
  EXPECT_EQ(m.ticket.realm, "LAB");
  EXPECT_EQ(m.ticket.service.text, "krbtgt/LAB");
  EXPECT_EQ(m.ticket.encryption, 23);
  EXPECT_EQ(m.ticket.key_version, 2u);
  EXPECT_EQ(m.on_behalf.text, "boss");
  EXPECT_EQ(m.on_behalf_realm, "OTHER");
}

TEST(Kerberos, ARepliesTicketAndPartHaveTypesOfTheirOwn) {
  for (const unsigned type : {kAsReply, kTgsReply}) {
    const Message m = heard(krb_reply(type, {"host", "a"}, 23, 18));
    EXPECT_EQ(static_cast<unsigned>(m.type), type);
    EXPECT_EQ(m.client.text, "ann");
    EXPECT_EQ(m.client_realm, "LAB.EXAMPLE");
    EXPECT_EQ(m.service.text, "host/a");
    EXPECT_EQ(m.ticket.encryption, 23);
    EXPECT_EQ(m.encryption, 18);
  }
}

TEST(Kerberos, AnErrorTellsWhyAndWhatElseWouldDo) {
  const std::string entry = der_sequence(der_field(0, der_integer(18)) + der_field(1, krb_string("LAB.EXAMPLEann")));
  const std::string other = der_sequence(der_field(0, der_integer(23)));
  const std::string methods = der_sequence(krb_padata(19, der_sequence(entry + other)) +
                                           krb_padata(11, der_sequence(other)) + krb_padata(2, ""));
  const Message m =
      heard(krb_error(25, der_field(11, krb_string("NEEDED_PREAUTH")) + der_field(12, der_octets(methods))));
  EXPECT_EQ(m.type, Type::error);
  EXPECT_EQ(m.error, 25);
  EXPECT_EQ(m.error_text, "NEEDED_PREAUTH");
  EXPECT_EQ(m.server_time, 1714558830);
  EXPECT_THAT(m.encryptions, ElementsAre(18, 23));
  EXPECT_THAT(m.preauthentication, ElementsAre(19, 11, 2));
  EXPECT_EQ(m.status, std::nullopt);
}

TEST(Kerberos, TheStatusOfWindowsStandsInTheDataOfAnError) {
  const std::string status("\x34\x02\0\xc0\0\0\0\0\1\0\0\0", 12);  // STATUS_ACCOUNT_LOCKED_OUT
  const std::string extended = der_sequence(der_field(1, der_integer(3)) + der_field(2, der_octets(status)));
  EXPECT_EQ(heard(krb_error(18, der_field(12, der_octets(extended)))).status, 0xc0000234);
  EXPECT_EQ(heard(krb_error(18, der_field(12, der_octets(der_sequence(krb_padata(3, status)))))).status, 0xc0000234);
  // A salt that is as long as one.
  EXPECT_EQ(heard(krb_error(25, der_field(12, der_octets(der_sequence(krb_padata(3, "LABUSER.ANN@")))))).status,
            std::nullopt);
  EXPECT_EQ(heard(krb_error(60, der_field(12, der_octets("no element")))).status, std::nullopt);
}

TEST(Kerberos, AnApplicationsRequestShowsItsTicket) {
  const Message m = heard(krb_ap_request("LAB.EXAMPLE", {"cifs", "files"}, 18));
  EXPECT_EQ(m.type, Type::ap_request);
  EXPECT_EQ(m.ticket.service.text, "cifs/files");
  EXPECT_EQ(m.options, 0x20000000u);
  const Message reply = heard(der(0x6f, der_sequence(der_field(0, der_integer(5)) + der_field(1, der_integer(15)) +
                                                     der_field(2, krb_encrypted(18)))));
  EXPECT_EQ(reply.type, Type::ap_reply);
  EXPECT_EQ(reply.encryption, 18);
}

TEST(Kerberos, OfWhatIsMalformedTheSoundPartsAreRead) {
  const std::string whole = krb_request(kAsRequest);
  for (size_t size = 0; size < whole.size(); ++size) {
    Message m;
    ASSERT_FALSE(read(to_bytes(whole).first(size), m)) << size;
  }
  EXPECT_EQ(heard(whole.substr(0, whole.size() - 3), false).client.text, "ann");
  EXPECT_EQ(heard(whole + "x", false).client.text, "ann");
  EXPECT_EQ(heard(der(0x6a, der_sequence(der_field(1, der_integer(5)) + der_field(2, der_integer(10)))), false).type,
            Type::as_request);
  EXPECT_EQ(heard(der(0x6a, "no sequence"), false).type, Type::none);
  EXPECT_EQ(heard("\x30\x00", false).type, Type::none);
  // A name that is no name, a time that is none, a number beyond 32 bits.
  EXPECT_TRUE(heard(krb_request(kAsRequest, {.more = der_field(1, der_integer(1))}), false).client.text.empty());
  EXPECT_EQ(heard(krb_request(kAsRequest, {.more = der_field(4, krb_time("20241301000000Z"))}), false).from,
            std::nullopt);
  EXPECT_EQ(heard(krb_request(kAsRequest, {.nonce = int64_t{1} << 40}), false).nonce, std::nullopt);
}

TEST(Kerberos, ListsAreKeptToABound) {
  const Message m =
      heard(krb_request(kAsRequest, {.client = std::vector<std::string>(100, "a"), .types = std::vector<int>(70, 18)}));
  EXPECT_EQ(m.client.size(), kEntries);
  EXPECT_EQ(m.encryptions.size(), kEntries);
  EXPECT_EQ(m.passed_over, 36u + 6u);
}

TEST(Kerberos, WhatIsReadAnewKeepsNothingOfWhatWasThere) {
  Message m;
  ASSERT_TRUE(read(to_bytes(krb_error(6, der_field(11, krb_string("no")))), m));
  const std::string request = krb_request(kAsRequest);
  ASSERT_TRUE(read(to_bytes(request), m));
  EXPECT_EQ(m.error, std::nullopt);
  EXPECT_THAT(m.error_text, IsEmpty());
  EXPECT_EQ(m.server_time, std::nullopt);
}

TEST(Kerberos, ElementsWithinEachOtherCostNoMoreThanTheirBytes) {
  const auto nested = [](size_t depth) {
    return [bytes = "\x6a\x80\x30\x80" + repeated(depth, [](size_t) { return std::string("\xa3\x80\x30\x80"); })] {
      Message m;
      EXPECT_FALSE(read(to_bytes(bytes), m));
    };
  };
  EXPECT_LT(growth(nested, 10'000), kDoubled);
}

TEST(Kerberos, ABeginningIsToldByItsFirstBytes) {
  for (const std::string& message :
       {krb_request(kAsRequest), krb_request(kTgsRequest), krb_reply(kAsReply, {"a"}, 18, 18),
        krb_reply(kTgsReply, {"a"}, 18, 18), krb_ap_request("A", {"b"}, 18), krb_error(6)}) {
    Likelihood last = Likelihood::more;
    for (size_t size = 0; size <= kHead; ++size) {
      const Likelihood now = begins(to_bytes(message).first(size));
      EXPECT_TRUE(now == last || (last == Likelihood::more && now == Likelihood::sure)) << size;
      last = now;
    }
    EXPECT_EQ(last, Likelihood::sure);
  }
  // KDCs read lengths that are no DER.
  std::string longer = krb_request(kAsRequest);
  longer.replace(longer.find("\xa1\3\2\1\5"), 5, "\xa1\x81\4\2\x81\1\5");
  EXPECT_EQ(begins(to_bytes(longer)), Likelihood::sure);
  EXPECT_EQ(begins(to_bytes("\x6a\x05hello")), Likelihood::no);
  EXPECT_EQ(begins(to_bytes("\x61\x05")), Likelihood::no);  // a ticket
  EXPECT_EQ(begins(to_bytes(std::string("\x6a\x84\0\0\1\0\x31\x80", 8))), Likelihood::no);
  const std::string marked("\x6a\x80\x30\x80\xa1\x80\2\1\5\0\0\xa2\x80\2\1\x0a\0\0", 18);
  for (size_t size = 0; size < marked.size(); ++size) {
    EXPECT_EQ(begins(to_bytes(marked).first(size)), Likelihood::more) << size;
  }
  EXPECT_EQ(begins(to_bytes(marked)), Likelihood::sure) << "ends that are marked";
  std::string other = krb_request(kAsRequest);
  other[0] = '\x6c';
  EXPECT_EQ(begins(to_bytes(other)), Likelihood::no);
}

TEST(Kerberos, TimesAreThoseOfTheCalendar) {
  EXPECT_EQ(time("19700101000000Z"), 0);
  EXPECT_EQ(time("20000229235959Z"), 951868799);
  EXPECT_EQ(time("99991231235959Z"), 253402300799);
  EXPECT_EQ(time("19691231235959Z"), -1);
  for (const char* text :
       {"", "20010229000000Z", "20010101240000Z", "20010101000000", "2001010100000 Z", "20010101000000+"}) {
    EXPECT_EQ(time(text), std::nullopt) << text;
  }
}

TEST(Kerberos, NumbersAreCalledAsTheirRegistriesCallThem) {
  std::string scratch;
  EXPECT_EQ(message_name(10, scratch), "KRB_AS_REQ");
  EXPECT_EQ(message_name(99, scratch), "MessageType(99)");
  EXPECT_EQ(encryption_name(18, scratch), "aes256-cts-hmac-sha1-96");
  EXPECT_EQ(encryption_name(20, scratch), "aes256-cts-hmac-sha384-192");
  EXPECT_EQ(encryption_name(-135, scratch), "rc4-hmac-OLD-exp");
  EXPECT_EQ(encryption_name(-7, scratch), "EncryptionType(-7)");
  EXPECT_EQ(error_name(24, scratch), "KDC_ERR_PREAUTH_FAILED");
  EXPECT_EQ(error_name(91, scratch), "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED");
  EXPECT_EQ(error_name(1000, scratch), "ErrorCode(1000)");
  EXPECT_EQ(preauthentication_name(2, scratch), "PA-ENC-TIMESTAMP");
  EXPECT_EQ(encryption_type("rc4-hmac"), 23);
  EXPECT_EQ(encryption_type("rot13"), std::nullopt);
  for (const int32_t type : {17, 18, 19, 20, 25, 26}) EXPECT_FALSE(weak_encryption(type)) << type;
  for (const int32_t type : {1, 3, 16, 23, 24, 0, -133}) EXPECT_TRUE(weak_encryption(type)) << type;
}

}  // namespace
}  // namespace lapwing::kerberos
