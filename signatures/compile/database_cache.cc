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
constexpr size_t kChecksumSize = sizeof(XXH128_hash_t);
constexpr size_t kEntryHead = sizeof(Digest) + sizeof(uint64_t);

std::string name_of(std::span<const Digest> set) {
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  std::string text(kFormat);
  text.append(hs_version());
  for (unsigned long long part : {0ull + platform.tune, platform.cpu_features})
    text.append(reinterpret_cast<const char*>(&part), sizeof part);
  text.append(reinterpret_cast<const char*>(set.data()), set.size_bytes());
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  char name[40];
  std::snprintf(name, sizeof name, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return name + std::string(kSuffix);
}

std::array<uint8_t, kChecksumSize> checksum(Bytes bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  std::array<uint8_t, kChecksumSize> out;
  std::memcpy(out.data(), &hash, sizeof hash);
  return out;
}

void append(std::vector<uint8_t>& out, const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

}  // namespace

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
  const Bytes sum = left.last(kChecksumSize);
  left = left.first(left.size() - kChecksumSize);
  if (!std::ranges::equal(checksum(left), sum)) return false;
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
  const auto sum = checksum(out);
  append(out, sum.data(), sum.size());
  std::error_code error;
  fs::create_directories(folder_, error);
  fs::path beside = file_;
  beside += "." + std::to_string(::getpid());
  std::ofstream file(beside, std::ios::binary);
  file.write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
  file.close();
  if (!file) {
    spdlog::warn("{}: cannot be written: the rules will be compiled again at the next start", beside.string());
    fs::remove(beside, error);
    return;
  }
  fs::rename(beside, file_, error);
  evict();
}

void DatabaseCache::evict() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() == kSuffix) files.emplace_back(entry.last_write_time(error), entry.path());
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
