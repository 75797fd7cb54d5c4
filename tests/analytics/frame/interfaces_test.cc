#include "analytics/frame/interfaces.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::Scene;

constexpr uint8_t kSyn = 2, kAck = 16;

class InterfacesTest : public testing::Test {
 protected:
  void tell(uint8_t interface, int client, FlowUpdate update, uint8_t proto = 6) {
    FlowRef flow = scene_.flow({"10.0.0." + std::to_string(client), "10.0.1.1", 443, proto});
    flow.interface = interface;
    flow.one_sided = update.moment >= FlowMoment::unanswered && update.all_packets[1] == 0;
    scene_.tell(flow, update);
  }
  void answered(uint8_t interface, int client) {
    tell(interface, client, {.moment = FlowMoment::answered, .all_packets = {1, 1}, .tcp_flags = {kSyn, kSyn | kAck}});
  }
  void unanswered(uint8_t interface, int client, uint64_t packets = 3) {
    tell(interface, client,
         {.moment = FlowMoment::unanswered, .all_packets = {packets, 0}, .tcp_flags = {kSyn | kAck, 0}});
  }
  void over(uint8_t interface, int client, uint8_t flags, uint64_t packets) {
    tell(interface, client, {.moment = FlowMoment::closed, .all_packets = {packets, 0}, .tcp_flags = {flags, 0}});
  }
  uint64_t count(std::string_view path) const {
    return scene_.count(*detector<Interfaces>().read(OptionSource()), "analytics.interfaces." + std::string(path));
  }
  Scene scene_;
};

TEST_F(InterfacesTest, EachIsOneForItself) {
  for (int i = 0; i < 200; ++i) {
    scene_.at(i / 10.0);
    i % 2 ? answered(0, i % 20) : unanswered(0, i % 20);
    answered(1, i % 20);
    unanswered(7, i % 20);
  }
  EXPECT_EQ(count("one_sided"), 2U);
}

TEST_F(InterfacesTest, WhatSaysNothingDoesNotCount) {
  for (int i = 0; i < 200; ++i) {
    scene_.at(i / 10.0);
    unanswered(0, i % 20, 1);          // a SYN that nobody answers
    over(0, i % 20, kAck, 2);          // strays
    over(0, i % 20, kSyn | kAck, 9);   // counted before, when no answer had come
    unanswered(kNoInterface, i % 20);  // from nowhere
    tell(0, i % 20, {.moment = FlowMoment::unanswered, .all_packets = {9, 0}}, 17);
  }
  EXPECT_EQ(count("one_sided"), 0U);
  for (int i = 0; i < 200; ++i) over(0, i % 20, kAck, 9);
  EXPECT_EQ(count("one_sided"), 1U) << "whose beginning was not seen";
}

TEST_F(InterfacesTest, HoweverItIsDealtItIsTheSame) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    scene_ = Scene();
    Dice dice(seed);
    for (int i = 0; i < 20'000; ++i) {
      scene_.at(static_cast<double>(dice.below(600'000)) / 1000);
      const int client = static_cast<int>(dice.below(60));
      const auto interface = static_cast<uint8_t>(dice.below(3));
      dice.percent(static_cast<unsigned>(25 + 10 * interface)) ? unanswered(interface, client)
                                                               : answered(interface, client);
    }
    EXPECT_GE(count("marked"), 1U) << seed;
  }
}

}  // namespace
}  // namespace lapwing::analytics
