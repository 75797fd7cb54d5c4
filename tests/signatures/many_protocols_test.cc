// Rules tell as many protocols apart as a build may have.
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

#include "sensor/event/protocol_set.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {
namespace {

/// Beside those of the lab, with DNS's buffers, "p3" and so on by their number.
class ManyProtocols : public ::testing::Test {
 protected:
  void make(size_t count) {
    const Protocol& dns = *lab_protocols()[1];
    for (size_t number = lab.environment.protocols.size(); number < count; ++number) {
      names.push_back("p" + std::to_string(number));
      lab.environment.protocols.push_back(&made.emplace_back(Protocol{.name = names.back(), .fields = dns.fields}));
    }
  }

  std::deque<std::string> names;
  std::deque<Protocol> made;
  RuleLab lab;
};

TEST_F(ManyProtocols, AreToldApart) {
  make(kMaxProtocols);
  const auto rule = [](size_t sid, const std::string& header, const std::string& options) {
    return "alert " + header + " any any -> any any (" + options + "; sid:" + std::to_string(sid) + ";)\n";
  };
  std::string rules;
  for (size_t number : {63, 64, 127}) {
    const std::string name = "p" + std::to_string(number), text = "content:\"text\"; ";
    rules += rule(number, name, "content:\"text\"") +
             rule(1000 + number, "tcp", text + "app-layer-protocol:" + name + ",final") +
             rule(2000 + number, "tcp", text + "app-layer-protocol:!" + name + ",final") +
             rule(3000 + number, name, "dns.query; content:\"query\"");
  }
  lab.load(rules);
  ASSERT_TRUE(lab.messages.empty()) << lab.messages[0].text;
  std::map<uint32_t, std::vector<uint64_t>> wanted;
  uint64_t packet = 0;
  for (size_t number : {63, 64, 126, 127}) {
    LabPacket seen;
    seen.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(static_cast<uint16_t>(40000 + number), 80);
    seen.payload = "text";
    seen.flow = static_cast<int>(number);
    seen.protocol = lab.environment.protocols[number];
    seen.detection.final.protocol = seen.protocol;
    seen.steps.push_back({.protocol = std::string(seen.protocol->name), .fields = {{"dns.query", {"query"}}}});
    lab.run(seen);
    ++packet;
    for (uint32_t sid : {63, 64, 127}) {
      if (sid == number) wanted[sid].push_back(packet);
      if (sid == number) wanted[3000 + sid].push_back(packet);
      wanted[(sid == number ? 1000 : 2000) + sid].push_back(packet);
    }
  }
  EXPECT_EQ(lab.alerts(), wanted);
}

TEST_F(ManyProtocols, AreNoMoreThanThat) {
  make(kMaxProtocols + 1);
  EXPECT_THROW(lab.load("alert tcp any any -> any any (sid:1;)"), std::length_error);
}

}  // namespace
}  // namespace lapwing::test
