#include <gmock/gmock.h>

#include <algorithm>

#include "dissectors/parts/dcerpc/dcerpc.h"
#include "tests/dissectors/caps.h"
#include "tests/dissectors/dcerpc/dcerpc_wire.h"
#include "tests/dissectors/dialogue.h"
#include "tests/support/cost.h"
#include "tests/support/flow_driver.h"

namespace lapwing {
namespace {

using namespace test;
using namespace std::literals;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kActivity = "dddc324e-03d8-af4e-86ee-7650df599e40";

Dialogue& bound(Dialogue& d, const std::string& uuid = kSvcctl) {
  return d.client(rpc_bind(1, {uuid})).server(rpc_bind_ack(1, {0}));
}

std::string requests(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += rpc_request(static_cast<uint32_t>(i + 2), 0, 15, "");
  return out;
}

std::string contexts(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; i += 64) {
    const auto call = static_cast<uint32_t>(i + 1);
    out += rpc_bind(call, std::vector<std::string>(std::min<size_t>(64, count - i), kSamr), {}, 14,
                    static_cast<unsigned>(i));
  }
  return out;
}

const CapReaches kReaches{
    {"dcerpc",
     "calls",
     {{"app-layer.protocols.dcerpc.max-tx", "4"}},
     [](Dialogue& d) { bound(d).client(requests(5)); },
     "dcerpc"},
    {"dcerpc", "contexts", {}, [](Dialogue& d) { d.client(contexts(1025)); }, "dcerpc"},
    {"dcerpc",
     "endpoints",
     {},
     [](Dialogue& d) {
       bound(d, kMapper).client(rpc_request(2, 0, 3, "map"));
       d.server(rpc_response(2, rpc_towers(kSamr, std::vector<uint32_t>(65, 49668))));
     },
     "dcerpc"},
    {"dcerpc",
     "stub",
     {{"app-layer.protocols.dcerpc.max-stub-size", "64"}},
     [](Dialogue& d) { bound(d).client(rpc_request(2, 0, 15, std::string(65, 'x'))); },
     "dcerpc"},
    {"dcerpc",
     "early",
     {},
     [](Dialogue& d) {
       for (uint16_t i = 1; i < 34; ++i) d.datagram(kClient, rpc_datagram(0, kSamr, kActivity, 1, 5, "x", 4, i));
     },
     "dcerpc"},
};

TEST(Dcerpc, ACallIsRecordedWithItsInterfaceAndOperation) {
  Dialogue d(dissector("dcerpc"));
  bound(d).client(rpc_request(2, 0, 15, "12345678")).server(rpc_response(2, "abcd"));
  EXPECT_THAT(d.records,
              ElementsAre(R"({"dcerpc":{"request":"BIND","interfaces":[{"uuid":")" + kSvcctl +
                              R"(","version":"2.1","ack_result":0,"ack_reason":0,"service":"svcctl"}],)"
                              R"("response":"BINDACK","call_id":1,"rpc_version":"5.0"}})",
                          R"({"dcerpc":{"request":"REQUEST","req":{"opnum":15,"frag_cnt":1,"stub_data_size":8},)"
                          R"("interfaces":[{"uuid":")" +
                              kSvcctl +
                              R"(","version":"2.1","ack_result":0,"ack_reason":0,"service":"svcctl"}],)"
                              R"("response":"RESPONSE","res":{"frag_cnt":1,"stub_data_size":12},"call_id":2,)"
                              R"("rpc_version":"5.0","interface":"svcctl","operation":"ROpenSCManagerW"}})"));
  EXPECT_THAT(d.values("dcerpc.stub_data"), ElementsAre("12345678", "\4\0\0\0\0\0\0\0abcd"s));
  EXPECT_THAT(d.values("dcerpc.opnum"), ElementsAre("15", "15"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Dcerpc, BothOrdersOfBytesAreRead) {
  const RpcForm big{.little = false, .minor = 1};
  Dialogue d(dissector("dcerpc"));
  d.client(rpc_bind(258, {kSamr}, big)).server(rpc_bind_ack(258, {0}, big));
  d.client(rpc_request(259, 0, 64, "x", big)).server(rpc_response(259, "y", big));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("opnum":64)"), HasSubstr(R"("call_id":259)"), HasSubstr("SamrConnect5"),
                                  HasSubstr(R"("version":"2.1")"), HasSubstr(R"("rpc_version":"5.1")")));
}

TEST(Dcerpc, FragmentsAreOneCall) {
  const RpcForm first{.flags = 1, .verifier = rpc_verifier(10, 6, "signature", 2)}, next{.flags = 0}, last{.flags = 2};
  Dialogue d(dissector("dcerpc"));
  bound(d).client(rpc_request(2, 0, 12, "onePP", first)).client(rpc_request(2, 0, 12, "two", next));
  d.client(rpc_request(2, 0, 12, "three", last));
  EXPECT_THAT(d.values("dcerpc.stub_data"), ElementsAre("onetwothree"));
  d.server(rpc_response(2, "four", {.flags = 1})).server(rpc_response(2, "five", last));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1],
              AllOf(HasSubstr(R"("frag_cnt":3,"stub_data_size":30)"), HasSubstr(R"("frag_cnt":2,"stub_data_size":24)"),
                    HasSubstr(R"("auth":{"type":"ntlmssp","level":"privacy")")));
  EXPECT_THAT(d.values("dcerpc.stub_data"), Contains("\4\0\0\0\0\0\0\0fourfive"s));
}

TEST(Dcerpc, CallsAreMatchedByTheirIdentifier) {
  Dialogue d(dissector("dcerpc"));
  bound(d).client(rpc_request(2, 0, 0, "")).client(rpc_request(3, 0, 1, ""));
  d.server(rpc_response(3, "")).server(rpc_response(2, ""));
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("call_id":3)"), HasSubstr(R"("opnum":1)"), HasSubstr("RESPONSE")));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("call_id":2)"), HasSubstr(R"("opnum":0)"), HasSubstr("RESPONSE")));
}

TEST(Dcerpc, AnIdentifierMayBeUsedAgain) {
  Dialogue d(dissector("dcerpc"));
  d.client(rpc_bind(7, {kSamr})).server(rpc_bind_ack(7, {0}));
  for (unsigned i = 0; i < 3; ++i) d.client(rpc_request(7, 0, i, "")).server(rpc_response(7, ""));
  EXPECT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[3], HasSubstr(R"("opnum":2)"));
}

TEST(Dcerpc, TheThirdLegOfALoginIsNotAnswered) {
  const RpcForm ntlm{.verifier = rpc_verifier(10, 2, "NTLMSSP\0\1\0\0\0\0\0\0\0"s + std::string(24, '\0'))};
  Dialogue d(dissector("dcerpc"));
  d.client(rpc_bind(2, {kSamr}, ntlm)).server(rpc_bind_ack(2, {0}));
  d.client(rpc_pdu(16, 2, std::string(4, '\0'), {.verifier = rpc_verifier(10, 2, "x")}));
  d.client(rpc_request(2, 0, 5, "")).server(rpc_response(2, ""));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("opnum":5)"), HasSubstr(R"("response":"RESPONSE")")));
}

TEST(Dcerpc, ContextsAreRefusedAndAltered) {
  Dialogue d(dissector("dcerpc"));
  d.client(rpc_bind(1, {kSvcctl, kSamr})).server(rpc_bind_ack(1, {2, 0}));
  d.client(rpc_request(2, 0, 15, "")).server(rpc_fault(2, 0x1c010003));
  d.client(rpc_bind(3, {kSvcctl}, {}, 14, 4)).server(rpc_bind_ack(3, {0}, {}, 15));
  d.client(rpc_request(4, 4, 15, "")).server(rpc_response(4, ""));
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("ack_result":2,"ack_reason":1)"), HasSubstr(R"("ack_result":0)")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("response":"FAULT")"), HasSubstr(R"("fault":"nca_unk_if")")));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr("ALTER_CONTEXT"), HasSubstr("ALTER_CONTEXT_RESP")));
  EXPECT_THAT(d.records[3], AllOf(HasSubstr("svcctl"), HasSubstr("ROpenSCManagerW")));
  EXPECT_THAT(d.anomalies, ElementsAre("dcerpc_refused_context@1"));
}

TEST(Dcerpc, ARefusedConnectionSaysWhy) {
  Dialogue d(dissector("dcerpc"));
  d.client(rpc_bind(1, {kSamr})).server(rpc_pdu(13, 1, "\4\0\0\0"s));
  EXPECT_THAT(d.records, ElementsAre(AllOf(HasSubstr("BINDNAK"), HasSubstr(R"("bind_nak_reason":4)"))));
}

TEST(Dcerpc, CallsAreCancelledOrphanedOrNeedNoAnswer) {
  Dialogue d(dissector("dcerpc"));
  bound(d).client(rpc_request(2, 0, 1, "")).client(rpc_pdu(18, 2, "")).server(rpc_fault(2, 0x1c00000d));
  d.client(rpc_request(3, 0, 1, "")).client(rpc_pdu(19, 3, ""));
  d.client(rpc_request(4, 0, 1, "", {.flags = 0x43}));
  d.server(rpc_pdu(17, 0, "")).finish();
  ASSERT_THAT(d.records, SizeIs(5));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("cancelled":true)"), HasSubstr("nca_fault_cancel")));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("call_id":4)"), HasSubstr("UNREPLIED")));
  EXPECT_THAT(d.records[3], AllOf(HasSubstr(R"("response":"SHUTDOWN")"), Not(HasSubstr("request"))));
  EXPECT_THAT(d.records[4], AllOf(HasSubstr(R"("orphaned":true)"), HasSubstr("UNREPLIED")));
}

TEST(Dcerpc, AnswersWithoutTheirRequestAreToldAlone) {
  Dialogue d(dissector("dcerpc"));
  d.server(rpc_response(9, "late")).server(rpc_fault(10, 5));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("request":"REQUEST_LOST","response":"RESPONSE")"),
                                     HasSubstr(R"("request":"REQUEST_LOST","response":"FAULT")")));
}

TEST(Dcerpc, TheObjectOfACallIsTold) {
  Dialogue d(dissector("dcerpc"));
  bound(d).client(rpc_request(2, 0, 4, rpc_uuid(kActivity) + "stub", {.flags = 0x83})).server(rpc_response(2, ""));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("object":")" + kActivity), HasSubstr(R"("stub_data_size":20)")));
}

TEST(Dcerpc, ReadingGoesOnBehindLostBytes) {
  const std::string request = rpc_request(2, 0, 15, std::string(100, 'x')), next = rpc_request(3, 0, 16, "abc");
  for (size_t piece : {0, 1, 5}) {
    Dialogue within(dissector("dcerpc"));
    bound(within).client(request.substr(0, 60), piece).gap(kClient, 10).client(request.substr(70) + next, piece);
    within.finish();
    EXPECT_THAT(within.values("dcerpc.opnum"), ElementsAre("15", "16"));
    EXPECT_THAT(within.values("dcerpc.stub_data"), ElementsAre(std::string(36, 'x'), "abc"));

    Dialogue beyond(dissector("dcerpc"));
    bound(beyond).client(request.substr(0, 60), piece).gap(kClient, 500);
    beyond.client("\5\0junk\5\0\0"s + next + request, piece).finish();
    EXPECT_THAT(beyond.values("dcerpc.opnum"), ElementsAre("15", "16", "15"));
    EXPECT_THAT(beyond.anomalies, IsEmpty());
  }
}

TEST(Dcerpc, JunkIsToldOnceOfASide) {
  const std::string junk(40, 'J');
  for (size_t piece : {0, 1, 3}) {
    Dialogue d(dissector("dcerpc"));
    bound(d).client(rpc_request(2, 0, 1, "") + junk + rpc_request(3, 0, 2, "") + junk + rpc_request(4, 0, 3, ""),
                    piece);
    d.finish();
    EXPECT_THAT(d.values("dcerpc.opnum"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(d.anomalies, ElementsAre("dcerpc_malformed_pdu"));
  }
}

TEST(Dcerpc, AFlowMayBeMetInTheMiddle) {
  Dialogue d(dissector("dcerpc"));
  d.late = true;
  d.client("rest of a stub" + rpc_request(3, 0, 2, "x")).server("another" + rpc_response(3, "y"));
  EXPECT_THAT(d.records, ElementsAre(AllOf(HasSubstr(R"("opnum":2)"), HasSubstr("RESPONSE"))));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Dcerpc, TheMapperSaysWhereAnInterfaceIs) {
  for (const bool wide : {false, true}) {
    Dialogue d(dissector("dcerpc"));
    d.client(rpc_bind(1, {kMapper})).server(rpc_bind_ack(1, {0}, {.wide = wide})).client(rpc_request(2, 0, 3, "map"));
    d.server(rpc_response(2, rpc_towers(kSamr, {49668, 65536 + 49669}, wide)));
    EXPECT_THAT(d.records[1],
                HasSubstr(R"("endpoints":[{"uuid":")" + kSamr +
                          R"(","version":"1.0","service":"samr","transport":"tcp","port":49668,"address":"192.0.2.5"},)"
                          R"({"uuid":")" +
                          kSamr + R"(","version":"1.0","service":"samr","transport":"udp","port":49669,)"));
    EXPECT_THAT(d.records[1], HasSubstr(R"("operation":"ept_map")"));
  }
}

TEST(Dcerpc, ActivatorsSayWhereObjectsAre) {
  const std::string bindings = rpc_bindings({{15, "\\\\DC1[\\PIPE\\atsvc]"},
                                             {7, "DC1[49154]"},
                                             {7, "192.0.2.5[49154]"},
                                             {7, "192.0.2.6[49154]"},
                                             {7, "DC1[0]"},
                                             {7, "DC1[65536]"},
                                             {7, "DC1[123"},
                                             {7, "DC1 [123]"},
                                             {7, "DC1"},
                                             {8, "2001:db8::5[49154]"}});
  const std::string answer = std::string(26, '\7') + bindings;
  Dialogue d(dissector("dcerpc"));
  bound(d, kActivator).client(rpc_request(2, 0, 4, "create")).server(rpc_response(2, answer), 1);
  EXPECT_THAT(d.records.back(), HasSubstr(R"("endpoints":[{"transport":"tcp","port":49154,"address":"192.0.2.5"},)"
                                          R"({"transport":"tcp","port":49154,"address":"192.0.2.6"},)"
                                          R"({"transport":"udp","port":49154,"address":"2001:0db8:)"));
  const auto endpoints = [&](const std::string& uuid, unsigned operation, const RpcForm& form = {}) {
    Dialogue other(dissector("dcerpc"));
    bound(other, uuid).client(rpc_request(2, 0, operation, "x")).server(rpc_response(2, answer, form));
    return other.records.back().find("endpoints") != std::string::npos;
  };
  EXPECT_TRUE(endpoints("4d9f4ab8-7d1c-11cf-861e-0020af6e7c57", 0));
  EXPECT_TRUE(endpoints("99fcfec4-5260-101b-bbcb-00aa0021347a", 4));
  EXPECT_FALSE(endpoints("99fcfec4-5260-101b-bbcb-00aa0021347a", 5));
  EXPECT_FALSE(endpoints(kSamr, 4));
  // Signed it is in the clear, sealed it is not.
  EXPECT_TRUE(endpoints(kActivator, 4, {.verifier = rpc_verifier(10, 5, "signature")}));
  EXPECT_FALSE(endpoints(kActivator, 4, {.verifier = rpc_verifier(10, 6, "signature")}));
}

TEST(Dcerpc, FlowsToPortsThatAreNamedAreExpected) {
  const auto expected = [](const std::string& uuid, unsigned operation, const std::string& answer) {
    Heard heard;
    FlowDriver flow({.known = "dcerpc", .contents = false}, heard);
    flow.say(kClient, rpc_bind(1, {uuid}));
    flow.say(kServer, rpc_bind_ack(1, {0}));
    flow.say(kClient, rpc_request(2, 0, operation, "x"));
    const uint64_t before = flow.app().counters().expectations;
    flow.say(kServer, rpc_response(2, answer));
    return flow.app().counters().expectations - before;
  };
  EXPECT_EQ(expected(kMapper, 3, rpc_towers(kSamr, {49668, 65536 + 49669})), 2u);
  EXPECT_EQ(expected(kActivator, 4, rpc_bindings({{7, "DC1[49154]"}, {7, "192.0.2.5[49154]"}, {7, "::1[49154]"}})), 1u);
  EXPECT_EQ(expected(kActivator, 4, std::string(60'000, 'x') + rpc_bindings({{7, "DC1[49154]"}})), 1u);
}

TEST(Dcerpc, WhatTheMapperBreaksOffIsNotRead) {
  const std::string towers = rpc_towers(kSamr, {49668, 49669});
  for (size_t size = 0; size < towers.size(); ++size) {
    Dialogue d(dissector("dcerpc"));
    bound(d, kMapper).client(rpc_request(2, 0, 3, "map")).server(rpc_response(2, towers.substr(0, size)));
    EXPECT_THAT(d.records, SizeIs(2));
    EXPECT_THAT(d.records[1], Not(HasSubstr("49669")));
  }
}

TEST(Dcerpc, AnAnnouncedInterfaceNeedsNoBind) {
  dcerpc::Context context{.uuid = *dcerpc::parse_uuid(kSamr), .major = 1};
  context.interface = dcerpc::find_interface(context.uuid);
  Dialogue d(dissector("dcerpc"));
  d.context = std::make_shared<const dcerpc::Announced>(context);
  d.client(rpc_request(2, 0, 64, "")).server(rpc_response(2, ""));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("interface":"samr","operation":"SamrConnect5")")));
}

TEST(Dcerpc, CallsByDatagrams) {
  Dialogue d(dissector("dcerpc"));
  d.datagram(kClient, rpc_datagram(0, kMapper, kActivity, 4, 3, "ask"));
  d.datagram(kServer, rpc_datagram(2, kMapper, kActivity, 4, 3, "tell", 0, 0, false));
  EXPECT_THAT(d.records, ElementsAre(R"({"dcerpc":{"request":"REQUEST",)"
                                     R"("req":{"opnum":3,"frag_cnt":1,"stub_data_size":3},"interfaces":[{"uuid":")" +
                                     kMapper +
                                     R"(","version":"3.0","service":"epmapper"}],"response":"RESPONSE",)"
                                     R"("res":{"frag_cnt":1,"stub_data_size":4},"activityuuid":")" +
                                     kActivity +
                                     R"(","seqnum":4,"rpc_version":"4.0","interface":"epmapper",)"
                                     R"("operation":"ept_map"}})"));
}

TEST(Dcerpc, ActivitiesAreWrittenAsIfInTheLittleOrder) {
  Dialogue d(dissector("dcerpc"));
  d.datagram(kClient, rpc_datagram(0, kSamr, kActivity, 5, 0, "", 0x10, 0, false));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("activityuuid":"4e32dcdd-d803-4eaf-86ee-7650df599e40","seqnum":5)")));
}

TEST(Dcerpc, FragmentsOfDatagramsComeInAnyOrder) {
  constexpr unsigned kLast = 2, kFragment = 4;
  std::vector<uint16_t> order{0, 1, 2, 3};
  do {
    Dialogue d(dissector("dcerpc"));
    for (uint16_t number : order) {
      const unsigned flags = kFragment | (number == 3 ? kLast : 0);
      const std::string fragment =
          rpc_datagram(0, kSamr, kActivity, 1, 5, std::string(2, "abcd"[number]), flags, number);
      d.datagram(kClient, fragment).datagram(kClient, fragment);
    }
    d.datagram(kServer, rpc_datagram(2, kSamr, kActivity, 1, 5, "done")).finish();
    EXPECT_THAT(d.values("dcerpc.stub_data"), ElementsAre("aabbccdd", "done"));
    EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("frag_cnt":4,"stub_data_size":8)")));
  } while (std::ranges::next_permutation(order).found);
}

TEST(Dcerpc, FragmentsOfDatagramsAreCountedOnce) {
  constexpr unsigned kLast = 2, kFragment = 4;
  Dialogue d(dissector("dcerpc"));
  const auto fragment = [&](unsigned number, unsigned flags, const std::string& body) {
    return rpc_datagram(0, kSamr, kActivity, 1, 5, body, flags | kFragment, number);
  };
  d.datagram(kClient, fragment(0, 0, "one")).datagram(kClient, fragment(0, 0, "one"));
  d.datagram(kClient, fragment(1, 0, "two")).datagram(kClient, fragment(2, kLast, "three"));
  EXPECT_THAT(d.values("dcerpc.stub_data"), ElementsAre("onetwothree"));
  d.datagram(kServer, rpc_datagram(3, kSamr, kActivity, 1, 5, "\5\0\0\0"s));
  EXPECT_THAT(d.records, ElementsAre(AllOf(HasSubstr(R"("frag_cnt":3)"), HasSubstr(R"("fault":"access_denied")"))));
}

TEST(Dcerpc, AnswersToABroadcastGoTheSameWay) {
  Dialogue d(dissector("dcerpc"));
  d.datagram(kClient, rpc_datagram(0, kSamr, kActivity, 2, 0, ""));
  d.datagram(kClient, rpc_datagram(2, kSamr, kActivity, 2, 0, ""));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("request":"REQUEST")")));
  d.datagram(kClient, "no datagram").datagram(kClient, rpc_datagram(0, kSamr, kActivity, 3, 0, "", 0x10)).finish();
  EXPECT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.anomalies, ElementsAre("dcerpc_malformed_pdu"));
}

TEST(Dcerpc, ALoginEndsWithTheAnswerBehindIt) {
  const auto utf16 = [](const std::string& text) {
    std::string out;
    for (char c : text) out += std::string{c, '\0'};
    return out;
  };
  const std::string domain = utf16("CORP"), user = utf16("ann"), host = utf16("PC1");
  std::string message = "NTLMSSP\0\3\0\0\0"s, names;
  const auto field = [&](const std::string& value) {
    message += rpc_number(value.size(), 2) + rpc_number(value.size(), 2) + rpc_number(64 + names.size(), 4);
    names += value;
  };
  for (const std::string& value : {std::string(), std::string(24, 'r'), domain, user, host, std::string()})
    field(value);
  message += rpc_number(1, 4);  // Unicode
  const std::string type1 = "NTLMSSP\0\1\0\0\0\1\0\0\0"s + std::string(16, '\0');
  for (const bool accepted : {true, false}) {
    Dialogue d(dissector("dcerpc"));
    d.client(rpc_bind(1, {kSamr}, {.verifier = rpc_verifier(10, 5, type1)})).server(rpc_bind_ack(1, {0}));
    d.client(rpc_pdu(16, 1, std::string(4, '\0'), {.verifier = rpc_verifier(10, 5, message + names)}));
    const RpcForm sealed{.verifier = rpc_verifier(10, 5, "0123456789abcdef")};
    d.client(rpc_request(2, 0, 1, "", sealed)).server(accepted ? rpc_response(2, "", sealed) : rpc_fault(2, 5));
    ASSERT_THAT(d.records, SizeIs(2));
    EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("user":"ann")"), HasSubstr(R"("domain":"CORP")"),
                                    HasSubstr(accepted ? R"("outcome":"success")" : R"("outcome":"failure")")));
    EXPECT_THAT(d.logins, ElementsAre(HasSubstr(accepted ? "success" : "failure")));
  }
}

/// A text among the parameters of a call, behind so many bytes.
std::string rpc_text(size_t before, const std::string& text) {
  std::string out(before, '\0');
  out += rpc_number(text.size(), 4) + rpc_number(0, 4) + rpc_number(text.size(), 4);
  for (const char c : text) out += std::string{c, '\0'};
  return out;
}

TEST(Dcerpc, WhatIsDoneToWhatIsToldWhoeverLooksAtContents) {
  const std::string service = rpc_text(20, "PSEXESVC"), bulk(100'000, 'x');
  for (const bool contents : {true, false}) {
    Heard heard;
    FlowDriver flow(
        {.settings = {{"app-layer.protocols.dcerpc.max-stub-size", "2kb"}}, .known = "dcerpc", .contents = contents},
        heard);
    const auto exchange = [&](const std::string& request, const std::string& response) {
      flow.say(kClient, request);
      flow.say(kServer, response);
    };
    exchange(rpc_bind(1, {kSvcctl}), rpc_bind_ack(1, {0}));
    exchange(rpc_request(2, 0, 12, service + bulk.substr(0, 9'000)),
             rpc_response(2, bulk.substr(0, 9'000) + "\0\0\0\0"s));
    exchange(rpc_request(3, 0, 12, service), rpc_response(3, bulk.substr(0, 3'000) + "\5\0\0\0"s));
    // In fragments, and cut within what it returns.
    std::string answer = rpc_response(4, "xxxx\0\0"s, {.flags = 1}) + rpc_response(4, "\0\0"s, {.flags = 2});
    exchange(rpc_request(4, 0, 12, service), answer);
    flow.say(kClient, rpc_request(5, 0, 12, service));
    answer = rpc_response(5, "xxxx\5\0\0\0"s);
    for (const char c : answer) flow.say(kServer, std::string(1, c));
    const RpcForm big{.little = false};
    exchange(rpc_request(6, 0, 12, "", big), rpc_response(6, "\0\0\1\5"s, big));  // STATUS_MORE_ENTRIES
    exchange(rpc_request(7, 0, 12, ""), rpc_response(7, "xx"));
    exchange(rpc_request(8, 0, 19, ""), rpc_response(8, "\x20\4\0\0"s));  // ERROR_SERVICE_ALREADY_RUNNING
    flow.finish();
    EXPECT_THAT(heard.operations,
                ElementsAre("svcctl 65535 bind - success", "svcctl 12 RCreateServiceW PSEXESVC success",
                            "svcctl 12 RCreateServiceW PSEXESVC failure", "svcctl 12 RCreateServiceW PSEXESVC success",
                            "svcctl 12 RCreateServiceW PSEXESVC failure", "svcctl 12 RCreateServiceW - success",
                            "svcctl 12 RCreateServiceW - unknown", "svcctl 19 RStartServiceW - success"))
        << contents;
    EXPECT_EQ(flow.capped("dcerpc", "stub"), contents ? 3u : 0u);
  }
}

/// What an operation returns stands before the padding of a verifier, in the clear unless it is sealed.
TEST(Dcerpc, HowCallsEndIsToldUnlessItIsSealed) {
  const auto operation = [](unsigned level, const std::string& answer) {
    Heard heard;
    FlowDriver flow({.known = "dcerpc", .contents = false}, heard);
    flow.say(kClient, rpc_bind(1, {kSvcctl}));
    flow.say(kServer, rpc_bind_ack(1, {0}));
    flow.say(kClient, rpc_request(2, 0, 19, "", {.verifier = rpc_verifier(10, level, "signature")}));
    flow.say(kServer, answer);
    flow.finish();
    return heard.operations.back();
  };
  const auto answer = [](unsigned level, const std::string& stub, unsigned padding, unsigned flags = 3) {
    return rpc_response(2, stub + std::string(padding, 'p'),
                        {.flags = flags, .verifier = rpc_verifier(10, level, "signature", padding)});
  };
  const std::string success = "handle\0\0\0\0"s, failure = "handle\5\0\0\0"s;
  for (const unsigned padding : {0u, 4u, 15u}) {
    EXPECT_EQ(operation(5, answer(5, success, padding)), "svcctl 19 RStartServiceW - success");
    EXPECT_EQ(operation(5, answer(5, failure, padding)), "svcctl 19 RStartServiceW - failure");
    // Cut within what it returns, each fragment padded.
    EXPECT_EQ(operation(2, answer(2, failure.substr(0, 7), padding, 1) + answer(2, failure.substr(7), padding, 2)),
              "svcctl 19 RStartServiceW - failure");
    EXPECT_EQ(operation(6, answer(6, success, padding)), "svcctl 19 RStartServiceW - unknown");
  }
  // No padding is so long, and what stands before it is not known any more.
  EXPECT_EQ(operation(5, answer(5, std::string(200, 'x') + success, 17)), "svcctl 19 RStartServiceW - unknown");
  EXPECT_EQ(operation(5, answer(5, "\0\0"s, 8)), "svcctl 19 RStartServiceW - unknown");
  EXPECT_EQ(operation(6, rpc_fault(2, 5)), "svcctl 19 RStartServiceW - failure");
}

TEST(Dcerpc, HowManyNamesAreLookedUpIsTold) {
  const auto operation = [](const std::string& uuid, unsigned number, const std::string& stub, bool little = true) {
    Heard heard;
    FlowDriver flow({.known = "dcerpc", .contents = false}, heard);
    const RpcForm form{.little = little};
    flow.say(kClient, rpc_bind(1, {uuid}));
    flow.say(kServer, rpc_bind_ack(1, {0}));
    flow.say(kClient, rpc_request(2, 0, number, stub, form));
    flow.say(kServer, rpc_response(2, "\0\0\1\7"s, form));
    flow.finish();
    return heard.operations.back();
  };
  const std::string handle(20, '\1');
  EXPECT_TRUE(operation(kLsarpc, 15, handle + "\xe8\3\0\0"s).ends_with(" 1000"));
  EXPECT_TRUE(operation(kLsarpc, 57, handle + "\0\0\3\xe8"s, false).ends_with(" 1000"));
  for (const std::string& other :
       {operation(kLsarpc, 58, handle + "\xe8\3\0\0"s), operation(kSamr, 15, handle + "\xe8\3\0\0"s),
        operation(kLsarpc, 15, handle.substr(1)), operation(kLsarpc, 15, handle + "\xe8\3"s)}) {
    EXPECT_FALSE(other.ends_with(" 1000")) << other;
  }
}

TEST(Dcerpc, WhatIsDoneByDatagramsIsTold) {
  Heard heard;
  FlowDriver flow({.known = "dcerpc", .contents = false}, heard);
  flow.datagram(kClient, rpc_datagram(0, kSvcctl, kActivity, 1, 12, rpc_text(20, "PSEXESVC")));
  flow.datagram(kServer, rpc_datagram(2, kSvcctl, kActivity, 1, 12, "\5\0\0\0"s));
  EXPECT_THAT(heard.operations, ElementsAre("svcctl 12 RCreateServiceW PSEXESVC failure"));
}

TEST(Dcerpc, IsToldFromOthers) {
  const auto verdict = [](Direction direction, const std::string& bytes, bool datagram = false) {
    return probe(dissector("dcerpc"), direction, bytes, datagram);
  };
  EXPECT_EQ(verdict(kClient, rpc_bind(1, {kSamr})), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, rpc_request(1, 0, 1, "")), Likelihood::sure);
  EXPECT_EQ(verdict(kServer, rpc_response(1, "")), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, "\5\0\0"s), Likelihood::more);
  // The other side's; what is no type; a size below the header's; a verifier that does not fit.
  const std::string sound = rpc_request(1, 0, 1, "");
  for (const std::string& bytes :
       {rpc_response(1, ""), rpc_pdu(21, 1, ""), sound.substr(0, 8) + "\17\0"s + sound.substr(10),
        sound.substr(0, 10) + "\1\0"s + sound.substr(12), "\5\1\0"s + std::string(21, '\xff'),
        "\4"s + sound.substr(1)}) {
    EXPECT_EQ(verdict(kClient, bytes), Likelihood::no);
  }
  EXPECT_EQ(verdict(kClient, rpc_datagram(0, kSamr, kActivity, 1, 1, "x"), true), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, rpc_datagram(0, kSamr, kActivity, 1, 1, "x").substr(0, 80), true), Likelihood::no);
}

TEST(Dcerpc, DatagramsTellWhoSendsThem) {
  const auto sent = [](Direction direction, unsigned type) {
    return probe(dissector("dcerpc"), direction, rpc_datagram(type, kSamr, kActivity, 1, 1, "x"), true) ==
           Likelihood::sure;
  };
  constexpr unsigned kAcknowledges = 9, kLast = 10;
  const std::vector<unsigned> client{0, 1, 7, 8};
  for (unsigned type = 0; type < 20; ++type) {
    const bool asks = std::ranges::count(client, type) > 0, either = type == kAcknowledges;
    EXPECT_EQ(sent(kClient, type), asks || either) << type;
    EXPECT_EQ(sent(kServer, type), (!asks && type <= kLast) || either) << type;
  }
}

TEST(Dcerpc, InterfacesAndOperationsHaveNames) {
  const auto named = [](const std::string& uuid, uint16_t operation) {
    const auto* found = dcerpc::find_interface(*dcerpc::parse_uuid(uuid));
    return found ? std::string(found->name) + " " + std::string(dcerpc::operation_name(*found, operation)) : "";
  };
  EXPECT_EQ(named("12345678-1234-abcd-ef00-01234567cffb", 30), "netlogon NetrServerPasswordSet2");
  EXPECT_EQ(named("e3514235-4b06-11d1-ab04-00c04fc2dcd2", 3), "drsuapi DRSGetNCChanges");
  EXPECT_EQ(named("86d35949-83c9-4044-b424-db363231fd0c", 1), "ITaskSchedulerService SchRpcRegisterTask");
  EXPECT_EQ(named("9556dc99-828c-11cf-a37e-00aa003240c7", 24), "IWbemServices ExecMethod");
  EXPECT_EQ(named(kSamr, 9999), "samr ");
  EXPECT_EQ(named(kActivity, 0), "");
}

TEST(Dcerpc, CostGrowsWithWhatIsSaid) {
  const auto measure = [](const auto& talk) {
    return growth([&talk](size_t n) { return [&talk, n] { talk(n); }; }, 4000);
  };
  EXPECT_LT(measure([](size_t n) {
              Dialogue d(dissector("dcerpc"), {{"app-layer.protocols.dcerpc.max-tx", "100000"}});
              bound(d).client(requests(n));
              std::string answers;
              for (size_t i = n; i > 0; --i) answers += rpc_response(static_cast<uint32_t>(i + 1), "");
              d.server(answers).finish();
            }),
            kDoubled);
  EXPECT_LT(measure([](size_t n) {
              Dialogue d(dissector("dcerpc"));
              d.client(contexts(n)).finish();
            }),
            kDoubled);
  EXPECT_LT(measure([](size_t n) {
              Dialogue d(dissector("dcerpc"));
              bound(d).client("\5\0\0\0"s + std::string(12, 'x'));
              for (size_t i = 0; i < n; ++i) d.client("\5\0\0\0\5\0\0\0"s);
              d.finish();
            }),
            kDoubled);
  EXPECT_LT(measure([](size_t n) {
              Dialogue d(dissector("dcerpc"));
              bound(d).client(rpc_request(2, 0, 1, "x", {.flags = 1}));
              for (size_t i = 0; i < n; ++i) d.client(rpc_request(2, 0, 1, std::string(100, 'x'), {.flags = 0}));
              d.finish();
            }),
            kDoubled);
  EXPECT_LT(measure([](size_t n) {
              Dialogue d(dissector("dcerpc"));
              bound(d, kActivator).client(rpc_request(2, 0, 4, "")).server(rpc_response(2, "", {.flags = 1}));
              const std::string bindings = rpc_bindings({{7, std::string(80, 'x')}, {7, "x[1]"}, {7, "x[2]"}});
              for (size_t i = 0; i < n; ++i) d.server(rpc_response(2, bindings, {.flags = 0}));
              d.server(rpc_response(2, "", {.flags = 2})).finish();
            }),
            kDoubled);
}

}  // namespace
}  // namespace lapwing
