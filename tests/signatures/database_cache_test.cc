// Compiled databases on disk: found again, distrusted when altered, and never more than kMaxCachedSets of them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "signatures/program/database_cache.h"
#include "tests/signatures/rule_lab.h"
#include "tests/support/capture_writer.h"

namespace lapwing::test {
namespace {

namespace fs = std::filesystem;

class DatabaseCacheTest : public testing::Test {
 protected:
  static constexpr size_t kRules = 1200;  // enough patterns to be worth a file

  /// `first` sets the first sid, and so the patterns.
  static std::string rules(size_t first) {
    std::string text;
    for (size_t i = first; i < first + kRules; ++i) {
      const std::string number = std::to_string(i);
      text += "alert tcp any any -> any any (msg:\"r\"; content:\"pattern" + number + "\"; sid:" + number + ";)\n";
    }
    return text;
  }
  DatabaseCounts load(size_t first) {
    lab_ = std::make_unique<RuleLab>();
    lab_->config.caching = true;
    lab_->config.caching_path = folder_.path("cache");
    lab_->load(rules(first));
    return lab_->rules->databases();
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(folder_.path("cache"))) out.push_back(entry.path());
    return out;
  }
  bool alerts(size_t sid) {
    LabPacket packet;
    packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(1024, 80).flags(0x18);
    packet.payload = "a pattern" + std::to_string(sid) + " here";
    lab_->run(packet);
    return lab_->alerts().contains(static_cast<uint32_t>(sid));
  }

  TemporaryDirectory folder_;
  std::unique_ptr<RuleLab> lab_;
};

TEST_F(DatabaseCacheTest, FindsWhatItCompiledBefore) {
  DatabaseCounts cold = load(100'000);
  ASSERT_GT(cold.all, 0u);
  EXPECT_EQ(cold.cached, 0u);
  DatabaseCounts warm = load(100'000);
  EXPECT_EQ(warm.cached, cold.all);
  EXPECT_TRUE(alerts(100'007));
  EXPECT_EQ(load(200'000).cached, 0u);
  EXPECT_EQ(files().size(), 2u);
}

TEST_F(DatabaseCacheTest, CompilesAgainWhenAByteIsWrong) {
  const DatabaseCounts cold = load(100'000);
  const fs::path file = files().at(0);
  const auto size = fs::file_size(file);
  for (const auto at : {uintmax_t{3}, size / 2, size - 1}) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(stream.get() ^ 0x40);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(byte);
    stream.close();
    EXPECT_LT(load(100'000).cached, cold.all) << "byte " << at;
    EXPECT_TRUE(alerts(100'011));
    EXPECT_EQ(load(100'000).cached, cold.all) << "not written anew";
  }
  fs::resize_file(file, size / 2);
  EXPECT_EQ(load(100'000).cached, 0u);
}

TEST_F(DatabaseCacheTest, LeavesAloneWhatOthersMayWrite) {
  const DatabaseCounts cold = load(100'000);
  const fs::path file = files().at(0), folder = folder_.path("cache");
  EXPECT_EQ(fs::status(folder).permissions() & fs::perms(077), fs::perms::none);
  EXPECT_EQ(fs::status(file).permissions() & fs::perms(077), fs::perms::none);
  fs::permissions(file, fs::perms::group_write, fs::perm_options::add);
  EXPECT_EQ(load(100'000).cached, 0u) << "a file of ours that the group may write";
  EXPECT_EQ(load(100'000).cached, cold.all) << "not written anew";
  fs::permissions(folder, fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(load(100'000).cached, 0u) << "a folder that others may write";
  EXPECT_TRUE(alerts(100'011));
  fs::permissions(folder, fs::perms::others_write, fs::perm_options::remove);
  const fs::path elsewhere = folder_.path("elsewhere");
  fs::rename(file, elsewhere);
  fs::create_symlink(elsewhere, file);
  EXPECT_EQ(load(100'000).cached, 0u) << "a link";
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(file))) << "written over, not through";
  EXPECT_EQ(load(100'000).cached, cold.all);
}

TEST_F(DatabaseCacheTest, KeepsTheLatest) {
  for (size_t i = 0; i < rules::DatabaseCache::kMaxCachedSets + 2; ++i) load(100'000 * (i + 1));
  EXPECT_EQ(files().size(), rules::DatabaseCache::kMaxCachedSets);
  EXPECT_EQ(load(100'000).cached, 0u);
  EXPECT_GT(load(100'000 * (rules::DatabaseCache::kMaxCachedSets + 2)).cached, 0u);
}

TEST_F(DatabaseCacheTest, WorksWithoutAFolderToWriteTo) {
  std::ofstream(folder_.path("cache")) << "a file where the folder should be";
  EXPECT_EQ(load(100'000).cached, 0u);
  EXPECT_TRUE(alerts(100'003));
}

}  // namespace
}  // namespace lapwing::test
