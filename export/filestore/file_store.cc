#include "export/filestore/file_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>

#include "sensor/base/log.h"
#include "sensor/base/text.h"
#include "sensor/base/writable.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;
using C = FileStoreConfig;

constexpr NamedValue kVersions[] = {{"2", 2}};

constexpr OptionRow<C> kRows[] = {
    {"enabled", &C::enabled, "no", "store files that rules with filestore ask for"},
    {"version", one_of<&C::version>(kVersions), "2", "layout of the folder"},
    {"dir", &C::folder, "filestore", "the folder; relative to default-log-dir, or to where --eve writes"},
    {"write-fileinfo", &C::write_fileinfo, "no", "write the fileinfo record of a file beside it"},
    {"force-filestore", &C::force, "no", "store every file, whatever rules say"},
    {"stream-depth", &C::depth, "0", "bytes of a file that are stored at most; 0: all", Unit::bytes},
    {"max-size", &C::max_size, "10gb",
     "bytes of all files in the folder: beyond, none is stored until some are taken away; 0: no limit", Unit::bytes},
    {"max-files", &C::max_files, "100000", "files in the folder, and the same beyond; 0: no limit"},
    {"max-open-files", &C::max_open_files, "256",
     "files that may be open at once: beyond, a file is opened for each write; 0: no limit"},
};

constexpr mode_t kFileMode = 0640;
/// Files that grow at once. Of one whose end was lost with a dropped batch nothing comes any more: the oldest goes.
constexpr size_t kMaxGrowingFiles = 65536;
/// How often a full folder is looked through for what others took away.
constexpr std::chrono::seconds kCountEvery{60};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

/// [H side] A file grows below a name of its own in tmp/ and gets its final name when it is over.
class FileStore final : public Exporter {
 public:
  FileStore(const FileStoreConfig& config, fs::path folder) : config_(config), folder_(std::move(folder)) {
    std::error_code error;
    auto make = [&](const fs::path& path) {
      fs::create_directories(path, error);
      if (error) throw SettingError({path.string(), 0, 0}, "cannot be made for the file store: " + error.message());
    };
    make(folder_ / "tmp");
    for (unsigned i = 0; i < 256; ++i) {
      const auto byte = static_cast<uint8_t>(i);
      make(folder_ / to_hex(Bytes(&byte, 1)));
    }
    count_folder();
  }

  ~FileStore() override {
    for (auto& [id, file] : files_) abandon(id, file);
  }

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      size_t begin = 0;
      for (const RecordBatch::FilePiece& piece : batch->pieces) {
        take(piece, std::string_view(batch->piece_bytes).substr(begin, piece.end - begin));
        begin = piece.end;
      }
    }
  }
  void flush() override {}
  ExporterLabel label() const override { return {"file-store", folder_.string()}; }

  ExporterCounters counters() const override {
    return {.records = stored_, .bytes = bytes_, .errors = counters_.fs_errors, .files = counters_};
  }

 private:
  struct Open {
    int descriptor = -1;
    uint64_t size = 0;
    bool made = false, failed = false;
  };

  /// Process and number: stores of several processes may share a folder.
  fs::path temporary(uint64_t id) const {
    return folder_ / "tmp" / ("file." + std::to_string(getpid()) + "." + std::to_string(id));
  }

  void take(const RecordBatch::FilePiece& piece, std::string_view bytes) {
    using Kind = RecordBatch::FilePiece::Kind;
    if (piece.kind == Kind::info) return info(piece, bytes);
    Open& file = files_[piece.id];
    if (files_.size() > kMaxGrowingFiles) give_up_oldest(piece.id);
    if (!file.failed && piece.offset != file.size) {
      // A batch before this one was dropped: what is there is no beginning of the file.
      ++counters_.pieces_lost;
      fail(piece.id, file);
    }
    if (piece.kind == Kind::over) {
      finish(piece.id, file, bytes);
      files_.erase(piece.id);
    } else if (!file.failed) {
      append(piece.id, file, bytes);
    }
  }

  void append(uint64_t id, Open& file, std::string_view bytes) {
    if (!has_room(!file.made, bytes.size())) return fail(id, file);
    if (file.descriptor < 0) {
      const int fresh = file.size == 0 ? O_CREAT | O_EXCL : O_APPEND;
      file.descriptor = open(temporary(id).c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | fresh, kFileMode);
      if (file.descriptor < 0) return error(id, file, "open");
      ++counters_.open_files;
      if (!file.made) ++kept_.files;
      file.made = true;
    }
    if (!write_all(file.descriptor, bytes)) return error(id, file, "write");
    file.size += bytes.size();
    kept_.bytes += bytes.size();
    bytes_ += bytes.size();
    if (config_.max_open_files && counters_.open_files > config_.max_open_files) {
      ++counters_.open_files_max_hit;
      close_file(file);
    }
  }

  void finish(uint64_t id, Open& file, std::string_view sha256) {
    if (file.failed) return;
    if (file.size == 0) append(id, file, {});  // an empty file has a digest too
    if (file.failed) return;
    close_file(file);
    const fs::path target = folder_ / sha256.substr(0, 2) / sha256;
    std::error_code error_code;
    // Content that is there already is the same; only its time is new.
    if (fs::exists(target, error_code)) {
      fs::last_write_time(target, fs::file_time_type::clock::now(), error_code);
      if (!error_code) remove_temporary(id, file);
    } else {
      fs::rename(temporary(id), target, error_code);
    }
    if (error_code) {
      errno = error_code.value();
      return error(id, file, "rename");
    }
    ++stored_;
  }

  /// `text`: the digest's 64 digits, then the record.
  void info(const RecordBatch::FilePiece& piece, std::string_view text) {
    constexpr size_t kDigits = 64;
    if (text.size() < kDigits) return;
    const std::string_view sha256 = text.substr(0, kDigits);
    const std::string name =
        std::string(sha256) + "." + std::to_string(piece.offset) + "." + std::to_string(piece.id) + ".json";
    const fs::path path = folder_ / sha256.substr(0, 2) / name;
    if (!has_room(true, text.size() - kDigits)) return;
    int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_CREAT | O_TRUNC, kFileMode);
    bool written = descriptor >= 0 && write_all(descriptor, text.substr(kDigits));
    if (written) kept_ = {kept_.files + 1, kept_.bytes + text.size() - kDigits};
    if (!written) complain("write the record of", piece.id);
    if (descriptor >= 0) close(descriptor);
  }

  void close_file(Open& file) {
    if (file.descriptor < 0) return;
    close(file.descriptor);
    file.descriptor = -1;
    --counters_.open_files;
  }
  void abandon(uint64_t id, Open& file) {
    close_file(file);
    if (!file.failed && file.made) remove_temporary(id, file);
  }
  void remove_temporary(uint64_t id, const Open& file) {
    std::error_code ignored;
    fs::remove(temporary(id), ignored);
    kept_.files -= std::min<uint64_t>(kept_.files, 1);
    kept_.bytes -= std::min(kept_.bytes, file.size);
  }
  void give_up_oldest(uint64_t but) {
    auto oldest = files_.begin();
    if (oldest->first == but) ++oldest;
    abandon(oldest->first, oldest->second);
    files_.erase(oldest);
    ++counters_.max_growing_hit;
  }

  bool fits(bool new_file, uint64_t bytes, bool count) {
    const bool files = !config_.max_files || !new_file || kept_.files < config_.max_files;
    const bool size = !config_.max_size || kept_.bytes + bytes <= config_.max_size;
    if (count && !files) ++counters_.max_files_hit;
    if (count && files && !size) ++counters_.max_size_hit;
    return files && size;
  }
  bool has_room(bool new_file, uint64_t bytes) {
    if (fits(new_file, bytes, false)) return true;
    if (std::chrono::steady_clock::now() >= count_again_) count_folder();
    if (fits(new_file, bytes, true)) return true;
    if (!told_) spdlog::error("{}: max-size or max-files is reached: no more files are stored", folder_.string());
    told_ = true;
    return false;
  }
  /// What lies there, of earlier runs too.
  void count_folder() {
    kept_ = {};
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
      std::error_code gone;
      if (!entry->is_regular_file(gone)) continue;
      const uint64_t size = entry->file_size(gone);
      if (!gone) kept_ = {kept_.files + 1, kept_.bytes + size};
    }
    count_again_ = std::chrono::steady_clock::now() + kCountEvery;
  }

  void fail(uint64_t id, Open& file) {
    abandon(id, file);
    file.failed = true;
  }
  void error(uint64_t id, Open& file, const char* what) {
    complain(what, id);
    fail(id, file);
  }
  /// A full disk fails every file: one message tells it.
  void complain(const char* what, uint64_t id) {
    if (counters_.fs_errors++ == 0) {
      spdlog::error("{}: cannot {} file {}: {}", folder_.string(), what, id, std::strerror(errno));
    }
  }

  const FileStoreConfig config_;
  const fs::path folder_;
  std::map<uint64_t, Open> files_;  // by number, which grows
  struct {
    uint64_t files = 0, bytes = 0;
  } kept_;  // in the folder
  std::chrono::steady_clock::time_point count_again_;
  bool told_ = false;
  uint64_t stored_ = 0, bytes_ = 0;
  FileStoreCounters counters_;
};

}  // namespace

std::span<const CounterRow<FileStoreCounters>> file_store_counter_rows() {
  using F = FileStoreCounters;
  static constexpr CounterRow<F> kCounters[] = {
      {"file_store.open_files", &F::open_files, "files that the store holds open now", CounterKind::gauge},
      {"file_store.open_files_max_hit", &F::open_files_max_hit, "writes that had to open and close their file",
       CounterKind::loss},
      {"file_store.fs_errors", &F::fs_errors, "files and records that the file system did not take", CounterKind::loss},
      {"file_store.pieces_lost", &F::pieces_lost, "files given up because a batch with some of their bytes was dropped",
       CounterKind::loss},
      {"file_store.max_size_hit", &F::max_size_hit, "files and records not stored: the folder held max-size",
       CounterKind::loss},
      {"file_store.max_files_hit", &F::max_files_hit, "files and records not stored: the folder held max-files",
       CounterKind::loss},
      {"file_store.max_growing_hit", &F::max_growing_hit, "files given up because 65,536 younger ones were growing",
       CounterKind::loss},
  };
  return kCounters;
}

FileStoreConfig FileStoreConfig::read(const Setting& root) {
  const Setting* section = root.find("outputs.file-store");
  if (!section) return {};
  auto config = read_options<C>(*section, kRows);
  if (!config.enabled) section->use_all();
  return config;
}

std::vector<OptionInfo> file_store_options() {
  return describe_options<C>(kRows, "outputs.file-store.");
}

std::unique_ptr<Exporter> create_file_store(const FileStoreConfig& config, const std::string& log_folder, bool trial) {
  const fs::path folder = fs::path(log_folder) / config.folder;
  if (!trial) return std::make_unique<FileStore>(config, folder);
  if (const int fault = fault_of_making(folder / "tmp")) {
    throw SettingError({folder.string(), 0, 0}, std::string("no place for the file store: ") + std::strerror(fault));
  }
  return nullptr;
}

}  // namespace lapwing
