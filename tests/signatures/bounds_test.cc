// What rules find beyond a bound is counted under the bound's name.
#include <gtest/gtest.h>

#include "tests/signatures/rule_lab.h"

namespace lapwing::test {
namespace {

LabPacket request_to(const std::string& host) {
  LabPacket packet;
  packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
  packet.steps.push_back({.protocol = "http", .fields = {{"http.host", {host}}}});
  return packet;
}

TEST(Bounds, Base64IsDecodedAsFarAsSuricataDoes) {
  RuleLab lab;
  lab.load("alert http any any -> any any (http.host; base64_decode; base64_data; content:\"admin\"; sid:1;)");
  lab.run(request_to(std::string(80'000, 'A') + "YWRtaW4="));
  EXPECT_TRUE(lab.alerts().contains(1));
  EXPECT_EQ(lab.counters().decoded_bytes_max, 0u);
  LabPacket longer = request_to(std::string(90'000, 'A') + "YWRtaW4=");
  longer.flow = 1;
  longer.steps[0].tx = 1;
  lab.run(longer);
  EXPECT_EQ(lab.alerts().at(1).size(), 1u);
  EXPECT_EQ(lab.counters().decoded_bytes_max, 1u);
}

TEST(Bounds, AVariableThatIsCutIsCounted) {
  for (const size_t size : {size_t{64} << 10, (size_t{64} << 10) + 1}) {
    RuleLab lab;
    lab.load("alert http any any -> any any (http.host; pcre:\"/^(x.*)$/, flow:all\"; sid:1;)");
    lab.run(request_to(std::string(size, 'x')));
    EXPECT_TRUE(lab.alerts().contains(1));
    EXPECT_EQ(lab.counters().variable_bytes_max, size - (size_t{64} << 10));
  }
}

TEST(Bounds, ATagThatIsNotStartedAnewIsCounted) {
  MatchCounters counters;
  rules::TagList tags;
  for (uint32_t i = 0; i < rules::kMaxTagStarts; ++i) tags.add({}, {}, {}, counters);
  EXPECT_EQ(counters.tag_starts_max, 1u);
}

}  // namespace
}  // namespace lapwing::test
