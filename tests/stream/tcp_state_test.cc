// The states a connection goes through and the events of packets that do not fit, as Suricata 7.0.10 reports them for
// the same packets where it does.
#include <gtest/gtest.h>

#include "sensor/stream/tcp_session.h"
#include "tests/stream/conversation.h"

namespace lapwing {
namespace {

using test::Conversation;
using test::kAck;
using test::kFin;
using test::kRst;
using test::kSyn;
using test::stream_config;

using Events = std::vector<std::string>;

TEST(TcpState, HandshakeAndCloseByTheClient) {
  Conversation t;
  t.c(kSyn, 0, 0);
  EXPECT_EQ(t.state(), "syn_sent");
  t.s(kSyn | kAck, 0, 1);
  EXPECT_EQ(t.state(), "syn_recv");
  EXPECT_FALSE(t.verdict.established);
  t.c(kAck, 1, 1);
  EXPECT_EQ(t.state(), "established");
  EXPECT_TRUE(t.verdict.established);
  EXPECT_EQ(t.flow.state, FlowState::established);
  t.c(kFin | kAck, 1, 1);
  EXPECT_EQ(t.state(), "close_wait");
  t.s(kFin | kAck, 1, 2);
  EXPECT_EQ(t.state(), "last_ack");
  EXPECT_EQ(t.flow.state, FlowState::closed);
  t.c(kAck, 2, 2);
  EXPECT_EQ(t.state(), "closed");
  EXPECT_EQ(t.sink.events, Events{});
}

TEST(TcpState, CloseByTheServer) {
  Conversation t;
  t.handshake().s(kFin | kAck, 1, 1);
  EXPECT_EQ(t.state(), "fin_wait1");
  t.c(kAck, 1, 2);
  EXPECT_EQ(t.state(), "fin_wait2");
  t.c(kFin | kAck, 1, 2);
  EXPECT_EQ(t.state(), "time_wait");
  t.s(kAck, 2, 2);
  EXPECT_EQ(t.state(), "closed");
}

TEST(TcpState, ALoneSynAndItsRefusalNeedNoSession) {
  Conversation t;
  t.c(kSyn, 0, 0).c(kSyn, 0, 0);
  EXPECT_EQ(t.flow.get<TcpSession>(FlowSlot::stream), nullptr);
  t.next.window = 0;
  t.zero_window = true;
  Packet refusal;
  refusal.ip_version = 4;
  refusal.proto = ip_proto::tcp;
  refusal.has_l4 = true;
  refusal.tcp_flags = kRst | kAck;
  refusal.ack = 1001;
  t.engine.packet(t.flow, refusal, Direction::to_client);
  EXPECT_EQ(t.state(), "closed");
  EXPECT_EQ(t.engine.counters().active_sessions, 0U);
  EXPECT_EQ(t.engine.counters().sessions, 1U);
}

TEST(TcpState, AConnectionWithNothingPendingIsSmall) {
  Conversation t;
  t.handshake().put(0, "x").acked(1);
  const StreamCounters& counters = t.engine.counters();
  EXPECT_EQ(counters.active_sessions, 1U);
  EXPECT_LT(counters.memuse, 400U);
  EXPECT_EQ(counters.reassembly_memuse, 0U);
}

TEST(TcpState, OnlyAResetInSequenceCloses) {
  Conversation t;
  t.handshake().s(kRst, 5, 0);
  EXPECT_EQ(t.state(), "established");
  EXPECT_FALSE(t.verdict.accepted);
  t.s(kRst, 1, 0);
  EXPECT_EQ(t.state(), "closed");
}

TEST(TcpState, AResetBehindTheFinOfItsSenderCloses) {
  Conversation t;
  t.handshake().s(kFin | kAck, 1, 1, "bye").s(kRst | kAck, 6, 1);
  EXPECT_EQ(t.state(), "fin_wait1") << "the FIN takes one number";
  t.s(kRst | kAck, 5, 1);
  EXPECT_EQ(t.state(), "closed");
}

TEST(TcpState, AFinThatIsSentAgainWithItsDataIsARetransmission) {
  Conversation t;
  t.handshake().s(kFin | kAck, 1, 1, "bye").s(kFin | kAck, 1, 1, "bye");
  EXPECT_EQ(t.sink.events, Events{"pkt_retransmission"});
}

TEST(TcpState, LinuxTakesAResetWithinTheWindow) {
  auto config = stream_config();
  config.os_windows = {};
  config.os_linux = {"10.0.0.0/24"};
  Conversation t(config);
  t.handshake().s(kRst, 5, 0);
  EXPECT_EQ(t.state(), "closed");
}

TEST(TcpState, ASenderThatGoesOnAfterItsResetIsSuspected) {
  Conversation t;
  t.handshake().c(kRst | kAck, 1, 1).c(kAck, 1, 1, "still here").s(kAck, 1, 11);
  EXPECT_EQ(t.sink.events, Events{"suspected_rst_inject"});
  EXPECT_EQ(t.state(), "established");
  EXPECT_EQ(t.request(), "still here");
}

/// Data that crossed a true RST were taken by nobody.
TEST(TcpState, DataAfterAResetWaitForItsSenderToGoOn) {
  Conversation forged;
  forged.handshake().put(0, "ab").acked(2).s(kRst, 1, 3).put(2, "cd").put(4, "ef");
  EXPECT_EQ(forged.request(), "ab");
  forged.acked(6);
  EXPECT_EQ(forged.request(), "abcdef");
  EXPECT_EQ(forged.state(), "established");
  EXPECT_TRUE(forged.sink.has("suspected_rst_inject"));
  Conversation obeyed;
  obeyed.handshake().put(0, "ab").acked(2).s(kRst, 1, 3).put(2, "cd").finish();
  EXPECT_EQ(obeyed.request(), "ab");
  EXPECT_EQ(obeyed.state(), "closed");
  EXPECT_FALSE(obeyed.sink.broken_off[0]);
}

TEST(TcpState, PacketsWithoutAConnectionAreNamed) {
  for (auto [flags, event] : {std::pair{kFin, "fin_but_no_session"}, {kRst, "rst_but_no_session"}}) {
    Conversation t;
    t.c(flags, 1, 0);
    EXPECT_EQ(t.sink.events, Events{event});
    EXPECT_EQ(t.state(), "none");
  }
}

TEST(TcpState, MidstreamIsPickedUpOnlyWhereAllowed) {
  Conversation deaf;
  deaf.c(kAck, 1, 1, "data").s(kAck, 1, 5);
  EXPECT_EQ(deaf.state(), "none");
  EXPECT_EQ(deaf.engine.counters().no_flow, 2U);
  auto config = stream_config();
  config.midstream = true;
  Conversation t(config);
  t.c(kAck, 1, 1, "data").s(kAck, 1, 5, "answer").c(kAck, 5, 7);
  EXPECT_EQ(t.state(), "established");
  EXPECT_TRUE(t.flow.flags & flow_flag::midstream);
  EXPECT_EQ(t.request(), "data");
  EXPECT_EQ(t.sink.text[1], "answer");
  Conversation at_answer(config);
  at_answer.s(kSyn | kAck, 0, 1).c(kAck, 1, 1).c(kAck, 1, 1, "x").s(kAck, 1, 2);
  EXPECT_EQ(at_answer.request(), "x");
}

TEST(TcpState, MidstreamIsPickedUpAtAFinWithData) {
  auto config = stream_config();
  config.midstream = true;
  for (bool to_server : {true, false}) {
    Conversation t(config);
    if (to_server) {
      t.c(kFin | kAck, 1, 1, "exploit").s(kAck, 1, 9);
    } else {
      t.s(kFin | kAck, 1, 1, "exploit").c(kAck, 1, 9);
    }
    const size_t d = to_server ? 0 : 1;
    EXPECT_EQ(t.sink.text[d], "exploit");
    EXPECT_TRUE(t.sink.ended[d]);
    EXPECT_EQ(t.flow.state, FlowState::established);
    EXPECT_EQ(t.engine.counters().midstream_pickups, 1U);
  }
  Conversation unanswered(config);
  unanswered.c(kFin | kAck, 1, 1, "exploit").finish();
  EXPECT_EQ(unanswered.request(), "exploit");
  for (std::string_view data : {"", "exploit"}) {
    Conversation alone(config);
    alone.c(data.empty() ? kFin | kAck : kFin, 1, 1, data);
    EXPECT_EQ(alone.state(), "none");
    EXPECT_EQ(alone.sink.events, Events{"fin_but_no_session"});
  }
}

TEST(TcpState, OldTimestampsAreRejected) {
  Conversation t;
  auto stamp = [&](uint32_t value, uint32_t echo) {
    t.next.tcp = {.has_timestamp = true, .ts_value = value, .ts_echo = echo};
  };
  stamp(100, 0);
  t.c(kSyn, 0, 0);
  stamp(7000, 100);
  t.s(kSyn | kAck, 0, 1);
  stamp(101, 7000);
  t.c(kAck, 1, 1);
  stamp(50, 7000);
  t.put(0, "OLD");
  EXPECT_FALSE(t.verdict.accepted);
  stamp(102, 7000);
  t.put(0, "new");
  stamp(7001, 102);
  t.acked(3);
  EXPECT_EQ(t.request(), "new");
  EXPECT_EQ(t.sink.events, Events{"pkt_invalid_timestamp"});
}

TEST(TcpState, AnAnswerThatEchoesAnotherTimestampIsNone) {
  Conversation t;
  t.next.tcp = {.has_timestamp = true, .ts_value = 100};
  t.c(kSyn, 0, 0);
  t.next.tcp = {.has_timestamp = true, .ts_value = 1, .ts_echo = 99};
  t.s(kRst | kAck, 0, 1);
  EXPECT_EQ(t.state(), "syn_sent");
  EXPECT_EQ(t.sink.events, Events{"pkt_invalid_timestamp"});
}

/// RFC 7323, section 3.2. An RST that does so is forged, and the connection lives on.
TEST(TcpState, AnEchoOfWhatNobodyOfferedIsNone) {
  Conversation t;
  t.c(kSyn, 0, 0);
  t.next.tcp = {.has_timestamp = true, .ts_value = 1, .ts_echo = 99};
  t.s(kRst | kAck, 0, 1).s(kFin | kAck, 0, 1);
  EXPECT_EQ(t.sink.events, (Events{"pkt_invalid_timestamp", "pkt_invalid_timestamp"}));
  t.next.tcp = {};
  t.s(kSyn | kAck, 0, 1).c(kAck, 1, 1).put(0, "on").acked(2);
  EXPECT_EQ(t.request(), "on");
}

TEST(TcpState, ASynAckWithATimestampThatNobodyOfferedIsTaken) {
  Conversation t;
  t.c(kSyn, 0, 0);
  t.next.tcp = {.has_timestamp = true, .ts_value = 1, .ts_echo = 99};
  t.s(kSyn | kAck, 0, 1);
  EXPECT_EQ(t.sink.events, Events{});
  EXPECT_EQ(t.state(), "syn_recv");
}

TEST(TcpState, AnAnswerMayEchoAnySynSoFar) {
  auto stamp = [](Conversation& t, uint32_t value, uint32_t echo) {
    t.next.tcp = {.has_timestamp = true, .ts_value = value, .ts_echo = echo};
  };
  for (bool session : {false, true}) {  // an answer that does not fit makes one
    for (uint32_t echo : {0xfffffff0U, 100U, 1100U}) {
      Conversation t;
      for (uint32_t value : {0xfffffff0U, 100U, 1100U}) {
        stamp(t, value, 0);
        t.c(kSyn, 0, 0);
        if (session) t.s(kSyn | kAck, 0, 7);
      }
      stamp(t, 1, echo);
      t.s(kSyn | kAck, 0, 1);
      stamp(t, echo, 1);  // not less than what the server took
      t.c(kAck, 1, 1).put(0, "slow");
      stamp(t, 2, echo);
      t.acked(4);
      EXPECT_EQ(t.request(), "slow") << echo;
      EXPECT_EQ(t.state(), "established") << echo;
      stamp(t, echo - 10, 2);
      t.put(4, "old");
      EXPECT_TRUE(t.sink.has("pkt_invalid_timestamp"));
    }
  }
}

TEST(TcpState, TheTimestampBelongsToTheSynThatIsAnswered) {
  for (uint32_t answered : {0, 10}) {
    Conversation t;
    t.next.tcp = {.has_timestamp = true, .ts_value = 500};
    t.c(kSyn, 0, 0);
    t.next.tcp = {.has_timestamp = true, .ts_value = 9000};
    t.c(kSyn, 10, 0);
    t.next.tcp = {.has_timestamp = true, .ts_value = 1, .ts_echo = answered == 0 ? 500U : 9000U};
    t.s(kSyn | kAck, 0, answered + 1);
    EXPECT_EQ(t.state(), "syn_recv") << answered;
  }
}

TEST(TcpState, OptionsOfARepeatedSynAddToThoseOfTheFirst) {
  for (bool first : {true, false}) {
    Conversation t;
    if (first) t.next.tcp = {.has_wscale = true, .wscale = 7};
    t.c(kSyn, 0, 0);
    t.next.tcp = {.has_wscale = !first, .wscale = 7};
    t.c(kSyn, 0, 0);
    t.next.tcp = {.has_wscale = true, .wscale = 7};
    t.s(kSyn | kAck, 0, 1);
    EXPECT_EQ(t.flow.get<TcpSession>(FlowSlot::stream)->half[0].wscale, 7) << first;
  }
}

TEST(TcpState, TheSynAckThatIsAcknowledgedCounts) {
  Conversation t;
  t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).s(kSyn | kAck, 9, 1).c(kAck, 1, 10).c(kAck, 1, 10, "hi").s(kAck, 10, 3);
  EXPECT_EQ(t.state(), "established");
  EXPECT_EQ(t.request(), "hi");
}

TEST(TcpState, TheSynThatIsAnsweredCounts) {
  Conversation t;
  t.c(kSyn, 0, 0).c(kSyn, 10, 0).s(kSyn | kAck, 0, 11).c(kAck, 11, 1).c(kAck, 11, 1, "hi").s(kAck, 1, 13);
  EXPECT_EQ(t.request(), "hi");
  EXPECT_EQ(t.flow.syn.isn, 1010U);
}

/// The server gave the first up, or a packet that did not come there began it.
TEST(TcpState, TheSynOfTheAnswerThatIsAcknowledgedCounts) {
  for (uint32_t answer : {0U, 70U}) {
    Conversation t;
    t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).c(kSyn, 900, 0).s(kSyn | kAck, answer, 901);
    t.c(kAck, 901, answer + 1).c(kAck, 901, answer + 1, "hi").s(kAck, answer + 1, 903);
    EXPECT_EQ(t.state(), "established");
    EXPECT_EQ(t.request(), "hi");
    EXPECT_EQ(t.flow.syn.isn, 1900U);
  }
  Conversation first;
  first.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).c(kSyn, 900, 0).s(kSyn | kAck, 70, 901);
  first.c(kAck, 1, 1).put(0, "hi").acked(2);
  EXPECT_EQ(first.request(), "hi");
}

TEST(TcpState, FloodsOfDifferentAnswersAreNamed) {
  Conversation t;
  t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1);
  for (uint32_t i = 1; i <= 5; ++i) t.s(kSyn | kAck, 10 * i, 1);
  EXPECT_EQ(t.sink.events, Events{});
  t.s(kSyn | kAck, 99, 1);
  EXPECT_EQ(t.sink.events, Events{"3whs_synack_flood"});
}

TEST(TcpState, SplitHandshakeInFourSteps) {
  Conversation t;
  t.c(kSyn, 0, 0).s(kSyn, 0, 0).c(kSyn | kAck, 0, 1).s(kAck, 1, 1).c(kAck, 1, 1, "x").s(kAck, 1, 2);
  EXPECT_EQ(t.state(), "established");
  EXPECT_EQ(t.request(), "x");
}

TEST(TcpState, FastOpenDataComesOnce) {
  const uint8_t header[32] = {0, 0, 0, 0, 0,  0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                              0, 0, 0, 0, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0};
  auto open = [&](Conversation& t) {
    t.next.l4_header = header;
    t.c(kSyn, 0, 0, "tfo");
    t.next.l4_header = {};
  };
  Conversation taken;
  open(taken);
  taken.s(kSyn | kAck, 0, 4).c(kAck, 4, 1, "x").s(kAck, 1, 5);
  EXPECT_EQ(taken.request(), "tfox");
  Conversation ignored;
  open(ignored);
  ignored.s(kSyn | kAck, 0, 1).c(kAck, 1, 1, "tfo").s(kAck, 1, 4);
  EXPECT_EQ(ignored.request(), "tfo");
  EXPECT_TRUE(ignored.sink.has("3whs_synack_tfo_data_ignored"));
  // What the server left may be sent otherwise.
  Conversation other;
  open(other);
  other.s(kSyn | kAck, 0, 1).c(kAck, 1, 1, "real").s(kAck, 1, 5);
  EXPECT_EQ(other.request(), "real");
  EXPECT_FALSE(other.sink.has("reassembly_overlap_different_data"));
}

/// Servers may take data without a cookie, and without being asked for a fast open.
TEST(TcpState, DataOfASynThatAreAcknowledgedCount) {
  Conversation taken;
  taken.c(kSyn, 0, 0, "syn").s(kSyn | kAck, 0, 4).c(kAck, 4, 1, "x").s(kAck, 1, 5);
  EXPECT_EQ(taken.request(), "synx");
  Conversation again;
  again.c(kSyn, 0, 0).c(kSyn, 0, 0, "syn").s(kSyn | kAck, 0, 4).c(kAck, 4, 1, "x").s(kAck, 1, 5);
  EXPECT_EQ(again.request(), "synx");
  Conversation left;
  left.c(kSyn, 0, 0, "junk").s(kSyn | kAck, 0, 1).c(kAck, 1, 1).put(0, "real").acked(4);
  EXPECT_EQ(left.request(), "real");
  EXPECT_EQ(left.sink.events, Events{});
}

TEST(TcpState, DataOfASynThatWasNotAnsweredIsNone) {
  const uint8_t header[32] = {0, 0, 0, 0, 0,  0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                              0, 0, 0, 0, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0};
  Conversation first;
  first.next.l4_header = header;
  first.c(kSyn, 0, 0, "junk");
  first.next.l4_header = {};
  first.c(kSyn, 20, 0).s(kSyn | kAck, 0, 21).c(kAck, 21, 1).c(kAck, 21, 1, "real").s(kAck, 1, 25);
  EXPECT_EQ(first.request(), "real");
  // Sent again with data, of which the server takes none.
  Conversation again;
  again.c(kSyn, 0, 0).c(kSyn, 0, 0, "junk").s(kSyn | kAck, 0, 1).c(kAck, 1, 1).put(0, "real").acked(4);
  EXPECT_EQ(again.request(), "real");
  // A second one, whose data would lie within the stream of the first.
  Conversation second;
  second.c(kSyn, 0, 0).c(kSyn, 2, 0, "junk").s(kSyn | kAck, 0, 1).c(kAck, 1, 1).put(0, "reality").acked(7);
  EXPECT_EQ(second.request(), "reality");
  EXPECT_FALSE(second.sink.has("reassembly_overlap_different_data"));
}

TEST(TcpState, KeepAlivesAreNoData) {
  Conversation t;
  t.handshake().put(0, "abcd").acked(4).c(kAck, 4, 1, "X").acked(4).c(kAck, 4, 1).acked(4).put(4, "e").acked(5);
  EXPECT_EQ(t.request(), "abcde");
  EXPECT_EQ(t.sink.events, Events{});
}

TEST(TcpState, DataOutOfWindowIsNotTaken) {
  Conversation t;
  t.handshake().put(200'000, "far");
  EXPECT_FALSE(t.verdict.in_stream);
  EXPECT_EQ(t.sink.events, Events{"est_packet_out_of_window"});
}

TEST(TcpState, SessionsBeyondTheCapAreRefusedOnceAndCounted) {
  auto config = stream_config();
  config.memcap = 0;
  Conversation t(config);
  t.handshake().put(0, "x").acked(1);
  EXPECT_EQ(t.engine.counters().ssn_memcap_drop, 1U);
  EXPECT_EQ(t.request(), "");
}

TEST(TcpState, SwappingKeepsWhatWasLearned) {
  auto config = stream_config();
  config.midstream = true;
  Conversation t(config);
  t.c(kAck, 1, 1, "response");
  t.engine.swap_direction(t.flow);
  // From here on the first sender is the server.
  Packet ack;
  ack.ip_version = 4;
  ack.proto = ip_proto::tcp;
  ack.has_l4 = true;
  ack.tcp_flags = kAck;
  ack.seq = 5001;
  ack.ack = 1009;
  ack.window = 100;
  t.engine.packet(t.flow, ack, Direction::to_server);
  EXPECT_EQ(t.sink.text[1], "response");
}

TEST(TcpState, SessionsMayOutliveTheirEngine) {
  Flow flow;
  {
    auto t = std::make_unique<Conversation>();
    t->handshake().put(0, "pending");
    flow.slots[0] = std::move(t->flow.slots[0]);
  }
  EXPECT_NE(flow.get<TcpSession>(FlowSlot::stream), nullptr);
}

struct Misfit {
  const char* what;
  void (*run)(Conversation&);
  Events events;
};

TEST(TcpState, MisfitsAreNamedAsRulesNameThem) {
  const Misfit cases[] = {
      {"answer to the server",
       [](Conversation& t) { t.c(kSyn, 0, 0).c(kSyn | kAck, 0, 1); },
       {"3whs_synack_in_wrong_direction"}},
      {"answer to no SYN",
       [](Conversation& t) { t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 7); },
       {"3whs_synack_with_wrong_ack"}},
      {"wrong third step",
       [](Conversation& t) { t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).c(kAck, 9, 77); },
       {"3whs_wrong_seq_wrong_ack"}},
      {"evasion",
       [](Conversation& t) { t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).c(kAck, 1, 7); },
       {"3whs_right_seq_wrong_ack_evasion"}},
      {"other SYN",
       [](Conversation& t) { t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).c(kSyn, 5, 0); },
       {"3whs_syn_resend_diff_seq_on_syn_recv"}},
      {"SYN of the server",
       [](Conversation& t) { t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).s(kSyn, 0, 0); },
       {"3whs_syn_toclient_on_syn_recv"}},
      {"other answer",
       [](Conversation& t) { t.c(kSyn, 0, 0).s(kSyn | kAck, 0, 1).s(kSyn | kAck, 0, 9); },
       {"3whs_synack_resend_with_different_ack"}},
      {"SYN again", [](Conversation& t) { t.handshake().c(kSyn, 0, 0); }, {"est_syn_resend"}},
      {"new SYN", [](Conversation& t) { t.handshake().c(kSyn, 50, 0); }, {"est_syn_resend_diff_seq"}},
      {"SYN to the client", [](Conversation& t) { t.handshake().s(kSyn, 0, 0); }, {"est_syn_toclient"}},
      {"SYN/ACK to the server", [](Conversation& t) { t.handshake().c(kSyn | kAck, 0, 1); }, {"est_synack_toserver"}},
      {"SYN/ACK with other ack",
       [](Conversation& t) { t.handshake().s(kSyn | kAck, 0, 5); },
       {"est_synack_resend_with_different_ack"}},
      {"SYN/ACK with other seq",
       [](Conversation& t) { t.handshake().s(kSyn | kAck, 7, 1); },
       {"est_synack_resend_with_diff_seq"}},
      {"SYN and FIN", [](Conversation& t) { t.handshake().c(kSyn | kFin, 1, 0); }, {"fin_syn"}},
      {"ack of the future",
       [](Conversation& t) { t.handshake().s(kAck, 1, 90'000); },
       {"pkt_invalid_ack", "est_invalid_ack"}},
      {"FIN before data",
       [](Conversation& t) { t.handshake().put(0, "abc").c(kFin | kAck, 1, 1); },
       {"fin_out_of_window"}},
      {"FIN with ack of the future",
       [](Conversation& t) { t.handshake().c(kFin | kAck, 1, 90'000); },
       {"pkt_invalid_ack", "fin_invalid_ack"}},
      {"SYN while closing",
       [](Conversation& t) { t.handshake().c(kFin | kAck, 1, 1).c(kSyn, 0, 0); },
       {"shutdown_syn_resend"}},
      {"RST with data", [](Conversation& t) { t.handshake().c(kRst, 1, 0, "x"); }, {"rst_with_data"}},
      {"RST with ack of the future",
       [](Conversation& t) { t.handshake().c(kRst | kAck, 1, 90'000); },
       {"pkt_invalid_ack", "rst_invalid_ack"}},
      {"last segment again",
       [](Conversation& t) { t.handshake().put(0, "abcd").acked(4).put(0, "abcd"); },
       {"pkt_spurious_retransmission"}},
      {"older segment again",
       [](Conversation& t) { t.handshake().put(0, "ab").put(2, "cd").acked(4).put(0, "ab"); },
       {"pkt_spurious_retransmission", "est_pkt_before_last_ack"}},
      {"segment again while closing",
       [](Conversation& t) {
         t.handshake().c(kFin | kAck, 1, 1).s(kAck, 1, 2, "data").c(kAck, 2, 5).s(kAck, 1, 2, "data");
       },
       {"pkt_spurious_retransmission", "pkt_retransmission", "closewait_pkt_before_last_ack"}},
      {"wrong last ack",
       [](Conversation& t) { t.handshake().c(kFin | kAck, 1, 1).s(kFin | kAck, 1, 2).c(kAck, 9, 2); },
       {"lastack_ack_wrong_seq"}},
      {"wrong ack in FIN-WAIT-1",
       [](Conversation& t) { t.handshake().s(kFin | kAck, 1, 1).c(kAck, 1, 99'000); },
       {"pkt_invalid_ack", "fin1_invalid_ack"}},
      {"wrong seq in TIME-WAIT",
       [](Conversation& t) { t.handshake().s(kFin | kAck, 1, 1).c(kFin | kAck, 1, 2).s(kAck, 50, 2); },
       {"timewait_ack_wrong_seq"}},
  };
  for (const Misfit& misfit : cases) {
    Conversation t;
    misfit.run(t);
    EXPECT_EQ(t.sink.events, misfit.events) << misfit.what;
  }
}

TEST(StreamEvents, EveryNameIsFoundAgain) {
  for (auto event : stream_event_names()) EXPECT_EQ(name(*find_stream_event(event)), event);
  EXPECT_FALSE(find_stream_event("no_such_event"));
}

}  // namespace
}  // namespace lapwing
