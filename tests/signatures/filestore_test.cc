// What filestore asks for: this file, all of the transaction, all of the flow.
#include <gtest/gtest.h>

#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

void run(RuleLab& lab, const std::string& options, std::vector<std::string> names) {
  lab.load("alert http any any -> any any (" + options + " noalert; sid:1;)");
  ASSERT_TRUE(lab.messages.empty()) << lab.messages[0].text;
  LabPacket packet;
  packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
  std::vector<std::string> sizes;
  for (size_t i = 0; i < names.size(); ++i) sizes.push_back(std::to_string(100 * i));
  packet.steps.push_back(
      {.protocol = "http", .fields = {{"file.name", std::move(names)}, {"filesize", std::move(sizes)}}});
  lab.run(packet);
}

std::vector<bool> asked(const RuleLab& lab) {
  std::vector<bool> out;
  for (const LabFile& file : lab.transactions.at(0)->files) out.push_back(file.asked);
  return out;
}

TEST(Filestore, AsksForTheFilesThatPassTheRulesTests) {
  RuleLab lab;
  run(lab, "filesize:>50; filestore;", {"a", "b", "c"});
  EXPECT_EQ(asked(lab), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(lab.transactions.at(0)->store_files, 0);
  EXPECT_EQ(lab.flow(0).flags & flow_flag::store_to_server, 0);
}

TEST(Filestore, ARuleThatDoesNotMatchAsksForNothing) {
  RuleLab lab;
  run(lab, "filename:\"none\"; filestore;", {"a"});
  EXPECT_EQ(asked(lab), (std::vector<bool>{false}));
}

TEST(Filestore, TheOtherDirectionsFilesAreNotThisFile) {
  RuleLab lab;
  run(lab, "filestore:response;", {"a"});
  EXPECT_EQ(asked(lab), (std::vector<bool>{false}));
  RuleLab both;
  run(both, "filestore:both,file;", {"a"});
  EXPECT_EQ(asked(both), (std::vector<bool>{true}));
}

TEST(Filestore, AsksForTheWholeTransaction) {
  RuleLab lab;
  run(lab, "filestore:response,tx;", {"a"});
  EXPECT_EQ(lab.transactions.at(0)->store_files, 2);
}

TEST(Filestore, AsksForTheWholeFlow) {
  RuleLab lab;
  run(lab, "filestore:both,flow;", {"a"});
  EXPECT_EQ(lab.flow(0).flags & (flow_flag::store_to_server | flow_flag::store_to_client),
            flow_flag::store_to_server | flow_flag::store_to_client);
}

}  // namespace

}  // namespace lapwing::test
