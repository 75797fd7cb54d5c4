// What a look says of the packet and of the flow that it is at.
#include "sensor/pipeline/look.h"

#include <gtest/gtest.h>

namespace lapwing {
namespace {

const BudgetConfig kBudget;

TEST(Look, AtAPacketSaysWhatItsFlowWasBefore) {
  Packet packet;
  packet.time = Timestamp::from_seconds(5);
  packet.number = 7;
  Flow flow;
  flow.state = FlowState::established;
  flow.flags = flow_flag::encrypted;
  const Look look(packet, &flow, Direction::to_client, kBudget, true);
  EXPECT_EQ(look.packet, &packet);
  EXPECT_EQ(look.flow, &flow);
  EXPECT_EQ(look.direction, Direction::to_client);
  EXPECT_EQ(look.time, packet.time);
  EXPECT_EQ(look.number, 7u);
  EXPECT_TRUE(look.established && look.encrypted && look.ruled);
  const Look alone(packet, nullptr, Direction::to_server, kBudget, false);
  EXPECT_FALSE(alone.flow || alone.established || alone.encrypted || alone.ruled);
}

TEST(Look, WithoutAPacketIsAtAFlow) {
  Flow flow;
  flow.flags = flow_flag::encrypted;
  const Look begun(flow, Timestamp::from_seconds(9), 8, kBudget, true);
  EXPECT_FALSE(begun.packet);
  EXPECT_EQ(begun.flow, &flow);
  EXPECT_EQ(begun.time, Timestamp::from_seconds(9));
  EXPECT_EQ(begun.number, 8u);
  EXPECT_FALSE(begun.established);
  flow.state = FlowState::closed;
  const Look over(flow, {}, 8, kBudget, true);
  EXPECT_TRUE(over.established) << "its handshake was seen";
  EXPECT_FALSE(over.encrypted) << "that is about a packet's payload";
}

TEST(Look, AtWhatTheOtherSideSaidIsAlikeButForItsDirection) {
  Packet packet;
  Flow flow;
  Look look(packet, &flow, Direction::to_client, kBudget, true);
  const Protocol protocol{.name = "any"};
  look.speaks({.final = {.protocol = &protocol}});
  EXPECT_EQ(look.recognition, &look.spoken);
  const MatchContext said = look.said_by(Direction::to_server);
  EXPECT_EQ(said.direction, Direction::to_server);
  EXPECT_EQ(look.direction, Direction::to_client);
  EXPECT_EQ(said.packet, &packet);
  EXPECT_EQ(said.protocol, &protocol);
  EXPECT_EQ(said.recognition, &look.spoken);
}

}  // namespace
}  // namespace lapwing
