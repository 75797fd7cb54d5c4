// Sets that the configuration declares, and what is left of them after the run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sensor/base/text.h"
#include "signatures/datasets/datasets.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

class DatasetTest : public testing::Test {
 protected:
  DatasetTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    set("default-data-dir", folder_.string());
  }
  void set(std::string_view key, const std::string& value) {
    Setting& node = root_.make(key);
    node.kind = Setting::Kind::scalar;
    node.scalar = value;
  }
  std::string text(const std::string& name) const {
    std::ifstream in(folder_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  LabPacket asking(const std::string& host, int tx) const {
    LabPacket packet;
    packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
    packet.steps.push_back({.tx = tx, .protocol = "http", .fields = {{"http.host", {host}}}});
    return packet;
  }

  fs::path folder_ = testing::TempDir() + "lapwing-datasets";
  Setting root_;
};

TEST_F(DatasetTest, StateOutlivesTheProcess) {
  set("datasets.known.type", "string");
  set("datasets.known.state", "known.lst");
  constexpr auto kRule = "alert http any any -> any any (http.host; dataset:set,known; sid:1;)";
  {
    RuleLab lab;
    lab.environment.datasets = DatasetStore::create(root_);
    lab.load(kRule);
    lab.run(asking("b.org", 0));
    lab.run(asking("a.org", 1));
    lab.run(asking("a.org", 2));
    EXPECT_EQ(lab.alerts().at(1), (std::vector<uint64_t>{1, 2}));
    EXPECT_THAT(lab.environment.datasets->save(), IsEmpty());
  }
  EXPECT_EQ(text("known.lst"), to_base64(to_bytes("a.org")) + "\n" + to_base64(to_bytes("b.org")) + "\n");
  RuleLab lab;
  lab.environment.datasets = DatasetStore::create(root_);
  lab.load(kRule);
  lab.run(asking("a.org", 0));
  lab.run(asking("c.org", 1));
  EXPECT_EQ(lab.alerts().at(1), (std::vector<uint64_t>{2}));
}

TEST_F(DatasetTest, ARulesSetIsSavedInTheDataFolder) {
  RuleLab lab;
  lab.environment.datasets = DatasetStore::create(root_);
  lab.load("alert http any any -> any any (http.host; to_md5; dataset:set,m,type md5,save m.lst; sid:1;)");
  lab.run(asking("evil", 0));
  EXPECT_THAT(lab.environment.datasets->save(), IsEmpty());
  EXPECT_EQ(text("m.lst"), "4034a346ccee15292d823416f7510a2f\n");
}

TEST_F(DatasetTest, SavingDoesNotWriteThroughALink) {
  std::ofstream(folder_ / "victim") << "kept";
  fs::create_symlink(folder_ / "victim", folder_ / "m.lst.new");
  RuleLab lab;
  lab.environment.datasets = DatasetStore::create(root_);
  lab.load("alert http any any -> any any (http.host; to_md5; dataset:set,m,type md5,save m.lst; sid:1;)");
  lab.run(asking("evil", 0));
  EXPECT_THAT(lab.environment.datasets->save(), IsEmpty());
  EXPECT_EQ(text("victim"), "kept");
  EXPECT_EQ(text("m.lst"), "4034a346ccee15292d823416f7510a2f\n");
  EXPECT_FALSE(fs::exists(folder_ / "m.lst.new"));
}

TEST_F(DatasetTest, RulesMayBeForbiddenToWrite) {
  set("datasets.rules.allow-write", "no");
  RuleLab lab;
  lab.environment.datasets = DatasetStore::create(root_);
  lab.load("alert http any any -> any any (http.host; dataset:set,m,type string,save m.lst; sid:1;)");
  ASSERT_EQ(lab.messages.size(), 1u);
  EXPECT_THAT(lab.messages[0].text, HasSubstr("datasets.rules.allow-write"));
}

TEST_F(DatasetTest, AFullSetTakesNoMoreAndSaysSo) {
  set("datasets.defaults.memcap", "32");  // a place that stands for none, two buckets made at once, one value
  RuleLab lab;
  lab.environment.datasets = DatasetStore::create(root_);
  lab.load("alert http any any -> any any (http.host; dataset:set,m,type string; sid:1;)");
  for (int i = 0; i < 3; ++i) lab.run(asking("host" + std::to_string(i), i));
  EXPECT_EQ(lab.alerts().at(1).size(), 1u);
  EXPECT_EQ(lab.counters().dataset_memcap, 2u);
}

TEST_F(DatasetTest, AnUnwritableFileIsNamed) {
  set("datasets.m.type", "ip");
  set("datasets.m.save", "none/m.lst");
  auto failures = DatasetStore::create(root_)->save();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_THAT(failures[0], HasSubstr("none/m.lst: set 'm' cannot be saved"));
}

TEST_F(DatasetTest, ADeclarationWithoutAKnownTypeIsRefused) {
  set("datasets.m.load", "m.lst");
  EXPECT_THROW(DatasetStore::create(root_), SettingError);
  set("datasets.m.type", "sha1");
  EXPECT_THROW(DatasetStore::create(root_), SettingError);
  set("datasets.m.type", "string");
  EXPECT_THROW(DatasetStore::create(root_), SettingError) << "m.lst is not there";
}

}  // namespace

}  // namespace lapwing::test
