// A file that is rotated, moved away, or on a disk that is full.
#include "export/outputs/file/file_exporter.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

class FileOutput : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / ("lapwing-file-" + std::to_string(getpid()));
    fs::create_directory(folder);
    eve = (folder / "eve.json").string();
  }
  void TearDown() override {
    umount(folder.c_str());
    fs::remove_all(folder);
  }

  std::unique_ptr<Exporter> make(std::initializer_list<std::pair<const char*, const char*>> options = {}) {
    Setting n = node("unused", options);
    n.make("filename").kind = Setting::Kind::scalar;
    n.make("filename").scalar = eve;
    return create_file_exporter(n, {.topics = kTopics});
  }
  std::string refusal(const char* key, const char* value) {
    try {
      make({{key, value}});
    } catch (const SettingError& error) {
      return error.what();
    }
    return "";
  }
  /// Every record of the folder, in the order of their files' names, the current file last.
  std::string all_text() const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path() != eve) paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::string out;
    for (const fs::path& path : paths) out += content(path);
    return out + content(eve);
  }
  static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    std::string packed = text.str();
    if (path.extension() == ".zst") {
      std::string out(1 << 20, 0);
      const size_t size = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
      EXPECT_FALSE(ZSTD_isError(size));
      out.resize(size);
      return out;
    }
    if (path.extension() == ".gz") {
      std::string out(1 << 20, 0);
      gzFile file = gzopen(path.c_str(), "rb");
      out.resize(static_cast<size_t>(gzread(file, out.data(), static_cast<unsigned>(out.size()))));
      gzclose(file);
      return out;
    }
    return packed;
  }
  size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {})); }

  fs::path folder;
  std::string eve;
};

TEST_F(FileOutput, RotatesBySizeAndLosesNothing) {
  {
    auto exporter = make({{"rotate-size", "100"}});
    for (uint64_t i = 0; i < 10; ++i) put(*exporter, 100 + i * 10, 10);
    EXPECT_EQ(exporter->counters().rotations, 9u) << "10 records are 100 bytes";
    EXPECT_EQ(exporter->counters().records, 100u);
  }
  EXPECT_EQ(files(), 10u);
  EXPECT_EQ(content(eve), lines(190, 200));
}

TEST_F(FileOutput, DoesNotWriteThroughALink) {
  const fs::path victim = folder / "victim";
  std::ofstream(victim) << "kept";
  fs::create_symlink(victim, eve);
  EXPECT_NE(refusal("append", "no").find("is a symbolic link"), std::string::npos);
  EXPECT_EQ(content(victim), "kept");
}

TEST_F(FileOutput, RotatesByTime) {
  auto exporter = make({{"rotate-interval", "1s"}});
  put(*exporter, 0, 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  exporter->flush();
  put(*exporter, 1, 1);
  EXPECT_GE(exporter->counters().rotations, 1u);
  EXPECT_EQ(all_text(), lines(0, 2));
  EXPECT_EQ(content(eve), lines(1, 2));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  exporter->flush();
  const uint64_t before = exporter->counters().rotations;
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  exporter->flush();
  EXPECT_EQ(exporter->counters().rotations, before) << "an empty file is not rotated";
}

TEST_F(FileOutput, CompressesWhatItRotated) {
  for (const char* kind : {"gzip", "zstd"}) {
    {
      auto exporter = make({{"rotate-size", "1"}, {"compress", kind}, {"append", "no"}});
      put(*exporter, 0, 500);
      put(*exporter, 500, 1);
      EXPECT_EQ(exporter->counters().rotations_failed, 0u);
    }
    EXPECT_EQ(all_text(), lines(0, 501)) << kind;
    EXPECT_EQ(files(), 2u) << "neither the plain file nor a part is left";
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry);
  }
}

TEST_F(FileOutput, KeepsAsManyAsAsked) {
  std::ofstream(folder / "eve.json-notes") << "not ours";
  auto exporter = make({{"rotate-size", "1"}, {"keep", "2"}});
  for (uint64_t i = 0; i < 6; ++i) {
    put(*exporter, i, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(files(), 4u) << "two rotated, the current one, and one that is not ours";
  EXPECT_EQ(content(eve), lines(5, 6));
  EXPECT_TRUE(fs::exists(folder / "eve.json-notes"));
}

TEST_F(FileOutput, ReopensAFileThatWasMovedAway) {
  auto exporter = make();
  put(*exporter, 0, 1);
  fs::rename(eve, folder / "moved");
  put(*exporter, 1, 1);
  exporter->reopen();
  put(*exporter, 2, 1);
  EXPECT_EQ(content(folder / "moved"), lines(0, 2));
  EXPECT_EQ(content(eve), lines(2, 3));
}

TEST_F(FileOutput, GoesOnInTheOldFileWhereNoNewOneCanBeOpened) {
  auto exporter = make({{"rotate-size", "1"}});
  put(*exporter, 0, 1);
  const int next = dup(0);
  close(next);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  put(*exporter, 1, 1);
  put(*exporter, 2, 1);
  exporter->reopen();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(exporter->counters().dropped(), 0u);
  EXPECT_EQ(exporter->counters().records, 3u);
  EXPECT_GE(exporter->counters().rotations_failed, 1u);
  exporter->reopen();
  put(*exporter, 3, 1);
  EXPECT_EQ(content(eve), lines(3, 4));
  EXPECT_EQ(all_text(), lines(0, 4));
}

TEST_F(FileOutput, AFullDiskIsCountedSurvivedAndHoldsNoHalfRecords) {
  if (mount("lapwing", folder.c_str(), "tmpfs", 0, "size=256k") != 0) GTEST_SKIP() << "needs to mount a tmpfs, as root";
  auto exporter = make();
  std::ofstream ballast(folder / "ballast");
  ballast << std::string(100 << 10, 'x') << std::flush;
  constexpr uint64_t kBatches = 400;
  for (uint64_t i = 0; i < kBatches; ++i) put(*exporter, i * 100, 100);
  const ExporterCounters full = exporter->counters();
  EXPECT_GT(full.dropped_failed, 0u);
  EXPECT_GT(full.errors, 0u);
  EXPECT_EQ(full.records + full.dropped(), kBatches * 100);
  ballast.close();
  fs::remove(folder / "ballast");
  put(*exporter, 900000, 100);
  EXPECT_EQ(exporter->counters().records, full.records + 100);
  std::ifstream in(eve);
  std::string line;
  uint64_t whole = 0;
  while (std::getline(in, line)) {
    ASSERT_TRUE(line.starts_with("{\"n\":") && line.ends_with("}")) << line;
    ++whole;
  }
  EXPECT_EQ(whole, full.records + 100);
  exporter.reset();
}

TEST_F(FileOutput, ADeviceThatIsFullIsCounted) {
  eve = "/dev/full";
  auto exporter = make({{"rotate-size", "1"}});
  put(*exporter, 0, 10);
  put(*exporter, 10, 10);
  EXPECT_EQ(exporter->counters().dropped_failed, 20u);
  EXPECT_EQ(exporter->counters().errors, 2u);
  EXPECT_EQ(exporter->counters().rotations, 0u) << "a device is never renamed";
}

TEST_F(FileOutput, ItsModeIsWhatWasAsked) {
  make({{"filemode", "600"}});
  EXPECT_EQ(fs::status(eve).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(FileOutput, OptionsThatAreNoneAreRefused) {
  for (const char* wrong : {"often", "0s", "5", "-1h", "99999d", "h"})
    EXPECT_NE(refusal("rotate-interval", wrong), "") << wrong;
  for (const char* wrong : {"rw", "888", "1777", "044"}) EXPECT_NE(refusal("filemode", wrong), "") << wrong;
  EXPECT_NE(refusal("compress", "lzma"), "");
  eve = "/nowhere/eve.json";
  EXPECT_NE(refusal("append", "yes").find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace lapwing
