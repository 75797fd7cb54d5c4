// The file store's quotas: traffic decides what is stored, and must not fill the disk.
#include "export/filestore/file_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace lapwing {
namespace {

namespace fs = std::filesystem;

class FileStoreTest : public testing::Test {
 protected:
  void SetUp() override { folder_ = fs::temp_directory_path() / ("lapwing-store-" + std::to_string(getpid())); }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<Exporter> store(FileStoreConfig config) const {
    config.folder = "files";
    return create_file_store(config, folder_.string());
  }
  /// A file of its own content.
  void keep(Exporter& store, uint64_t id, size_t size, bool ends = true) {
    using Kind = RecordBatch::FilePiece::Kind;
    auto batch = std::make_shared<RecordBatch>();
    batch->piece_bytes.assign(size, 'x');
    batch->pieces.push_back({Kind::bytes, id, 0, size});
    if (ends) {
      char digest[65];
      std::snprintf(digest, sizeof digest, "%064llx", static_cast<unsigned long long>(id));
      batch->piece_bytes += digest;
      batch->pieces.push_back({Kind::over, id, size, batch->piece_bytes.size()});
    }
    const std::shared_ptr<const RecordBatch> shared = batch;
    store.write({&shared, 1});
  }
  std::pair<uint64_t, uint64_t> kept() const {  // files, bytes
    std::pair<uint64_t, uint64_t> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      ++out.first;
      out.second += entry.file_size();
    }
    return out;
  }

  fs::path folder_;
};

TEST_F(FileStoreTest, HoldsMaxSizeAndCountsTheRest) {
  auto files = store({.max_size = 10'000});
  for (uint64_t id = 1; id <= 20; ++id) keep(*files, id, 1000);
  EXPECT_EQ(kept(), std::pair(uint64_t{10}, uint64_t{10'000}));
  EXPECT_EQ(files->counters().records, 10u);
  EXPECT_EQ(files->counters().files.max_size_hit, 10u);
}

TEST_F(FileStoreTest, HoldsMaxFilesOfEarlierRunsToo) {
  for (uint64_t run = 0; run < 3; ++run) {
    auto files = store({.max_files = 5});
    for (uint64_t id = 1; id <= 2; ++id) keep(*files, run * 10 + id, 10);
    EXPECT_EQ(files->counters().files.max_files_hit, run == 2 ? 1u : 0u);
  }
  EXPECT_EQ(kept().first, 5u);
}

TEST_F(FileStoreTest, ContentThatIsThereTakesNoRoomTwice) {
  auto files = store({.max_size = 1500});
  for (int i = 0; i < 5; ++i) {
    keep(*files, 7, 500);
  }
  EXPECT_EQ(files->counters().records, 5u);
  EXPECT_EQ(kept(), std::pair(uint64_t{1}, uint64_t{500}));
}

TEST_F(FileStoreTest, FilesWithoutAnEndKeepNoDescriptors) {
  auto files = store({.max_open_files = 16});
  for (uint64_t id = 1; id <= 200; ++id) keep(*files, id, 10, false);
  EXPECT_LE(files->counters().files.open_files, 16u);
}

}  // namespace
}  // namespace lapwing
