// What one host drops and another takes, and FINs that nobody took: what counts is what the receiver acknowledged.
// First observed with Linux 6.18 (pcaps/evasion).
#include <gtest/gtest.h>

#include "tests/stream/conversation.h"

namespace lapwing {
namespace {

using test::Conversation;
using test::kAck;
using test::kFin;
using test::kRst;
using test::kSyn;
using test::kUrg;
using test::stream_config;

size_t count(const Conversation& t, std::string_view event) {
  return static_cast<size_t>(std::count(t.sink.events.begin(), t.sink.events.end(), event));
}

TEST(TcpDoubt, AFinThatNobodyAcknowledgedHidesNothing) {
  Conversation t;
  t.handshake().c(kFin | kAck, 1, 1);
  EXPECT_EQ(t.state(), "close_wait");
  t.put(0, "GET /").acked(5).put(5, "more").acked(9);
  EXPECT_EQ(t.request(), "GET /more");
  EXPECT_EQ(t.state(), "established");
  EXPECT_FALSE(t.sink.ended[0]);
  EXPECT_EQ(count(t, "suspected_fin_inject"), 1U);
  EXPECT_EQ(t.engine.counters().suspected_fin, 1U);
  t.c(kFin | kAck, 10, 1).s(kAck, 1, 11);
  EXPECT_EQ(t.state(), "close_wait");
  EXPECT_TRUE(t.sink.ended[0]);
}

TEST(TcpDoubt, TheServersFinIsAClaimToo) {
  Conversation t;
  t.handshake().s(kFin | kAck, 1, 1).s(kAck, 1, 1, "BODY").c(kAck, 1, 5);
  EXPECT_EQ(t.sink.text[1], "BODY");
  EXPECT_EQ(t.state(), "established");
  EXPECT_FALSE(t.sink.ended[1]);
}

TEST(TcpDoubt, AcknowledgementsBeyondWhatWasSeenAreOnesOfWhatWas) {
  Conversation t;
  t.handshake().put(0, "GET /").put(8, "lost before this").s(kAck, 1, 300, "answer");
  EXPECT_EQ(t.request(), "GET /") << "and no hole is made for them";
  t.c(kAck, 300, 7);
  EXPECT_EQ(t.sink.text[1], "answer");
  EXPECT_FALSE(t.sink.has("reassembly_seq_gap"));
  // A bad checksum makes it nobody's.
  Conversation dropped;
  dropped.handshake().put(0, "GET /");
  dropped.next.host_drops = 1;
  dropped.s(kAck, 1, 300);
  EXPECT_EQ(dropped.request(), "");
}

TEST(TcpDoubt, AcknowledgedDataTakeAFinBackThoughTheyWereNotSeen) {
  Conversation t;
  t.handshake().put(0, "ab").c(kFin | kAck, 3, 1).put(8, "ij").acked(10);
  EXPECT_EQ(t.request(), "ab______ij");
  EXPECT_EQ(t.state(), "established");
}

/// The number of a FIN may be that of the only byte of the next segment.
TEST(TcpDoubt, OneByteAtThePlaceOfAFin) {
  Conversation t;
  t.handshake();
  for (uint32_t at = 0; at < 5; ++at) {
    t.c(kFin | kAck, at + 1, 1).put(at, std::string_view("bytes").substr(at, 1)).acked(at + 1);
  }
  EXPECT_EQ(t.request(), "bytes");
  EXPECT_FALSE(t.sink.ended[0]);
}

TEST(TcpDoubt, WhatFollowsAFinThatWasTakenIsNoData) {
  Conversation t;
  t.handshake().put(0, "ab").c(kFin | kAck, 3, 1).s(kAck, 1, 4).put(2, "junk").acked(3);
  EXPECT_EQ(t.request(), "ab");
  EXPECT_TRUE(t.sink.ended[0]);
  Conversation before;
  before.handshake().put(0, "ab").c(kFin | kAck, 3, 1).put(2, "junk").s(kAck, 1, 4);
  before.finish();
  EXPECT_EQ(before.request(), "abj") << "one byte may be either; more was never taken";
}

TEST(TcpDoubt, AFinFarAheadDoesNotHideTheTrueOne) {
  for (bool forged_first : {true, false}) {
    Conversation t;
    t.handshake();
    if (forged_first) t.c(kFin | kAck, 500, 1);
    t.put(0, "all").c(kFin | kAck, 4, 1);
    if (!forged_first) t.c(kFin | kAck, 500, 1);
    t.s(kAck, 1, 5);
    EXPECT_EQ(t.request(), "all");
    EXPECT_TRUE(t.sink.ended[0]) << forged_first;
  }
}

TEST(TcpDoubt, FinAndDataWithoutAckAreNotTaken) {
  Conversation t;
  t.handshake().c(kFin, 1, 0, "FAKE").c(kFin, 1, 0);
  EXPECT_EQ(t.state(), "established");
  t.put(0, "true").acked(4);
  EXPECT_EQ(t.request(), "true");
  t.s(kFin | kAck, 1, 5);
  EXPECT_EQ(t.state(), "fin_wait1");
  t.c(kFin, 5, 0);
  EXPECT_EQ(t.state(), "fin_wait1");
}

TEST(TcpDoubt, DataWithAnAcknowledgementAheadGiveWay) {
  Conversation t;
  t.handshake().c(kAck, 1, 5001, "FAKEfake").put(0, "true").acked(4);
  EXPECT_EQ(t.request(), "true");
  EXPECT_TRUE(t.sink.has("reassembly_overlap_different_data"));
  EXPECT_EQ(t.engine.counters().doubtful, 1U);
}

TEST(TcpDoubt, DoubtfulDataCountWhereTheyAreAllThereIs) {
  Conversation t;
  t.handshake().c(kAck, 1, 5001, "took").acked(4);
  EXPECT_EQ(t.request(), "took");
}

TEST(TcpDoubt, AnAcknowledgementAheadHidesNoAnswer) {
  Conversation t;
  t.handshake().put(0, "ask").acked(3).c(kFin | kAck, 4, 1).c(kAck, 5, 5001).s(kAck, 1, 5, "answer").c(kAck, 5, 7);
  EXPECT_EQ(t.sink.text[1], "answer");
  EXPECT_FALSE(t.sink.has("closewait_pkt_before_last_ack"));
}

TEST(TcpDoubt, AnAcknowledgementAheadMakesNoHole) {
  Conversation t;
  t.handshake().c(kAck, 1, 4).s(kAck, 4, 1, "def").c(kAck, 1, 1).s(kAck, 1, 1, "abc").c(kAck, 1, 7);
  EXPECT_EQ(t.sink.text[1], "abcdef");
}

/// Whatever a burst of lost packets swallowed, the connection is found again.
TEST(TcpDoubt, ALossLongerThanTheWindowIsOvercome) {
  Conversation t;
  t.handshake();
  uint32_t at = 0;
  for (int i = 0; i < 20; ++i) t.s(kAck, 1, 1 + (at += 30'000));  // of data that nobody saw
  t.put(at, "after").acked(at + 5).put(at + 5, "more").acked(at + 9);
  EXPECT_EQ(t.sink.length[0], at + 9);
  EXPECT_TRUE(t.request().ends_with("aftermore"));
}

TEST(TcpDoubt, SignedDataGiveWayUnlessBothSidesSign) {
  Conversation t;
  t.handshake();
  t.next.tcp.is_signed = true;
  t.put(0, "FAKE");
  t.next.tcp.is_signed = false;
  t.put(0, "true").acked(4);
  EXPECT_EQ(t.request(), "true");
  Conversation keyed;
  keyed.next.tcp.is_signed = true;
  keyed.handshake();
  keyed.next.tcp.is_signed = false;
  keyed.put(0, "FAKE");
  keyed.next.tcp.is_signed = true;
  keyed.put(0, "true").acked(4);
  EXPECT_EQ(keyed.request(), "true");
}

TEST(TcpDoubt, AResetAfterDoubtfulDataDoesNotMakeThemTrue) {
  for (bool signed_reset : {true, false}) {
    Conversation t;
    t.handshake();
    t.next.tcp.is_signed = true;
    t.put(0, "FAKE");
    t.next.tcp.is_signed = signed_reset;
    t.c(kRst | kAck, 1, 1).c(kRst | kAck, 5, 1);
    t.next.tcp.is_signed = false;
    t.put(0, "true").acked(4);
    EXPECT_EQ(t.request(), "true") << signed_reset;
  }
}

/// Of a source route, of fragments that overlap, of options that are cut: where the policy of the host does not decide,
/// the acknowledgement does.
TEST(TcpDoubt, DataThatSomeSystemsDropGiveWay) {
  for (uint8_t reason : {host_drop::source_route, host_drop::overlap, host_drop::tcp_option}) {
    Conversation t;
    t.handshake();
    t.next.host_drops = reason;
    t.put(0, "FAKE");
    t.next.host_drops = 0;
    t.put(0, "true").acked(4);
    EXPECT_EQ(t.request(), "true");
  }
}

TEST(TcpDoubt, DataToAnotherStationGiveWay) {
  const uint8_t to_server[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2},
                to_client[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1},
                elsewhere[14] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 2};
  Conversation t;
  t.next.ether = to_server;
  t.c(kSyn, 0, 0);
  t.next.ether = to_client;
  t.s(kSyn | kAck, 0, 1);
  t.next.ether = elsewhere;
  t.c(kAck, 1, 1).put(0, "FAKE");
  t.next.ether = to_server;
  t.put(0, "true");
  t.next.ether = to_client;
  t.acked(4);
  EXPECT_EQ(t.request(), "true");
}

TEST(TcpDoubt, WhatCrossesTheEdgeOfTheWindowIsKeptForTheAcknowledgementToDecide) {
  for (bool taken : {true, false}) {
    Conversation t;
    t.next.window = 100;
    t.handshake().put(0, std::string(140, taken ? 't' : 'F'));
    EXPECT_TRUE(t.sink.has("est_packet_out_of_window"));
    if (taken) {
      t.acked(140);
    } else {
      t.put(0, std::string(100, 't')).acked(100).put(100, std::string(40, 't')).acked(140);
    }
    EXPECT_EQ(t.request(), std::string(140, 't'));
  }
}

TEST(TcpDoubt, TheTrueSynIsFoundAmongMany) {
  for (bool last : {true, false}) {
    Conversation t;
    if (!last) t.c(kSyn, 7'000'000, 0).c(kSyn, 0, 0);
    for (uint32_t i = 1; i <= 12; ++i) t.c(kSyn, i * 70'000, 0);
    if (last) t.c(kSyn, 0, 0);
    EXPECT_TRUE(t.sink.has("3whs_syn_flood"));
    t.s(kSyn | kAck, 0, 1).c(kAck, 1, 1).put(0, "found").acked(5);
    EXPECT_EQ(t.state(), "established");
    EXPECT_EQ(t.request(), "found");
    EXPECT_GT(t.engine.counters().syn_forgotten, 0U);
  }
}

TEST(TcpDoubt, AfterAResetAndAFinThatWereDroppedTheStreamGoesOn) {
  Conversation t;
  t.handshake().c(kRst | kAck, 1, 1).c(kFin | kAck, 1, 1).put(0, "still").acked(5);
  EXPECT_EQ(t.request(), "still");
  EXPECT_EQ(t.state(), "established");
}

TEST(TcpDoubt, AWrongIpChecksumLeavesAPacketOut) {
  Conversation t;
  t.handshake();
  t.next.bad_checksum_ip = true;
  t.put(0, "FAKE");
  t.next.bad_checksum_ip = false;
  t.put(0, "true").acked(4);
  EXPECT_EQ(t.request(), "true");
  EXPECT_EQ(t.engine.counters().invalid_checksum, 1U);
}

TEST(TcpDoubt, TheServerThatClosedFirstStillReads) {
  Conversation t;
  t.handshake().c(kFin | kAck, 1, 1).s(kFin | kAck, 1, 1).c(kAck, 1, 2).put(0, "one");
  t.s(kAck, 2, 4).put(3, "two").s(kAck, 2, 7);
  EXPECT_EQ(t.request(), "onetwo");
  EXPECT_EQ(t.state(), "fin_wait2");
}

TEST(TcpDoubt, TheUrgentByteMayBeNamedBeforeItComes) {
  Conversation t;
  t.handshake();
  t.next.urgent = 5;
  t.c(kAck | kUrg, 1, 1, "ab");
  t.next.urgent = 0;
  t.put(2, "cd!ef").put(2, "cd!ef").acked(7);
  EXPECT_EQ(t.request(), "abcdef");
  EXPECT_EQ(count(t, "reassembly_urgent_oob_data"), 1U);
}

TEST(TcpDoubt, AUrgentPointerFurtherOnReplacesOneThatWaits) {
  Conversation t;
  t.handshake();
  t.next.urgent = 3;
  t.c(kAck | kUrg, 1, 1);
  t.next.urgent = 5;
  t.c(kAck | kUrg, 1, 1);
  t.next.urgent = 0;
  t.put(0, "abcd!e").acked(6);
  EXPECT_EQ(t.request(), "abcde");
}

TEST(TcpDoubt, SomeServersReadTheUrgentByteInItsPlace) {
  auto config = stream_config();
  config.urgent_inline_hosts = {"10.0.0.2"};
  Conversation t(config);
  t.handshake();
  t.next.urgent = 3;
  t.c(kAck | kUrg, 1, 1, "ab!cd").s(kAck | kUrg, 1, 6, "ab!cd");
  t.next.urgent = 0;
  t.c(kAck, 6, 6);
  EXPECT_EQ(t.request(), "ab!cd");
  EXPECT_EQ(t.sink.text[1], "abcd");
}

}  // namespace
}  // namespace lapwing
