// Rules about files: each file is judged by itself, as soon as what is asked of it is final.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

using Stages = std::vector<FileStage>;
constexpr auto kNamed = FileStage::named, kHead = FileStage::head, kOver = FileStage::over;

/// Files of one message from the client, packet by packet.
struct Message {
  explicit Message(std::string_view rules) {
    lab.load(rules);
    EXPECT_TRUE(lab.messages.empty()) << lab.messages[0].text;
  }
  /// A packet in which the message comes to `progress`, its files to `files`, and `fields` are added to what it says.
  void step(uint8_t progress, Stages files, std::map<std::string, std::vector<std::string>> fields = {}) {
    LabPacket packet;
    packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
    packet.steps.push_back(
        {.protocol = "http", .progress = progress, .fields = std::move(fields), .files = std::move(files)});
    lab.run(packet);
  }
  std::vector<uint64_t> alerts(uint32_t sid) {
    const auto found = lab.alerts().find(sid);
    return found == lab.alerts().end() ? std::vector<uint64_t>{} : found->second;
  }
  bool asked(size_t number) { return lab.transactions.at(0)->files[number].asked; }

  RuleLab lab;
};

using Packets = std::vector<uint64_t>;

TEST(FileRules, JudgeTheSecondNameBeforeItsBytesPass) {
  Message message("alert http any any -> any any (filename:\"evil\"; filestore; sid:1;)");
  message.step(1, {kNamed}, {{"file.name", {"good.txt"}}});
  message.step(1, {kOver, kNamed}, {{"file.name", {"evil.exe"}}});
  EXPECT_EQ(message.alerts(1), Packets{2});
  EXPECT_FALSE(message.asked(0));
  EXPECT_TRUE(message.asked(1));
  message.step(1, {kOver, kOver});
  message.step(kComplete, {kOver, kOver});
  EXPECT_EQ(message.alerts(1), Packets{2}) << "and once for each";
}

TEST(FileRules, AlertForEachFile) {
  Message message("alert http any any -> any any (file.name; content:\"picture\"; sid:1;)");
  message.step(1, {kNamed}, {{"file.name", {"picture1"}}});
  message.step(1, {kOver, kNamed}, {{"file.name", {"text"}}});
  message.step(1, {kOver, kOver, kNamed}, {{"file.name", {"picture2"}}});
  EXPECT_EQ(message.alerts(1), (Packets{1, 3}));
}

TEST(FileRules, WaitForWhateverComesLast) {
  Message message(
      "alert http any any -> any any (http.request_body; content:\"body\"; file.name; content:\"f\"; sid:1;)\n"
      "alert http any any -> any any (http.uri; content:\"/a\"; filesize:>5; sid:2;)");
  message.step(1, {kNamed}, {{"file.name", {"f1"}}, {"filesize", {"10"}}, {"http.uri", {"/a"}}});
  message.step(2, {kOver, kNamed}, {{"file.name", {"f2"}}, {"filesize", {"1"}}});
  message.step(3, {kOver, kOver}, {{"http.request_body", {"body"}}});
  message.step(3, {kOver, kOver, kOver}, {{"file.name", {"f3"}}, {"filesize", {"10"}}});
  EXPECT_EQ(message.alerts(1), (Packets{3, 3, 4})) << "two files waited for the body, the third came behind it";
  EXPECT_EQ(message.alerts(2), (Packets{2, 4}));
}

TEST(FileRules, AskAllOfOneFile) {
  Message message("alert http any any -> any any (file.name; content:\"a\"; file.magic; content:\"exe\"; sid:1;)");
  message.step(1, {kNamed, kNamed}, {{"file.name", {"a", "b"}}, {"file.magic", {"text", "exe"}}});
  message.step(1, {kHead, kHead});
  EXPECT_EQ(message.alerts(1), Packets{}) << "the name is one's and the type the other's";
  message.step(1, {kHead, kHead, kHead}, {{"file.name", {"a"}}, {"file.magic", {"exe"}}});
  EXPECT_EQ(message.alerts(1), Packets{3});
}

TEST(FileRules, AskOfEventsAndFilesTogether) {
  Message message(
      "alert http any any -> any any (app-layer-event:http.invalid_request; file.name; content:\"a\"; sid:1;)");
  message.step(1, {kNamed, kNamed}, {{"file.name", {"a", "b"}}});
  LabPacket packet;
  packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
  packet.steps.push_back({.protocol = "http", .anomalies = {0}, .files = {kOver, kOver}});
  message.lab.run(packet);
  EXPECT_EQ(message.alerts(1), Packets{2});
}

}  // namespace

}  // namespace lapwing::test
