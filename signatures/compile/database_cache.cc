#include "signatures/compile/database_cache.h"

#include <hs/hs.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "sensor/base/hash.h"

namespace lapwing::detect {
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

}  // namespace

Digest digest_of(Bytes bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

DatabaseCache::DatabaseCache(fs::path folder, std::span<const Digest> set)
    : folder_(std::move(folder)), file_(folder_ / name_of(set)) {}

bool DatabaseCache::read() {
  entries_.clear();
  std::error_code error;
  const auto size = fs::file_size(file_, error);
  if (error || size < kFormat.size() + kChecksumSize) return false;
  content_.resize(size);
  std::ifstream in(file_, std::ios::binary);
  if (!in.read(reinterpret_cast<char*>(content_.data()), static_cast<std::streamsize>(size))) return false;
  Bytes left(content_);
  Digest sum;
  std::memcpy(&sum, left.last(kChecksumSize).data(), sizeof sum);
  left = left.first(left.size() - kChecksumSize);
  if (digest_of(left) != sum) return false;
  left = left.subspan(kFormat.size());
  while (left.size() >= kEntryHead) {
    Digest digest;
    uint64_t length = 0;
    std::memcpy(&digest, left.data(), sizeof digest);
    std::memcpy(&length, left.data() + sizeof digest, sizeof length);
    left = left.subspan(kEntryHead);
    if (length > left.size()) return false;
    entries_[digest] = left.first(length);
    left = left.subspan(length);
  }
  fs::last_write_time(file_, fs::file_time_type::clock::now(), error);
  return left.empty();
}

Bytes DatabaseCache::find(const Digest& digest) const {
  auto found = entries_.find(digest);
  return found == entries_.end() ? Bytes() : found->second;
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
  fs::create_directories(folder_, error);
  fs::path beside = file_;
  beside += "." + std::to_string(::getpid());
  std::ofstream file(beside, std::ios::binary);
  file.write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
  file.close();
  if (file) fs::rename(beside, file_, error);
  if (!file || error) {
    spdlog::warn("{}: cannot be written: the rules will be compiled again at the next start", file_.string());
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

}  // namespace lapwing::detect
