#include "signatures/program/database_cache.h"

#include <fcntl.h>
#include <hs/hs.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sensor/base/descriptor.h"

namespace lapwing::rules {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".databases";

/// What a file begins with. Rows follow, then the databases in their order.
struct Head {
  char format[24] = "lapwing databases 2\n";
  uint64_t rows = 0;
  Digest sum{};  // of the rows
};
struct Row {
  Digest digest;
  uint64_t size;  // of the database
  Digest sum;     // ... and its checksum
};

std::string name_of(std::span<const Digest> set) {
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  std::string text(Head{}.format);
  text.append(hs_version());
  for (unsigned long long part : {0ull + platform.tune, platform.cpu_features})
    text.append(reinterpret_cast<const char*>(&part), sizeof part);
  text.append(reinterpret_cast<const char*>(set.data()), set.size_bytes());
  const Digest digest = digest_of(to_bytes(text));
  char name[40];
  std::snprintf(name, sizeof name, "%016llx%016llx", static_cast<unsigned long long>(digest[1]),
                static_cast<unsigned long long>(digest[0]));
  return name + std::string(kSuffix);
}

Bytes bytes_of(const std::vector<Row>& table) {
  return {reinterpret_cast<const uint8_t*>(table.data()), table.size() * sizeof(Row)};
}

/// Ours alone to write.
bool is_kept(const struct stat& info) {
  return info.st_uid == geteuid() && !(info.st_mode & (S_IWGRP | S_IWOTH));
}

bool is_kept_folder(const fs::path& folder) {
  struct stat info {};
  return lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && is_kept(info);
}

/// -1 when there is none.
int open_unblocked(const fs::path& path) {
  // Not to be held up by a FIFO in the file's place.
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

bool read_at(int descriptor, uint64_t at, void* out, size_t size) {
  for (size_t have = 0; have < size;) {
    const ssize_t n = pread(descriptor, static_cast<uint8_t*>(out) + have, size - have, static_cast<off_t>(at + have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    have += static_cast<size_t>(n);
  }
  return true;
}

bool write_all(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

Digest digest_of(Bytes bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

DatabaseCache::DatabaseCache(fs::path folder, std::span<const Digest> set)
    : folder_(std::move(folder)), file_(folder_ / name_of(set)) {}

bool DatabaseCache::read() {
  entries_.clear();
  if (!is_kept_folder(folder_)) return false;
  content_ = std::make_unique<Descriptor>(open_unblocked(file_));
  const int file = content_->get();
  struct stat info {};
  if (file < 0 || fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || !is_kept(info)) return false;
  const auto size = static_cast<uint64_t>(info.st_size);
  uint64_t at = sizeof(Head);
  Head head;
  if (size < at || !read_at(file, 0, &head, sizeof head)) return false;
  if (std::memcmp(head.format, Head{}.format, sizeof head.format) != 0) return false;
  if (head.rows > (size - at) / sizeof(Row)) return false;
  std::vector<Row> table(head.rows);
  if (!read_at(file, at, table.data(), head.rows * sizeof(Row)) || digest_of(bytes_of(table)) != head.sum) return false;
  futimens(file, nullptr);  // used last now
  at += head.rows * sizeof(Row);
  for (const Row& row : table) {
    if (row.size > size - at) return false;
    entries_[row.digest] = {at, row.size, row.sum};
    at += row.size;
  }
  return at == size;
}

Bytes DatabaseCache::find(const Digest& digest) {
  auto found = entries_.find(digest);
  if (found == entries_.end()) return {};
  const Place& place = found->second;
  if (bytes_.size() < place.size) bytes_.resize(place.size);
  const Bytes bytes(bytes_.data(), place.size);
  if (!read_at(content_->get(), place.at, bytes_.data(), place.size) || digest_of(bytes) != place.sum) return {};
  return bytes;
}

void DatabaseCache::write(std::span<const Entry> entries) const {
  std::vector<Row> table;
  for (const Entry& entry : entries) table.push_back({entry.digest, entry.bytes.size(), digest_of(entry.bytes)});
  const Head head{.rows = table.size(), .sum = digest_of(bytes_of(table))};
  std::error_code error;
  fs::create_directories(folder_.parent_path(), error);
  mkdir(folder_.c_str(), 0700);
  if (!is_kept_folder(folder_)) {
    spdlog::warn("{}: others may write here, so compiled rules are not kept in it; do: chmod go-w", folder_.string());
    return;
  }
  std::string beside = file_.string() + ".XXXXXX";
  const Descriptor file(mkostemp(beside.data(), O_CLOEXEC));
  bool written = file.get() >= 0 && write_all(file.get(), {reinterpret_cast<const uint8_t*>(&head), sizeof head}) &&
                 write_all(file.get(), bytes_of(table));
  for (const Entry& entry : entries) written = written && write_all(file.get(), entry.bytes);
  if (written) {
    fs::rename(beside, file_, error);
  } else {
    error.assign(errno, std::generic_category());
  }
  if (error) {
    spdlog::warn("{}: {}: the rules will be compiled again at the next start", file_.string(), error.message());
    fs::remove(beside, error);
    return;
  }
  evict();
}

void DatabaseCache::evict() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // another process may be at work here
    const auto time = it->last_write_time(gone);
    if (!gone && it->path().extension() == kSuffix) files.emplace_back(time, it->path());
  }
  std::sort(files.begin(), files.end());
  for (size_t i = 0; i + kMaxCachedSets < files.size(); i++) fs::remove(files[i].second, error);
}

fs::path default_cache_folder() {
  if (const char* given = std::getenv("CACHE_DIRECTORY"); given && *given) return given;
  if (const char* caches = std::getenv("XDG_CACHE_HOME"); caches && *caches) return fs::path(caches) / "lapwing";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache/lapwing";
  return {};
}

}  // namespace lapwing::rules
