// Streams filled with what other rules look for: none of them hides a rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "signatures/match/stream_window.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {
namespace {

using testing::SizeIs;

constexpr int kFillers = 120;
constexpr uint32_t kHidden = 9000;  // sid of the rule that is to be hidden

std::string filler(int i) {
  return "fill" + std::to_string(1000 + i);
}

LabPacket stream_of(const std::string& text) {
  LabPacket packet;
  packet.protocol = lab_protocols().front();
  packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
  packet.payload = text;
  packet.in_stream = true;
  return packet;
}

/// As long as a cell.
LabPacket cell(std::string text) {
  text.resize(rules::kCell, '.');
  return stream_of(text);
}

/// `options` for each of the contents.
std::string all_rules(const std::string& options) {
  std::string out;
  for (int i = 0; i < 3 * kFillers; ++i) {
    out += "alert " + options + "content:\"" + filler(i % kFillers) + "\"; fast_pattern; content:\"end" +
           std::to_string(i) + "\"; sid:" + std::to_string(i + 1) + ";)\n";
  }
  return out;
}

std::string all_contents() {
  std::string out;
  for (int i = 0; i < kFillers; ++i) out += filler(i);
  return out;
}

std::vector<uint64_t> alerts_of(const RuleLab& lab) {
  const auto found = lab.alerts().find(kHidden);
  return found == lab.alerts().end() ? std::vector<uint64_t>() : found->second;
}

TEST(CrowdedStream, RemembersTheLastOfManyRulesInTheNextCell) {
  RuleLab lab;
  lab.load(all_rules("tcp any any -> any any (") +
           "alert tcp any any -> any any (content:\"evil\"; fast_pattern; content:\"done\"; priority:255; sid:9000;)");
  lab.run(cell("evil" + all_contents()));
  lab.run(cell("..done.."));
  lab.run(cell("..done.."));
  lab.tell();
  EXPECT_THAT(alerts_of(lab), SizeIs(1)) << "in the cell that the first is seen with, and in no other";
  EXPECT_EQ(lab.counters().work_budget, 0u);
}

TEST(CrowdedStream, IsFoundAnewOnlyWhileACrowdedCellIsSeen) {
  RuleLab lab;
  lab.load(all_rules("tcp any any -> any any ("));
  lab.run(cell(all_contents()));
  lab.run(cell(""));
  lab.run(cell(""));
  const uint64_t before = lab.counters().bytes_searched;
  lab.run(cell(""));
  EXPECT_LT(lab.counters().bytes_searched - before, 2 * rules::kCell);
}

TEST(CrowdedStream, KeepsTheFirstOfManyFindingsUntilItsMessageEnds) {
  RuleLab lab;
  const auto both = [](const std::string& method, const std::string& content, uint32_t sid) {
    return "alert http any any -> any any (http.method; content:\"" + method + "\"; pkt_data; content:\"" + content +
           "\"; sid:" + std::to_string(sid) + ";)\n";
  };
  std::string text = both("GET", "evil", kHidden);
  for (int i = 0; i < kFillers; ++i) text += both("POST", filler(i), static_cast<uint32_t>(i) + 1);
  lab.load(text);
  LabPacket first = cell("evil" + all_contents());
  first.steps.push_back({.protocol = "http", .progress = 0});
  lab.run(first);
  lab.transactions[0]->begin[0] = 0;
  for (int i = 0; i < 3; ++i) lab.run(cell(""));
  LabPacket last = stream_of("x");
  last.steps.push_back({.protocol = "http", .fields = {{"http.method", {"GET"}}}});
  lab.run(last);
  lab.tell();
  EXPECT_THAT(alerts_of(lab), SizeIs(1));
  EXPECT_EQ(lab.counters().stream_found_max, 0u);
}

TEST(CrowdedStream, WhatIsNotKeptBeforeAGapIsTold) {
  for (const bool room : {true, false}) {
    auto budget = std::make_shared<rules::WindowBudget>();
    rules::StreamWindow window(budget);
    const std::string text = "[5 bytes missing]";
    budget->used = rules::WindowBudget::kLimit - (room ? text.size() : 0);
    EXPECT_EQ(window.miss(0, 5), room ? 0 : text.size());
    EXPECT_EQ(window.lead().size(), room ? text.size() : 0);
  }
}

TEST(CrowdedStream, HoldsTheBytesOfALookOnce) {
  auto budget = std::make_shared<rules::WindowBudget>();
  {
    rules::StreamWindow window(budget);
    const std::vector<uint8_t> bytes(rules::kCell, 'a'), others(rules::kCell, 'b');
    for (uint32_t rule = 0; rule < 2 * rules::StreamWindow::kMostFound; ++rule) {
      EXPECT_EQ(window.keep_found(rule, rule + 1, bytes, 0), rule < rules::StreamWindow::kMostFound);
    }
    EXPECT_EQ(budget->used, rules::kCell);
    EXPECT_THAT(window.found(), SizeIs(rules::StreamWindow::kMostFound));
    EXPECT_TRUE(window.keep_found(2 * rules::StreamWindow::kMostFound - 1, 10'000, others, 0));
    EXPECT_EQ(budget->used, 2 * rules::kCell);
    window.forget_found(9'999);
    EXPECT_EQ(budget->used, rules::kCell);
  }
  EXPECT_EQ(budget->used, 0u);
}

}  // namespace
}  // namespace lapwing::test
