// What dissection may keep in all: beyond it flows are given up, those silent for longest first.
#include <gtest/gtest.h>

#include <set>

#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

constexpr int kTalks = 64;
constexpr uint16_t kFirstPort = 20'000;  // of the first flow's client

/// Flows that ask `requests` things each, of which none is answered, one flow after another.
void ask(Capture& capture, std::vector<Conversation>& talks, int requests) {
  for (int i = 0; i < kTalks; ++i) {
    talks.emplace_back(capture, Ends{.client_port = static_cast<uint16_t>(kFirstPort + i), .server_port = 80}).open();
    for (int n = 0; n < requests; ++n) {
      talks.back().client("GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: a.org\r\n\r\n");
    }
  }
}

TEST(Memcap, FlowsSilentForLongestAreGivenUpAndCounted) {
  Capture capture;
  std::vector<Conversation> talks;
  ask(capture, talks, 50);
  for (auto& talk : talks) talk.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const Outcome got = sense(capture, {.options = "app-layer: {memcap: 4mb}\n"});
  const uint64_t given_up = got.stat("app_layer.memcap");
  ASSERT_GT(given_up, 0u);
  ASSERT_LT(given_up, static_cast<uint64_t>(kTalks));
  EXPECT_EQ(got.of("loss").back()["loss"]["app_layer"]["memcap"], given_up);

  // An answer is read by who was not given up.
  std::set<uint16_t> answered;
  size_t requests = 0;
  for (const auto& record : got.of("http")) {
    ++requests;
    if (record["http"].contains("status")) answered.insert(record["src_port"].get<uint16_t>());
  }
  EXPECT_EQ(requests, kTalks * 50u) << "what was half done is recorded";
  EXPECT_EQ(answered.size(), kTalks - given_up);
  for (int i = 0; i < kTalks; ++i) {
    EXPECT_EQ(answered.contains(static_cast<uint16_t>(kFirstPort + i)), static_cast<uint64_t>(i) >= given_up) << i;
  }
  ASSERT_EQ(got.of("flow").size(), static_cast<size_t>(kTalks));
  for (const auto& flow : got.of("flow")) EXPECT_EQ(flow["app_proto"], "http");
}

TEST(Memcap, PiecesOfFilesThatWaitCount) {
  constexpr size_t kCarriers = 16, kPieces = 20, kPiece = 15'000, kSize = 1 + kPieces * kPiece;
  Capture capture;
  std::vector<Conversation> talks;
  for (uint16_t i = 0; i < kCarriers; ++i) {
    talks.emplace_back(capture, Ends{.client_port = static_cast<uint16_t>(kFirstPort + i)}).open();
    talks.back().client("carrier file 1 " + std::to_string(kSize) + " a\n");
    for (size_t n = 0; n < kPieces; ++n) {
      talks.back().client("carrier piece 1 " + std::to_string(1 + n * kPiece) + " " + std::to_string(kPiece) + "\n" +
                          std::string(kPiece, 'x'));
    }
  }
  for (auto& talk : talks) talk.client("carrier piece 1 0 1\nxcarrier done\n");
  const Outcome got = sense(capture, {.options = "app-layer: {memcap: 2mb}\n"});
  const uint64_t given_up = got.stat("app_layer.memcap");
  EXPECT_GT(given_up, 0u);
  EXPECT_LT(given_up, kCarriers);
  const auto files = got.of("fileinfo");
  ASSERT_EQ(files.size(), kCarriers);
  for (const auto& file : files) {
    const bool early = file["src_port"].get<uint64_t>() - kFirstPort < given_up;
    EXPECT_EQ(file["fileinfo"]["state"], early ? "TRUNCATED" : "CLOSED");
    EXPECT_EQ(file["fileinfo"]["size"], kSize);
  }
}

TEST(Memcap, WithinItNobodyIs) {
  Capture capture;
  std::vector<Conversation> talks;
  ask(capture, talks, 5);
  const Outcome got = sense(capture);
  EXPECT_EQ(got.stat("app_layer.memcap"), 0u);
  EXPECT_EQ(got.of("http").size(), kTalks * 5u);
}

}  // namespace
}  // namespace lapwing::test
