#include <gtest/gtest.h>

#include <random>

#include "tests/stream/conversation.h"

namespace lapwing {
namespace {

using test::Conversation;
using test::kAck;
using test::kFin;
using test::kRst;
using test::kUrg;
using test::stream_config;

TEST(Reassembly, DataIsHandedOverWhenItIsAcknowledged) {
  Conversation t;
  t.handshake().put(0, "hello");
  EXPECT_TRUE(t.verdict.in_stream);
  EXPECT_EQ(t.request(), "");
  t.acked(3);
  EXPECT_EQ(t.request(), "hel");
  t.acked(5);
  EXPECT_EQ(t.request(), "hello");
}

TEST(Reassembly, AnAnswerAcknowledgesWithItsData) {
  Conversation t;
  t.handshake().put(0, "ask").s(kAck, 1, 4, "answer");
  EXPECT_EQ(t.request(), "ask");
  t.c(kAck, 4, 7);
  EXPECT_EQ(t.sink.text[1], "answer");
}

TEST(Reassembly, WhoSentFirstIsKnownBeforeItIsAcknowledged) {
  constexpr uint16_t kSentFirst = flow_flag::client_first | flow_flag::server_first;
  Conversation t;
  t.handshake();
  EXPECT_EQ(t.flow.flags & kSentFirst, 0);
  t.put(0, "ask").s(kAck, 1, 1, "answer").c(kAck, 4, 7);
  EXPECT_EQ(t.request(), "");
  EXPECT_EQ(t.sink.text[1], "answer");
  EXPECT_EQ(t.flow.flags & kSentFirst, flow_flag::client_first);
  Conversation greeted;
  greeted.handshake().s(kAck, 1, 1, "welcome").put(0, "ask");
  EXPECT_EQ(greeted.flow.flags & kSentFirst, flow_flag::server_first);
  greeted.engine.swap_direction(greeted.flow);
  EXPECT_EQ(greeted.flow.flags & kSentFirst, flow_flag::client_first);
}

TEST(Reassembly, SegmentsOutOfOrderComeInOrder) {
  Conversation t;
  t.handshake().put(6, "world").put(0, "hello ").acked(11);
  EXPECT_EQ(t.request(), "hello world");
}

TEST(Reassembly, AnAnswerToSegmentsOutOfOrderMayComeOutOfOrderItselfAndNarrowTheWindow) {
  Conversation t;
  t.handshake().s(kAck, 5, 1, "wor").s(kAck, 1, 1, "pass").s(kAck, 8, 1, "d?");
  t.next.window = 1000;
  t.c(kAck, 4, 10, "ret").c(kAck, 1, 10, "sec").s(kAck, 10, 7);
  EXPECT_EQ(t.request(), "secret");
  EXPECT_EQ(t.sink.text[1], "password?");
  // Of what nobody saw it is a misfit.
  t.next.window = 100;
  t.c(kAck, 17, 20, "more");
  EXPECT_TRUE(t.sink.has("pkt_bad_window_update"));
}

TEST(Reassembly, LossesOnBothWaysWhileTheWindowShrinksHideNothingElse) {
  auto config = stream_config();
  config.midstream = true;
  for (const bool late : {false, true}) {
    Conversation t(config);
    if (!late) t.handshake();
    t.next.window = 1000;
    t.c(kAck, 1, 1, "ab").s(kAck, 1, 3, "AB");
    // "cd" and "CD" are lost, and each window is smaller than the one before.
    t.next.window = 900;
    t.s(kAck, 5, 5, "EF");
    t.next.window = 800;
    t.c(kAck, 5, 7, "ef").s(kAck, 7, 7, "GH");
    t.next.window = 700;
    t.c(kAck, 7, 9, "gh").s(kAck, 9, 9);
    EXPECT_TRUE(t.sink.has("pkt_bad_window_update"));
    EXPECT_EQ(t.request(), "ab__efgh");
    EXPECT_EQ(t.sink.text[1], "AB__EFGH");
  }
}

TEST(Reassembly, ARetransmissionWithOtherContentIsReportedAndResolvedByPolicy) {
  auto config = stream_config();
  config.os_windows = {};
  config.os_last = {"10.0.0.2"};
  Conversation last(config);
  last.handshake().put(0, "GOOD").put(0, "EVIL").acked(4);
  EXPECT_EQ(last.request(), "EVIL");
  EXPECT_TRUE(last.sink.has("reassembly_overlap_different_data"));
  Conversation windows;
  windows.handshake().put(0, "GOOD").put(0, "EVIL").acked(4);
  EXPECT_EQ(windows.request(), "GOOD");
  EXPECT_EQ(windows.engine.counters().overlap_diff_data, 1U);
}

TEST(Reassembly, WhatWasAcknowledgedIsAHoleOnceLaterDataShowsIt) {
  Conversation t;
  t.handshake().put(0, "ab").acked(2).put(5, "fg").acked(7);
  EXPECT_EQ(t.request(), "ab___fg");
  EXPECT_TRUE(t.sink.has("reassembly_seq_gap"));
  EXPECT_TRUE(stream_info(t.flow).gap[0]);
  EXPECT_FALSE(stream_info(t.flow).gap[1]);
  EXPECT_EQ(t.engine.counters().reassembly_gap, 1U);
}

TEST(Reassembly, DataThatItsAcknowledgementOvertookIsNotLost) {
  Conversation t;
  t.handshake().put(0, "ab").acked(6).put(2, "cdef");
  EXPECT_EQ(t.request(), "abcdef");
  EXPECT_FALSE(t.sink.has("reassembly_seq_gap"));
  EXPECT_EQ(t.engine.counters().ack_unseen_data, 1U);
}

TEST(Reassembly, AFinShowsAHoleBeforeIt) {
  Conversation t;
  t.handshake().put(0, "ab").c(kAck | kFin, 5, 1).s(kAck, 1, 6);
  EXPECT_EQ(t.request(), "ab__");
  EXPECT_TRUE(t.sink.ended[0]);
}

TEST(Reassembly, AHoleThatIsNotAcknowledgedIsWaitedFor) {
  Conversation t;
  t.handshake().put(3, "def").acked(0);
  EXPECT_EQ(t.request(), "");
  t.put(0, "abc").acked(6);
  EXPECT_EQ(t.request(), "abcdef");
}

TEST(Reassembly, FinishHandsOverWhatWaitsAndEndsBothDirections) {
  Conversation t;
  t.handshake().put(0, "ab").put(4, "ef").s(kAck, 1, 1, "xy");
  t.finish();
  EXPECT_EQ(t.request(), "ab");
  EXPECT_EQ(t.sink.text[1], "xy");
  EXPECT_TRUE(t.sink.ended[0] && t.sink.ended[1]);
}

/// What is missing behind the last acknowledgement was lost on its way there, not to us.
TEST(Reassembly, AHoleThatNobodyAcknowledgedIsNoGap) {
  for (std::string_view end : {"", "reset", "fin"}) {
    Conversation t;
    t.handshake().put(0, "ab").acked(2).put(2, "cd").put(7, "hi").put(11, "lm");
    if (end == "reset") t.s(kRst | kAck, 1, 3);
    if (end == "fin") t.c(kFin | kAck, 14, 1);
    EXPECT_EQ(t.sink.behind[0], "");
    t.finish();
    EXPECT_EQ(t.request(), "abcd") << end;
    EXPECT_EQ(t.sink.behind[0], "___hi__lm") << end;
    EXPECT_TRUE(t.sink.ended[0]);
    EXPECT_TRUE(t.sink.broken_off[0]) << end;
    EXPECT_FALSE(t.sink.broken_off[1]) << end;
    EXPECT_FALSE(t.sink.has("reassembly_seq_gap")) << end;
    EXPECT_EQ(t.engine.counters().reassembly_gap, 0U);
    EXPECT_EQ(t.engine.counters().reassembly_memuse, 0U);
    EXPECT_FALSE(stream_info(t.flow).gap[0]);
  }
}

TEST(Reassembly, AStreamThatCameWholeIsNotBrokenOff) {
  for (std::string_view end : {"", "reset", "fin", "whole"}) {
    Conversation t;
    t.handshake().put(0, "ab").acked(2).put(2, "cd");
    if (end == "reset") t.s(kRst | kAck, 1, 3);
    if (end == "fin") t.c(kFin | kAck, 5, 1);
    if (end == "whole") t.c(kFin | kAck, 5, 1).acked(5);
    t.finish();
    EXPECT_EQ(t.request(), "abcd") << end;
    EXPECT_TRUE(t.sink.ended[0]) << end;
    EXPECT_FALSE(t.sink.broken_off[0]) << end;
  }
  Conversation t;
  t.handshake().put(0, "ab").acked(2).c(kFin | kAck, 7, 1);
  t.finish();
  EXPECT_TRUE(t.sink.broken_off[0]) << "the hole lies before the FIN itself";
}

TEST(Reassembly, OfTwoHolesTheAcknowledgedOneIsAGap) {
  Conversation t;
  t.handshake().put(0, "ab").put(4, "ef").acked(5).put(9, "jk");
  t.finish();
  EXPECT_EQ(t.request(), "ab__ef");
  EXPECT_EQ(t.sink.behind[0], "___jk");
  EXPECT_EQ(t.engine.counters().reassembly_gap, 1U);
}

/// So much was lost on its way to us that its acknowledgements seem to be none.
TEST(Reassembly, AtTheEndHolesBeforeAnyAcknowledgementAreGaps) {
  for (uint32_t ack : {12U, 1'000'000U}) {
    Conversation t;
    t.handshake().put(0, "ab").acked(2).put(4, "ef").s(kAck, 1, 1 + ack).put(2, "cd").acked(6);
    EXPECT_EQ(t.request(), "abcdef") << "nothing is a gap for an acknowledgement that may be forged";
    t.put(9, "jk").finish();
    EXPECT_EQ(t.request(), "abcdef___jk") << ack;
    EXPECT_EQ(t.sink.behind[0], "");
    EXPECT_EQ(t.engine.counters().reassembly_gap, 1U);
  }
}

TEST(Reassembly, AnAcknowledgedFinEndsItsDirectionOnly) {
  Conversation t;
  t.handshake().c(kAck | kFin, 1, 1, "bye");
  EXPECT_FALSE(t.sink.ended[0]);
  t.s(kAck, 1, 5);
  EXPECT_EQ(t.request(), "bye");
  EXPECT_TRUE(t.sink.ended[0]);
  EXPECT_FALSE(t.sink.ended[1]);
}

TEST(Reassembly, AResetHandsOverWhatWasSeen) {
  Conversation t;
  t.handshake().put(0, "cut").s(kRst | kAck, 1, 4);
  EXPECT_EQ(t.request(), "cut");
  EXPECT_EQ(t.state(), "closed");
}

TEST(Reassembly, BytesBehindTheDepthAreCountedAsLost) {
  auto config = stream_config();
  config.depth = 4;
  Conversation t(config);
  t.handshake().put(0, "abcdefgh").acked(8).put(8, "ij").acked(10).c(kAck | kFin, 11, 1).s(kAck, 1, 12);
  EXPECT_EQ(t.request(), "abcd______");
  EXPECT_TRUE(t.sink.ended[0]);
  EXPECT_EQ(t.engine.counters().stream_depth_reached, 1U);
  EXPECT_EQ(std::count(t.sink.events.begin(), t.sink.events.end(), "reassembly_depth_reached"), 1);
}

TEST(Reassembly, AFlowMayBeFollowedDeeperThanOthers) {
  auto config = stream_config();
  config.depth = 4;
  Conversation t(config);
  t.sink.deeper = 9;
  t.handshake().put(0, "abcdefgh").acked(8).put(8, "ij").acked(10).c(kAck | kFin, 11, 1).s(kAck, 1, 12);
  EXPECT_EQ(t.request(), "abcdefghi_");
  Conversation late(config);
  late.handshake().put(0, "abcdef").acked(6);
  late.sink.deeper = UINT64_MAX;
  late.put(6, "ghij").acked(10).c(kAck | kFin, 11, 1).s(kAck, 1, 12);
  EXPECT_EQ(late.request(), "abcd__ghij") << "what was not kept does not come back";
}

TEST(Reassembly, SequenceNumbersMayWrap) {
  Conversation t(stream_config(), UINT32_MAX - 5, UINT32_MAX);
  t.handshake();
  std::string expected;
  for (uint32_t at = 0; at < 40; at += 4) {
    t.put(at, "wrap").acked(at + 4);
    expected += "wrap";
  }
  EXPECT_EQ(t.request(), expected);
}

TEST(Reassembly, StreamsLongerThanFourGigabytesKeepTheirOffsets) {
  auto config = stream_config();
  config.depth = 0;
  Conversation t(config);
  t.handshake();
  std::string block(1 << 16, 'x');
  uint64_t sent = 0;
  t.sink.keep = false;
  while (sent < (uint64_t{9} << 29)) {  // beyond 2^32
    t.put(static_cast<uint32_t>(sent), std::string_view(block).substr(0, 65535));
    sent += 65535;
    t.acked(static_cast<uint32_t>(sent));
    ASSERT_EQ(t.sink.length[0], sent);
  }
}

TEST(Reassembly, OneSidedConnectionsAreDeliveredAtOnce) {
  auto config = stream_config();
  config.async_oneside = true;
  Conversation t(config);
  t.c(tcp_flag::syn, 0, 0).c(kAck, 1, 1).put(0, "GET").put(3, " /");
  EXPECT_EQ(t.request(), "GET /");
}

TEST(Reassembly, InlineModeDeliversBeforeTheAcknowledgement) {
  auto config = stream_config();
  config.inline_mode = true;
  Conversation t(config);
  t.handshake().put(0, "now");
  EXPECT_EQ(t.request(), "now");
}

TEST(Reassembly, AHoleBeforeMoreThanMayWaitIsGivenUp) {
  auto config = stream_config();
  config.inline_mode = true;
  config.behind_hole = 6;
  Conversation t(config);
  t.handshake().put(0, "ab").put(6, "gh");
  EXPECT_EQ(t.request(), "ab");
  t.put(8, "i");
  EXPECT_EQ(t.request(), "ab____ghi");
  t.put(2, "cdef").put(9, "j");
  EXPECT_EQ(t.request(), "ab____ghij") << "too late";
}

TEST(Reassembly, DataWithAWrongChecksumIsLeftOut) {
  Conversation t;
  t.handshake();
  t.next.bad_checksum_l4 = true;
  t.put(0, "FAKE");
  EXPECT_FALSE(t.verdict.accepted);
  t.next.bad_checksum_l4 = false;
  t.put(0, "REAL").acked(4);
  EXPECT_EQ(t.request(), "REAL");
  EXPECT_EQ(t.engine.counters().invalid_checksum, 1U);
}

TEST(Reassembly, TheUrgentByteIsTakenOutKeptOrLeftAsAGap) {
  auto run = [](Urgent policy) {
    auto config = stream_config();
    config.urgent = policy;
    auto t = std::make_unique<Conversation>(config);
    t->handshake();
    t->next.urgent = 3;
    t->c(kAck | kUrg, 1, 1, "ab!cd");
    t->next.urgent = 0;
    t->put(5, "ef").acked(7);
    EXPECT_EQ(stream_info(t->flow).urgent_oob[0], policy == Urgent::oob ? 1 : 0);
    return t->request();
  };
  EXPECT_EQ(run(Urgent::oob), "abcdef");
  EXPECT_EQ(run(Urgent::in_line), "ab!cdef");
  EXPECT_EQ(run(Urgent::gap), "ab_cdef");
  EXPECT_EQ(run(Urgent::drop), "_____ef");
}

TEST(Reassembly, AtTheMemoryCapSegmentsAreLostAndCounted) {
  auto config = stream_config();
  config.reassembly_memcap = 2000;
  Conversation t(config);
  t.handshake();
  for (uint32_t at = 0; at < 8; ++at) {
    const uint64_t before = t.engine.counters().segment_memcap_drop;
    t.put(at * 400, std::string(400, 'x'));
    EXPECT_EQ(t.verdict.in_stream, t.engine.counters().segment_memcap_drop == before) << "or no rule would see it";
  }
  EXPECT_GT(t.engine.counters().segment_memcap_drop, 0U);
  EXPECT_TRUE(t.sink.has("reassembly_insert_memcap"));
  EXPECT_LE(t.engine.counters().reassembly_memuse, 2000U);
  t.acked(3200).put(3200, "end").acked(3203);
  EXPECT_EQ(t.request().size(), 3203U) << "what is missing shows as a gap";
  EXPECT_TRUE(t.request().ends_with("__end"));
}

TEST(Reassembly, ManyGapsOfOnePacketLeaveRoomForItsOtherEvents) {
  Conversation t;
  t.handshake();
  t.s(kAck, 3, 1, "x");
  for (uint32_t hole = 0; hole < 20; ++hole) t.put(hole * 2 + 1, "b");
  t.s(kAck, 3, 41, "y");
  EXPECT_EQ(t.engine.counters().reassembly_gap, 20U);
  const std::span told(t.verdict.events, t.verdict.event_count);
  EXPECT_EQ(std::ranges::count(told, StreamAnomaly::reassembly_seq_gap), 1);
  EXPECT_EQ(std::ranges::count(told, StreamAnomaly::reassembly_overlap_different_data), 1);
  EXPECT_EQ(t.engine.counters().max_packet_events, 0U);
}

TEST(Reassembly, EventsBeyondTheRoomOfAPacketAreCounted) {
  StreamVerdict verdict;
  for (uint8_t event = 0; event < std::size(verdict.events) + 3; ++event) verdict.add(StreamAnomaly{event});
  EXPECT_EQ(verdict.event_count, std::size(verdict.events));
  EXPECT_EQ(verdict.events_refused, 3);
}

TEST(Reassembly, FarApartRegionsAreLimited) {
  auto config = stream_config();
  config.depth = 0;
  config.max_regions = 3;
  Conversation t(config);
  t.next.tcp = {.has_wscale = true, .wscale = 10};
  t.handshake();
  t.next.tcp = {};
  t.acked(0);  // a window counts scaled from the first segment after the handshake on (RFC 7323 2.2)
  for (uint32_t i = 0; i < 6; ++i) t.put(i * 400'000, "x");
  EXPECT_EQ(stream_info(t.flow).max_regions[0], 3);
  EXPECT_GT(t.engine.counters().insert_region_fail, 0U);
}

/// Whatever the segmentation, order, duplication and time of acknowledgements, the same bytes arrive.
TEST(Reassembly, RandomSegmentationsDeliverTheSameBytes) {
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    std::string stream(random() % 3000 + 1, 0);
    for (char& c : stream) c = static_cast<char>('a' + random() % 26);
    struct Cut {
      uint32_t begin, size;
    };
    std::vector<Cut> cuts;
    for (uint32_t at = 0; at < stream.size();) {
      auto size = static_cast<uint32_t>(std::min<size_t>(random() % 400 + 1, stream.size() - at));
      cuts.push_back({at, size});
      if (random() % 3 == 0) cuts.push_back({at, size});
      if (random() % 3 == 0 && at > 50)
        cuts.push_back({at - 50, std::min<uint32_t>(size + 50, static_cast<uint32_t>(stream.size()) - at + 50)});
      at += size;
    }
    for (size_t i = 0; i < cuts.size(); ++i) {
      std::swap(cuts[i], cuts[std::min(i + random() % 6, cuts.size() - 1)]);
    }
    Conversation t(stream_config(), static_cast<uint32_t>(random()), static_cast<uint32_t>(random()));
    t.handshake();
    std::vector<bool> seen(stream.size() + 1);
    uint32_t edge = 0;
    for (Cut cut : cuts) {
      t.put(cut.begin, std::string_view(stream).substr(cut.begin, cut.size));
      std::fill_n(seen.begin() + cut.begin, cut.size, true);
      while (seen[edge]) ++edge;
      if (random() % 4 == 0) t.acked(edge);
      ASSERT_EQ(t.request(), stream.substr(0, t.request().size()));
    }
    t.acked(static_cast<uint32_t>(stream.size()));
    ASSERT_EQ(t.request(), stream);
    ASSERT_EQ(t.engine.counters().reassembly_memuse, 0U);
    ASSERT_FALSE(t.sink.has("reassembly_overlap_different_data"));
  }
}

}  // namespace
}  // namespace lapwing
