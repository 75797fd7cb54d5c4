// Real rule files: those of ../shared/corpus, where present.
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <iostream>

#include "signatures/parse/parse.h"

namespace lapwing {
namespace {

constexpr const char* kCorpus = "../shared/corpus";

std::string describe(const std::vector<RuleMessage>& messages) {
  std::string out;
  for (const auto& message : messages) out += to_string(message.mark) + ": " + message.text + "\n";
  return out;
}

RuleVariables usual_variables() {
  RuleVariables out;
  out.address_groups = {{"HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"},
                        {"EXTERNAL_NET", "!$HOME_NET"},
                        {"ENIP_CLIENT", "$HOME_NET"},
                        {"ENIP_SERVER", "$HOME_NET"}};
  for (const char* name :
       {"HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS", "AIM_SERVERS", "DC_SERVERS",
        "DNP3_SERVER", "DNP3_CLIENT", "MODBUS_CLIENT", "MODBUS_SERVER"}) {
    out.address_groups[name] = "$HOME_NET";
  }
  out.port_groups = {{"HTTP_PORTS", "80"},     {"SHELLCODE_PORTS", "!80"}, {"ORACLE_PORTS", "1521"},
                     {"SSH_PORTS", "22"},      {"FTP_PORTS", "21"},        {"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
                     {"DNP3_PORTS", "20000"},  {"MODBUS_PORTS", "502"},    {"VXLAN_PORTS", "4789"},
                     {"GENEVE_PORTS", "6081"}, {"TEREDO_PORTS", "3544"}};
  return out;
}

TEST(RuleCorpus, EveryRuleOfEtOpenParsesAndResolves) {
  std::string path = std::string(kCorpus) + "/rules/et-open.rules.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  // CPU time: a busy machine must not look like a slow parser.
  auto ms = [](std::clock_t from) { return (std::clock() - from) * 1000 / CLOCKS_PER_SEC; };

  std::clock_t start = std::clock();
  std::vector<RuleMessage> messages;
  std::vector<RuleTree> rules;
  read_rules(path, messages, [&](const RuleTree& rule) { rules.push_back(rule); });
  auto parse_time = ms(start);
  EXPECT_EQ(messages.size(), 0u) << describe(messages);
  EXPECT_EQ(rules.size(), 32009u);
  size_t options = 0;
  for (const RuleTree& rule : rules) options += rule.options.size();
  EXPECT_GT(options, 32009u * 8);

  RuleVariables variables = usual_variables();
  size_t anywhere = 0;
  start = std::clock();
  for (const RuleTree& rule : rules) {
    anywhere += resolve_addresses(rule.src, variables).any + resolve_addresses(rule.dst, variables).any;
    anywhere += resolve_ports(rule.src_port, variables).any + resolve_ports(rule.dst_port, variables).any;
  }
  EXPECT_GT(anywhere, 60000u);  // 7,981 addresses and 60,537 ports are "any"
  std::cout << rules.size() << " rules, " << options << " options: parsed in " << parse_time
            << " ms of CPU time, lists resolved in " << ms(start) << " ms\n";
}

TEST(RuleCorpus, TheRulesOfTheSuiteParse) {
  std::string path = std::string(kCorpus) + "/suricata-verify/tests";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  size_t rules = 0;
  std::vector<RuleMessage> messages;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.path().extension() == ".rules")
      read_rules(entry.path().string(), messages, [&](const RuleTree&) { ++rules; });
  }
  std::cout << rules << " rules, " << messages.size() << " messages\n" << describe(messages);
  EXPECT_GT(rules, 1000u);
}

TEST(RuleCorpus, TheStarterRulesParse) {
  std::vector<RuleMessage> messages;
  size_t rules = 0;
  read_rules("pcaps/starter.rules", messages, [&](const RuleTree&) { ++rules; });
  EXPECT_GT(rules, 20u);
  EXPECT_TRUE(messages.empty()) << describe(messages);
}

TEST(RuleCorpus, TheStandardTablesAreOurs) {
  std::string folder = std::string(kCorpus) + "/rules/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not here";
  RuleTables read, ours = default_rule_tables();
  read_classifications(folder + "classification.config", read);
  read_references(folder + "reference.config", read);
  EXPECT_EQ(read.references, ours.references);
  ASSERT_EQ(read.classifications.size(), ours.classifications.size());
  for (const auto& [name, type] : read.classifications) {
    ASSERT_TRUE(ours.classifications.contains(name)) << name;
    EXPECT_EQ(type.description, ours.classifications[name].description);
    EXPECT_EQ(type.priority, ours.classifications[name].priority);
  }
}

}  // namespace
}  // namespace lapwing
