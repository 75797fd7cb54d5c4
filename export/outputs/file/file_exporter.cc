#include "export/outputs/file/file_exporter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>

#include "export/outputs/file/batch_writer.h"
#include "export/outputs/file/compressor.h"
#include "sensor/base/log.h"
#include "sensor/base/text.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

enum class Compression : uint8_t { none, gzip, zstd };
constexpr NamedValue kCompressions[] = {
    {"none", Compression::none}, {"gzip", Compression::gzip}, {"zstd", Compression::zstd}};

struct FileOptions {
  std::string filename, directory, mode, interval;
  Compression compression = Compression::none;
  bool append = true;
  uint64_t rotate_size = 0, keep = 0;
};
using F = FileOptions;
constexpr OptionRow<FileOptions> kRows[] = {
    {"filename", &F::filename, "eve.json", "the file; relative to default-log-dir"},
    {"default-log-dir", &F::directory, ".", "directory of relative file names"},
    {"append", &F::append, "yes", "keep what an earlier run wrote"},
    {"filemode", &F::mode, "", "permissions in octal, such as 640; without it those of the umask"},
    {"rotate-interval", &F::interval, "",
     "begin a new file so often: minute, hour, day (at its start, UTC), or a number with s, m, h or d"},
    {"rotate-size", &F::rotate_size, "0", "begin a new file from this size on; 0: never", Unit::bytes},
    {"keep", &F::keep, "0", "rotated files that are kept; 0: all"},
    {"compress", one_of<&F::compression>(kCompressions), "none", "of rotated files"},
};

constexpr mode_t kFileMode = 0644;  // less the umask
constexpr int64_t kMinute = 60, kHour = 3600, kDay = 86400;
constexpr std::chrono::seconds kTryAgain{10};

/// Seconds; 0: never.
int64_t read_interval(const std::string& text, const Setting& node) {
  if (text.empty()) return 0;
  for (auto [word, seconds] : {std::pair{"minute", kMinute}, {"hour", kHour}, {"day", kDay}}) {
    if (text == word) return seconds;
  }
  for (auto [unit, seconds] : {std::pair{'s', int64_t{1}}, {'m', kMinute}, {'h', kHour}, {'d', kDay}}) {
    const auto number = parse_unsigned(std::string_view(text).substr(0, text.size() - 1));
    if (text.back() == unit && number && *number > 0 && *number < 10000) return static_cast<int64_t>(*number) * seconds;
  }
  node.fail("'" + text + "' is no interval: minute, hour, day, or a number below 10,000 with s, m, h or d");
}

std::optional<mode_t> read_mode(const std::string& text, const Setting& node) {
  if (text.empty()) return std::nullopt;
  char* end = nullptr;
  const unsigned long mode = std::strtoul(text.c_str(), &end, 8);
  if (*end || mode > 0777 || !(mode & S_IWUSR))
    node.fail("'" + text + "' is no file mode its owner may write with, such as 640");
  return static_cast<mode_t>(mode);
}

int64_t wall_seconds() {
  return static_cast<int64_t>(std::time(nullptr));
}

class FileExporter final : public Exporter {
 public:
  FileExporter(std::string path, const FileOptions& options, int64_t interval, std::optional<mode_t> mode)
      : path_(std::move(path)), options_(options), interval_(interval), mode_(mode), writer_(path_) {
    if (options.compression != Compression::none) {
      compressor_.emplace(options.compression == Compression::gzip ? Compressor::Kind::gzip : Compressor::Kind::zstd);
    }
    descriptor_ = open_file(options.append ? O_APPEND : O_TRUNC);
    begin_period();
  }
  ~FileExporter() override {
    if (descriptor_ >= 0) close(descriptor_);
  }

  bool opened() const { return descriptor_ >= 0; }

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    rotate_when_due();
    const uint64_t before = counters_.bytes;
    writer_.write(descriptor_, batches, counters_);
    size_ += counters_.bytes - before;
  }
  void flush() override { rotate_when_due(); }

  void reopen() override {
    if (open_anew()) ++counters_.rotations;
  }

  ExporterCounters counters() const override {
    ExporterCounters all = counters_;
    if (compressor_) all.rotations_failed += compressor_->failed();
    return all;
  }
  ExporterLabel label() const override { return {"regular", path_}; }

 private:
  int open_file(int flag) {
    const int descriptor =
        open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flag, mode_.value_or(kFileMode));
    struct stat info {};
    if (descriptor < 0 || fstat(descriptor, &info) != 0) return descriptor;
    if (mode_ && S_ISREG(info.st_mode) && fchmod(descriptor, *mode_) != 0) {
      spdlog::warn("{}: filemode {}: {}", path_, options_.mode, std::strerror(errno));
    }
    size_ = static_cast<uint64_t>(info.st_size);
    rotatable_ = S_ISREG(info.st_mode);
    return descriptor;
  }

  void begin_period() { next_ = interval_ ? (wall_seconds() / interval_ + 1) * interval_ : INT64_MAX; }

  bool open_anew() {
    const int fresh = open_file(O_APPEND);
    if (fresh < 0) {
      fail("cannot be opened anew");
      return false;
    }
    close(descriptor_);
    descriptor_ = fresh;
    failing_ = renamed_ = false;
    begin_period();
    return true;
  }

  void rotate_when_due() {
    if (!rotatable_) return;
    const bool full = options_.rotate_size && size_ >= options_.rotate_size;
    if (!renamed_ && !full && wall_seconds() < next_) return;
    if (size_ == 0 && !renamed_) return begin_period();
    if (failing_ && std::chrono::steady_clock::now() < try_again_) return;
    if (!renamed_) {
      // Whoever moved the file away has rotated it already.
      rotated_ = free_name();
      if (rename(path_.c_str(), rotated_.c_str()) != 0 && errno != ENOENT) return fail("cannot be rotated");
      renamed_ = true;
    }
    // Until there is a new file, the old one goes on under its new name.
    if (!open_anew()) return;
    ++counters_.rotations;
    if (compressor_) compressor_->add(rotated_);
    remove_old();
  }

  /// PATH-20261124-170000, and .1 and so on for the same second.
  std::string free_name() const {
    const std::time_t now = wall_seconds();
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "-%Y%m%d-%H%M%S", &parts);
    const std::string base = path_ + text;
    std::string name = base;
    auto taken = [](const std::string& wanted) {
      std::error_code ignored;
      return fs::exists(wanted, ignored) || fs::exists(wanted + ".gz", ignored) || fs::exists(wanted + ".zst", ignored);
    };
    for (unsigned i = 1; taken(name); ++i) name = base + "." + std::to_string(i);
    return name;
  }

  /// Only what this output names: PATH-, the time, and perhaps a number and the compressor's suffix.
  static bool is_rotated_name(std::string_view rest) {
    constexpr std::string_view kShape = "-00000000-000000";
    if (rest.size() < kShape.size()) return false;
    for (size_t i = 0; i < kShape.size(); ++i) {
      const bool digit = rest[i] >= '0' && rest[i] <= '9';
      if (kShape[i] == '0' ? !digit : rest[i] != kShape[i]) return false;
    }
    rest.remove_prefix(kShape.size());
    return rest.empty() || (rest.front() == '.' && !rest.ends_with(".part"));
  }

  void remove_old() {
    if (options_.keep == 0) return;
    const fs::path path(path_);
    const std::string name = path.filename().string();
    std::vector<std::pair<fs::file_time_type, fs::path>> rotated;
    std::error_code error;
    for (fs::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", error), end;
         !error && entry != end; entry.increment(error)) {
      const std::string other = entry->path().filename().string();
      if (!other.starts_with(name) || !is_rotated_name(std::string_view(other).substr(name.size()))) continue;
      std::error_code gone;
      const auto time = entry->last_write_time(gone);
      if (!gone) rotated.emplace_back(time, entry->path());
    }
    if (rotated.size() <= options_.keep) return;
    // Names tell the time; files of one second are told apart by when they were last written.
    std::ranges::sort(rotated);
    rotated.resize(rotated.size() - options_.keep);
    for (const auto& old : rotated) fs::remove(old.second, error);
  }

  void fail(const char* what) {
    ++counters_.rotations_failed;
    try_again_ = std::chrono::steady_clock::now() + kTryAgain;
    if (!failing_) spdlog::error("{}: {}: {}; the old file goes on", path_, what, std::strerror(errno));
    failing_ = true;
  }

  const std::string path_;
  const FileOptions options_;
  const int64_t interval_;
  const std::optional<mode_t> mode_;
  BatchWriter writer_;
  std::optional<Compressor> compressor_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  int64_t next_ = INT64_MAX;  // seconds since 1970
  bool rotatable_ = false, renamed_ = false, failing_ = false;
  std::string rotated_;
  std::chrono::steady_clock::time_point try_again_;
  ExporterCounters counters_;
};

/// Why the file could not be written, as open() would put it; 0: it could.
int fault_of(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return errno;
    const std::string folder = fs::path(path).parent_path();
    return faccessat(AT_FDCWD, folder.empty() ? "." : folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
  }
  if (S_ISLNK(info.st_mode)) return ELOOP;
  if (S_ISDIR(info.st_mode)) return EISDIR;
  return faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno;
}

const Setting& place(const Setting& node, std::string_view key) {
  const Setting* found = node.find(key);
  return found ? *found : node;
}

}  // namespace

std::vector<OptionInfo> file_exporter_options() {
  return describe_options<FileOptions>(kRows);
}

std::unique_ptr<Exporter> create_file_exporter(const Setting& node, const ExportContext& context) {
  auto options = read_options<FileOptions>(node, kRows);
  const std::string path = options.filename.starts_with('/') || options.directory == "."
                               ? options.filename
                               : options.directory + "/" + options.filename;
  const int64_t interval = read_interval(options.interval, place(node, "rotate-interval"));
  const auto mode = read_mode(options.mode, place(node, "filemode"));
  std::unique_ptr<FileExporter> exporter;
  if (!context.trial) exporter = std::make_unique<FileExporter>(path, options, interval, mode);
  const int fault = context.trial ? fault_of(path) : exporter->opened() ? 0 : errno;
  if (fault != 0) {
    // A link would lead the records of who may write elsewhere into what others own.
    const std::string reason =
        fault == ELOOP ? "is a symbolic link: name the file itself, or - for standard output" : std::strerror(fault);
    place(node, "filename").fail(path + ": " + reason);
  }
  return exporter;
}

}  // namespace lapwing
