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
#include <optional>

#include "sensor/base/descriptor.h"

namespace lapwing::rules {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "lapwing databases 1\n";
constexpr std::string_view kSuffix = ".databases";
constexpr size_t kChecksumSize = sizeof(Digest);
constexpr size_t kEntryHead = sizeof(Digest) + sizeof(uint64_t);

std::string name_of(std::span<const Digest> set) {
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  std::string text(kFormat);
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

void append(std::vector<uint8_t>& out, const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
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

/// digest_of() the first `size` bytes of a file.
std::optional<Digest> digest_of_file(int descriptor, uint64_t size) {
  std::vector<uint8_t> chunk(256 << 10);
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  if (!state || XXH3_128bits_reset(state.get()) != XXH_OK) return {};
  for (uint64_t at = 0; at < size; at += chunk.size()) {
    chunk.resize(std::min<uint64_t>(chunk.size(), size - at));
    if (!read_at(descriptor, at, chunk.data(), chunk.size())) return {};
    XXH3_128bits_update(state.get(), chunk.data(), chunk.size());
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return Digest{hash.low64, hash.high64};
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
  if (size < kFormat.size() + kChecksumSize) return false;
  const uint64_t end = size - kChecksumSize;
  Digest sum;
  if (!read_at(file, end, &sum, sizeof sum) || digest_of_file(file, end) != sum) return false;
  futimens(file, nullptr);  // used last now
  uint64_t at = kFormat.size();
  while (end - at >= kEntryHead) {
    struct {
      Digest digest;
      uint64_t length;
    } head;
    static_assert(sizeof head == kEntryHead);
    if (!read_at(file, at, &head, sizeof head)) return false;
    at += kEntryHead;
    if (head.length > end - at) return false;
    entries_[head.digest] = {at, head.length};
    at += head.length;
  }
  return at == end;
}

Bytes DatabaseCache::find(const Digest& digest) {
  auto found = entries_.find(digest);
  if (found == entries_.end()) return {};
  bytes_.resize(found->second.size);
  if (!read_at(content_->get(), found->second.at, bytes_.data(), bytes_.size())) return {};
  return bytes_;
}

void DatabaseCache::write(std::span<const Entry> entries) const {
  std::vector<uint8_t> out;
  append(out, kFormat.data(), kFormat.size());
  for (const Entry& entry : entries) {
    const uint64_t length = entry.bytes.size();
    append(out, &entry.digest, sizeof entry.digest);
    append(out, &length, sizeof length);
    append(out, entry.bytes.data(), length);
  }
  const Digest sum = digest_of(out);
  append(out, &sum, sizeof sum);
  std::error_code error;
  fs::create_directories(folder_.parent_path(), error);
  mkdir(folder_.c_str(), 0700);
  if (!is_kept_folder(folder_)) {
    spdlog::warn("{}: others may write here, so compiled rules are not kept in it; do: chmod go-w", folder_.string());
    return;
  }
  std::string beside = file_.string() + ".XXXXXX";
  const Descriptor file(mkostemp(beside.data(), O_CLOEXEC));
  if (file.get() >= 0 && write_all(file.get(), out)) {
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
