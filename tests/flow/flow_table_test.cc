#include "sensor/flow/flow_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <unordered_map>

#include "sensor/base/hash.h"
#include "tests/flow/flow_packets.h"

namespace lapwing {
namespace {

using namespace test;

struct Ended {
  uint16_t port;
  FlowEnd reason;
  bool operator==(const Ended&) const = default;
};

class Table {
 public:
  explicit Table(FlowConfig config = read_options<FlowConfig>(Setting{}, flow_options()))
      : table_(config, kReplaySeed, [this](Flow& flow, Timestamp) {
          ended.push_back({flow.client_port(), flow.end});
        }) {}

  Flow* add(const Packet& packet) {
    auto lookup = table_.look(packet);
    table_.prefetch(lookup);
    table_.prefetch_flow(lookup);
    return table_.find_or_create(packet, lookup, direction);
  }
  bool expire(double seconds, size_t budget = 0) { return table_.expire(udp(seconds).time, budget); }
  int64_t late(double seconds) const { return table_.late(udp(seconds).time); }
  FlowTable* operator->() { return &table_; }

  uint8_t direction = 9;
  std::vector<Ended> ended;

 private:
  FlowTable table_;
};

FlowConfig small_config(uint64_t flows) {
  auto config = read_options<FlowConfig>(Setting{}, flow_options());
  config.memcap = flows * 200;
  config.hash_size = flows;
  config.prealloc = 0;
  return config;
}

/// A capture is replayed with ids that repeat; whoever knows how they are made must not know where flows lie.
TEST(FlowTable, IdsRepeatAndPlacesDoNot) {
  Table one, other;
  const Packet packet = udp(0);
  EXPECT_NE(one->look(packet).hash, other->look(packet).hash);
  EXPECT_EQ(one.add(packet)->id, other.add(packet)->id);
}

TEST(FlowTable, CountsPacketsBytesTtlsAndTimesByDirection) {
  Table table;
  Flow* flow = table.add(udp(0));
  ASSERT_TRUE(flow);
  EXPECT_EQ(table.direction, 0);
  EXPECT_EQ(flow->client_port(), 1000);
  EXPECT_EQ(flow->client(), *IpAddress::parse("10.0.0.1"));
  Packet reply = udp_reply(1.5);
  reply.ttl = 50;
  reply.wire_length = 400;
  EXPECT_EQ(table.add(reply), flow);
  EXPECT_EQ(table.direction, 1);
  reply.ttl = 60;
  table.add(reply);
  EXPECT_EQ(flow->packets, (std::array<uint64_t, 2>{1, 2}));
  EXPECT_EQ(flow->bytes, (std::array<uint64_t, 2>{100, 800}));
  EXPECT_EQ(flow->min_ttl, (std::array<uint8_t, 2>{64, 50}));
  EXPECT_EQ(flow->max_ttl, (std::array<uint8_t, 2>{64, 60}));
  EXPECT_EQ(flow->last, reply.time);
  EXPECT_EQ(flow->state, FlowState::established);
}

TEST(FlowTable, TheSenderOfASynAckIsTheServerWhereConnectionsArePickedUpThere) {
  auto config = small_config(10);
  config.midstream = true;
  Table table(config);
  Flow* flow = table.add(tcp_reply(tcp_flag::syn | tcp_flag::ack));
  EXPECT_EQ(table.direction, 1);
  EXPECT_EQ(flow->client_port(), 1000);
}

TEST(FlowTable, ASynCorrectsTheDirectionOfAFlowPickedUpInTheMiddle) {
  Table table;
  Flow* flow = table.add(tcp_reply(tcp_flag::ack));
  EXPECT_EQ(table.direction, 0);
  EXPECT_EQ(table.add(tcp(tcp_flag::syn, 1)), flow);
  EXPECT_EQ(table.direction, 0);
  EXPECT_EQ(flow->client_port(), 1000);
  EXPECT_EQ(flow->packets, (std::array<uint64_t, 2>{1, 1}));
  EXPECT_EQ(flow->tcp_flags, (std::array<uint8_t, 2>{tcp_flag::syn, tcp_flag::ack}));
}

TEST(FlowTable, AFlowIsOverInTheSecondAfterItsTimeout) {
  Table table;
  Flow* first = table.add(udp(0));
  EXPECT_EQ(table.add(udp(30.9)), first) << "30 s after second 0";
  table.add(udp(61.8));
  EXPECT_EQ(table.ended.size(), 1U) << "a packet too late begins a new flow, expire() or not";
  EXPECT_EQ(table.ended[0].reason, FlowEnd::timeout);
  table.expire(91.9);
  EXPECT_EQ(table.ended.size(), 1U);
  table.expire(92.0);
  EXPECT_EQ(table.ended.size(), 2U);
  EXPECT_EQ(table->counters().active, 0U);
}

TEST(FlowTable, TimeoutsFollowProtocolAndState) {
  Table table;
  table.add(udp(0));
  table.add(udp_reply(0));
  table.expire(300.9);
  EXPECT_TRUE(table.ended.empty());
  table.expire(301);
  EXPECT_EQ(table.ended.size(), 1U);
  Flow* flow = table.add(tcp(tcp_flag::syn, 400));
  table->set_state(*flow, FlowState::established);
  table.expire(1000.5);
  EXPECT_EQ(table.ended.size(), 1U);
  table->set_state(*flow, FlowState::closed);
  table.expire(1000.6);
  EXPECT_EQ(table.ended.size(), 2U) << "a closed connection has the shorter timeout";
}

TEST(FlowTable, TimeoutsBeyondOneRoundOfTheWheelHold) {
  auto config = small_config(10);
  config.udp_new = 5000;
  Table table(config);
  table.add(udp(0));
  for (int at = 10; at <= 5000; at += 10) table.expire(at);
  EXPECT_TRUE(table.ended.empty());
  table.expire(5001);
  EXPECT_EQ(table.ended.size(), 1U);
}

TEST(FlowTable, ExpiryAgreesWithAModelOnRandomTraffic) {
  Table table;
  std::mt19937 random(3);
  std::unordered_map<uint16_t, std::pair<int64_t, bool>> model;  // port -> last second, answered
  double now = 0;
  size_t ends = 0;
  for (int step = 0; step < 20'000; ++step) {
    now += static_cast<double>(random() % 1000) / 250.0;
    auto port = static_cast<uint16_t>(random() % 60 + 1);
    bool reply = random() % 4 == 0;
    auto over = [&](const std::pair<int64_t, bool>& flow) {
      return static_cast<int64_t>(now) > flow.first + (flow.second ? 300 : 30);
    };
    if (random() % 3 == 0) {
      table.expire(now);
      ends += std::erase_if(model, [&](auto& entry) { return over(entry.second); });
      ASSERT_EQ(table->counters().active, model.size());
    }
    auto it = model.find(port);
    if (it != model.end() && over(it->second)) {
      ++ends;
      model.erase(it);
      it = model.end();
    }
    bool answered = it != model.end() && (it->second.second || reply);
    if (it == model.end()) reply = false;
    table.add(reply ? udp_reply(now, port) : udp(now, port));
    model[port] = {static_cast<int64_t>(now), answered};
    ASSERT_EQ(table.ended.size(), ends);
  }
}

TEST(FlowTable, ExpireKeepsToItsBudgetAndLosesNothing) {
  Table table;
  for (uint16_t port = 1; port <= 100; ++port) table.add(udp(0, port));
  EXPECT_TRUE(table.expire(50, 30));
  EXPECT_EQ(table.ended.size(), 30U);
  EXPECT_EQ(table.late(55), 24) << "due at 31";
  EXPECT_TRUE(table.expire(50, 30));
  EXPECT_FALSE(table.expire(50, 40));
  EXPECT_EQ(table.late(55), 0) << "there is none";
  ASSERT_EQ(table.ended.size(), 100U);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(table.ended[i].port, i + 1) << "in the order in which they were filed";
}

TEST(FlowTable, TimeRunningBackwardsEndsNothingTooEarlyAndStillEnds) {
  Table table;
  table.add(udp(100'000, 1));
  table.expire(100'000);
  Flow* old = table.add(udp(0, 2));
  table.expire(0);
  EXPECT_EQ(table.add(udp(30, 2)), old);
  table.expire(61);
  EXPECT_TRUE(std::ranges::any_of(table.ended, [](const Ended& e) { return e.port == 2; }) ||
              table->counters().active == 2);
  for (int at = 70; at < 1200; at += 10) table.expire(at);
  EXPECT_EQ(table.ended, (std::vector<Ended>{{2, FlowEnd::timeout}}));
}

TEST(FlowTable, TimeMayRunFarBackSoOften) {
  Table table;
  for (int i = 0; i < 300; ++i) {
    table.expire(0);
    table.add(udp(0));
    table.expire(1e9);
  }
  EXPECT_EQ(table->counters().returns_ignored, 300 - 1 - 256U);
  EXPECT_GE(table.ended.size(), 256U);
  table.expire(2e9);
  EXPECT_EQ(table->counters().active, 0U);
}

TEST(FlowTable, ASynWithANewSequenceNumberOnAClosedConnectionBeginsANewFlow) {
  Table table;
  Flow* flow = table.add(tcp(tcp_flag::syn, 0, 1000, 77));
  uint64_t id = flow->id;
  flow->syn.isn = 77;
  flow->tcp_state = TcpState::closed;
  EXPECT_EQ(table.add(tcp(tcp_flag::syn, 1, 1000, 77))->id, id) << "the same SYN again is a retransmission";
  Packet again = tcp(tcp_flag::syn, 2, 1000, 5000);
  again.number = 9;
  Flow* next = table.add(again);
  EXPECT_NE(next->id, id);
  EXPECT_EQ(table.ended, (std::vector<Ended>{{1000, FlowEnd::tcp_reuse}}));
  next->tcp_state = TcpState::established;
  EXPECT_EQ(table.add(tcp(tcp_flag::syn, 3, 1000, 6000)), next) << "an open connection is not replaced";
}

TEST(FlowTable, TheSameSynBeginsANewFlowWhereItsConnectionWasEstablished) {
  Table table;
  Flow* flow = table.add(tcp(tcp_flag::syn, 0, 1000, 77));
  const uint64_t id = flow->id;
  flow->syn.isn = 77;
  flow->syn.options |= syn_option::established;
  flow->tcp_state = TcpState::closed;
  Packet again = tcp(tcp_flag::syn, 1, 1000, 77);
  again.number = 9;
  EXPECT_NE(table.add(again)->id, id);
  EXPECT_EQ(table.ended, (std::vector<Ended>{{1000, FlowEnd::tcp_reuse}}));
}

/// A stray packet before the handshake must not hide the connection.
TEST(FlowTable, ASynBeginsANewFlowWhereOnlyTheMiddleOfOneWasSeen) {
  for (uint32_t seq : {0U, 5000U}) {
    Table table;
    Flow* flow = table.add(tcp(tcp_flag::ack, 0));
    const uint64_t id = flow->id;
    flow->note(FlowException::stream_midstream);
    EXPECT_EQ(table.add(tcp(tcp_flag::syn, 1, 1000, seq))->id, id) << "followed as far as that goes";
    table->set_state(*flow, FlowState::bypassed);
    Packet again = tcp(tcp_flag::syn, 2, 1000, seq);
    again.number = 9;
    EXPECT_NE(table.add(again)->id, id);
    EXPECT_EQ(table.ended, (std::vector<Ended>{{1000, FlowEnd::tcp_reuse}}));
  }
  Table table;
  Flow* flow = table.add(tcp(tcp_flag::ack, 0));
  table->set_state(*flow, FlowState::bypassed);
  EXPECT_EQ(table.add(tcp(tcp_flag::syn, 1, 1000, 5000)), flow) << "a rule wanted it";
}

TEST(FlowTable, AtTheCapTheFlowsNearestToTheirTimeoutMakeRoom) {
  Table table(small_config(4));
  Flow* flow = table.add(tcp(tcp_flag::syn, 0, 1));
  table->set_state(*flow, FlowState::established);
  for (uint16_t port = 2; port <= 4; ++port) table.add(udp(port, port));
  ASSERT_TRUE(table.add(udp(5, 5)));
  ASSERT_TRUE(table.add(udp(5, 6)));
  EXPECT_EQ(table.ended, (std::vector<Ended>{{2, FlowEnd::forced}, {3, FlowEnd::forced}}));
  const FlowCounters& counters = table->counters();
  EXPECT_EQ(counters.emergency_entered, 1U);
  EXPECT_EQ(counters.forced, 2U);
  EXPECT_EQ(counters.memcap, 0U);
  // Emergency timeouts hold now: 10 s instead of 30.
  table.expire(17);
  EXPECT_EQ(counters.active, 1U);
  EXPECT_EQ(counters.emergency_over, 1U);
}

TEST(FlowTable, WithoutRoomForASingleFlowPacketsAreRefusedAndCounted) {
  Table table(small_config(0));
  EXPECT_EQ(table.add(udp()), nullptr);
  EXPECT_EQ(table->counters().memcap, 1U);
}

TEST(FlowTable, AnIcmpErrorBelongsToTheFlowItQuotes) {
  Table table;
  Flow* flow = table.add(udp(0));
  Packet error = icmp("10.0.0.254", "10.0.0.1", 3, 3, 1);
  error.has_quoted = true;
  error.quoted = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 1000, 53, ip_proto::udp};
  uint8_t direction = 9;
  EXPECT_EQ(table->find_quoted(error, direction), flow);
  EXPECT_EQ(direction, 1);
  EXPECT_EQ(flow->packets[1], 1U);
  EXPECT_EQ(table.add(error), nullptr) << "and makes no flow of its own";
  EXPECT_EQ(flow->state, FlowState::new_flow) << "nobody answered";
  EXPECT_EQ(flow->flags & flow_flag::seen_tc, 0);
  EXPECT_EQ(table.add(udp_reply(2)), flow);
  EXPECT_EQ(flow->state, FlowState::established);
  error.quoted.src_port = 1;
  EXPECT_EQ(table->find_quoted(error, direction), nullptr);
}

TEST(FlowTable, IcmpFlowsRememberTypeAndCodeOfBothSides) {
  Table table;
  Flow* flow = table.add(icmp("10.0.0.1", "10.0.0.2", 8, 1));
  EXPECT_EQ(table.add(icmp("10.0.0.2", "10.0.0.1", 0, 2)), flow);
  EXPECT_EQ(std::vector<uint8_t>(flow->icmp, flow->icmp + 4), (std::vector<uint8_t>{8, 1, 0, 2}));
}

TEST(FlowTable, IdsRepeatBetweenRunsAndFitInto51Bits) {
  Table one, two;
  Packet packet = udp();
  uint64_t id = one.add(packet)->id;
  EXPECT_EQ(id, two.add(packet)->id);
  EXPECT_LT(id, uint64_t{1} << 51);
  Table three;
  packet.number = 2;
  EXPECT_NE(id, three.add(packet)->id);
}

TEST(FlowTable, EndAllSaysShutdownForFlowsWhoseTimeIsNotOver) {
  Table table;
  table.add(udp(0, 1));
  table.add(udp(100, 2));
  table->end_all(udp(101).time);
  EXPECT_EQ(table.ended, (std::vector<Ended>{{1, FlowEnd::timeout}, {2, FlowEnd::shutdown}}));
  EXPECT_EQ(table->counters().end_new, 2U);
}

struct Witness : FlowAttachment {
  explicit Witness(int& c) : count(c) {}
  ~Witness() override { ++count; }
  int& count;
};

TEST(FlowTable, AttachmentsDieWithTheFlowOrTheTable) {
  int died = 0;
  {
    Table table;
    table.add(udp(0, 1))->slots[1] = std::make_unique<Witness>(died);
    table.add(udp(0, 2))->slots[1] = std::make_unique<Witness>(died);
    table->end(*table.add(udp(0, 1)), FlowEnd::forced, udp(0).time);
    EXPECT_EQ(died, 1);
  }
  EXPECT_EQ(died, 2);
}

}  // namespace
}  // namespace lapwing
