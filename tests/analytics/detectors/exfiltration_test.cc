#include "analytics/detectors/exfiltration.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Ends;
using test::Scene;

constexpr uint64_t kMega = 1 << 20;

class ExfiltrationTest : public testing::Test {
 protected:
  std::vector<Behaviour> found() const { return scene_.found(*detector<Exfiltration>().read(OptionSource())); }
  void send(double time, const Ends& ends, FlowMoment moment, uint64_t out, uint64_t in,
            std::string_view application = "") {
    FlowRef flow = scene_.at(time).flow(ends);
    flow.application = application;
    scene_.tell(flow, {.moment = moment, .bytes = {out, in}, .all_packets = {9, 9}});
  }
  Scene scene_;
  const Ends out_{"10.0.0.7", "198.51.100.9", 4444};
};

TEST_F(ExfiltrationTest, FarMoreOutThanIn) {
  for (int i = 0; i < 15; ++i) send(60.0 * i, out_, FlowMoment::tick, 10 * kMega, kMega / 10);
  const auto all = found();
  ASSERT_EQ(all.size(), 2U);  // it opens and is over
  EXPECT_EQ(all[0].severity, 80);
  EXPECT_EQ(all[0].attack, (std::vector<Technique>{{"T1041", "TA0010"}}));
  EXPECT_EQ(all[1].count, 150 * kMega);
}

TEST_F(ExfiltrationTest, FilesByProtocolsOfAnybodys) {
  for (int i = 0; i < 15; ++i) send(60.0 * i, out_, FlowMoment::tick, 10 * kMega, kMega / 10, "SSH");
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].attack, (std::vector<Technique>{{"T1048", "TA0010"}}));
}

TEST_F(ExfiltrationTest, NotWhatIsUsualOrKnownOrStaysInside) {
  for (int i = 0; i < 15; ++i) {
    const double time = 60.0 * i;
    send(time, {"10.0.0.1", "198.51.100.9", 443}, FlowMoment::tick, 10 * kMega, 5 * kMega);
    send(time, {"10.0.0.2", "198.51.100.9", 443}, FlowMoment::tick, 10 * kMega, 0, "TLS.Dropbox");
    send(time, {"10.0.0.3", "10.0.0.9", 445}, FlowMoment::tick, 10 * kMega, 0);
    send(time, {"198.51.100.9", "10.0.0.4", 443}, FlowMoment::tick, 10 * kMega, 0);
    send(time, {"10.0.0.5", "198.51.100.9", 443}, FlowMoment::tick, kMega, 0);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(ExfiltrationTest, NotOfAHostThatAlwaysSends) {
  for (int hour = 0; hour < 48; ++hour) {
    send(3600.0 * hour, {"10.0.0.7", "198.51.100.8", 443}, FlowMoment::tick, 60 * kMega, 0);
    send(3600.0 * hour, out_, FlowMoment::tick, 60 * kMega, 0);
  }
  send(3600.0 * 48, out_, FlowMoment::tick, 90 * kMega, 0);
  EXPECT_TRUE(found().empty());
}

/// Where few talk to a peer less is told; what people fill in for a named site is no harm, and the same to a bare
/// address is.
TEST_F(ExfiltrationTest, FormsWithFiles) {
  for (int i = 0; i < 20; ++i)
    send(0, {"10.0.1." + std::to_string(1 + i), "198.51.100.1", 443}, FlowMoment::tick, 1, 1);
  const auto upload = [&](std::string_view name, uint64_t bytes, const Ends& ends) {
    FlowRef flow = scene_.at(60).flow(ends);
    flow.host = name;
    flow.protocol = name.empty() ? "" : "tls";
    scene_.tell(flow, {.moment = FlowMoment::tick, .bytes = {bytes, 1000}, .all_packets = {9, 9}});
  };
  upload("www.example.com", 9 * kMega, {"10.0.0.1", "198.51.100.2", 443});
  upload("www.example.net", 60 * kMega, {"10.0.0.2", "198.51.100.3", 443});
  upload("", 9 * kMega, {"10.0.0.3", "198.51.100.4", 4444});
  std::map<std::string, int> severity;
  for (const Behaviour& one : found()) severity[one.subject] = one.severity;
  EXPECT_EQ(severity, (std::map<std::string, int>{{"10.0.0.1", 35}, {"10.0.0.2", 80}, {"10.0.0.3", 80}}));
}

TEST_F(ExfiltrationTest, ByAProxyInside) {
  for (const std::string_view application : {"HTTP", "HTTP_Connect"}) {
    FlowRef flow = scene_.at(60).flow({"10.0.0.7", "10.0.0.3", 3128});
    flow.host = "drop.example.net";
    flow.application = application;
    EXPECT_TRUE(found().empty()) << "a server inside";
    scene_.tell(flow, {.moment = FlowMoment::tick, .bytes = {150 * kMega, 1000}, .all_packets = {9, 9}});
  }
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found()[0].objects, (std::vector<std::string>{"example.net", "10.0.0.3:3128"}));
}

/// As who takes much away by a service that holds files.
TEST_F(ExfiltrationTest, ByAServiceThatNobodyElseUses) {
  const auto others = [&](uint16_t port, std::string_view application) {
    for (int i = 0; i < 20; ++i) {
      send(0, {"10.0.1." + std::to_string(1 + i), "198.51.100.1", port}, FlowMoment::tick, 1, 1, application);
    }
  };
  const auto bring = [&](const std::string& server, uint64_t bytes) {
    for (int i = 0; i < 30; ++i)
      send(60.0 * i, {"10.0.0.2", server, 443}, FlowMoment::tick, bytes / 30, 1000, "TLS.Mega");
  };
  others(443, "TLS");
  bring("198.51.100.2", 400 * kMega);
  EXPECT_TRUE(found().empty());
  bring("198.51.100.3", 1500 * kMega);
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found()[0].objects, std::vector<std::string>{"198.51.100.3:443"});
  EXPECT_EQ(found()[0].attack, (std::vector<Technique>{{"T1048", "TA0010"}}));
}

TEST_F(ExfiltrationTest, FileAfterFileOfOneSize) {
  for (int i = 0; i < 25; ++i) send(600.0 * i, out_, FlowMoment::burst, 92'000, 300);
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].severity, 35);
}

}  // namespace
}  // namespace lapwing::analytics
