#include "signatures/match/dataset.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <mutex>

#include "sensor/base/hash.h"

namespace lapwing::detect {

namespace {

constexpr std::string_view kTypes[] = {"string", "md5", "sha256", "ipv4", "ip"};
/// What an entry takes beside its value and its JSON.
constexpr uint64_t kEntryBytes = 96;

constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // ::ffff:0:0/96 (RFC 4291 2.5.5.2)

}  // namespace

std::optional<DatasetType> dataset_type(std::string_view name) {
  auto found = std::find(std::begin(kTypes), std::end(kTypes), name);
  if (found == std::end(kTypes)) return std::nullopt;
  return static_cast<DatasetType>(found - std::begin(kTypes));
}

std::string_view name_of(DatasetType type) {
  return kTypes[static_cast<size_t>(type)];
}

size_t Dataset::Hash::operator()(std::string_view key) const {
  // The table is never walked for results, so a seed of the process's own keeps them reproducible.
  static const uint64_t kSeed = reinterpret_cast<uintptr_t>(&kSeed) * 0x9e3779b97f4a7c15u;
  return keyed_hash(to_bytes(key), kSeed);
}

Dataset::Dataset(std::string name, DatasetType type, uint64_t memcap)
    : name_(std::move(name)), type_(type), memcap_(memcap) {}

std::optional<std::string_view> Dataset::key_of(Bytes value, std::array<uint8_t, 16>& space) const {
  switch (type_) {
    case DatasetType::string: return value.empty() ? std::nullopt : std::optional(to_text(value));
    case DatasetType::md5: return value.size() == 16 ? std::optional(to_text(value)) : std::nullopt;
    case DatasetType::sha256: return value.size() == 32 ? std::optional(to_text(value)) : std::nullopt;
    case DatasetType::ipv4: return value.size() == 4 ? std::optional(to_text(value)) : std::nullopt;
    case DatasetType::ip: break;
  }
  if (value.size() == 16) return to_text(value);
  if (value.size() != 4) return std::nullopt;
  std::copy(std::begin(kMapped), std::end(kMapped), space.begin());
  std::copy(value.begin(), value.end(), space.begin() + sizeof kMapped);
  return to_text(space);
}

bool Dataset::is_value(Bytes value) const {
  std::array<uint8_t, 16> space;
  return key_of(value, space).has_value();
}

bool Dataset::has(Bytes value, Entry const** entry) const {
  std::array<uint8_t, 16> space;
  auto key = key_of(value, space);
  if (!key) return false;
  std::shared_lock lock(mutex_);
  auto found = entries_.find(*key);
  if (found == entries_.end()) return false;
  if (entry) *entry = &found->second;
  return true;
}

bool Dataset::has_domain(Bytes value, Entry const** entry) const {
  for (;;) {
    if (has(value, entry)) return true;
    auto dot = std::find(value.begin(), value.end(), uint8_t{'.'});
    if (dot == value.end()) return false;
    auto at = static_cast<size_t>(dot - value.begin());
    value = value.subspan(at == 0 ? 1 : at);
  }
}

std::optional<uint16_t> Dataset::reputation(Bytes value) const {
  std::array<uint8_t, 16> space;
  auto key = key_of(value, space);
  if (!key) return std::nullopt;
  std::shared_lock lock(mutex_);
  auto found = entries_.find(*key);
  return found == entries_.end() ? std::nullopt : std::optional(found->second.reputation);
}

Dataset::Added Dataset::add(Bytes value, Entry entry) {
  std::array<uint8_t, 16> space;
  auto key = key_of(value, space);
  if (!key) return Added::no_value;
  std::unique_lock lock(mutex_);
  if (entries_.contains(*key)) return Added::known;
  const uint64_t cost = kEntryBytes + key->size() + entry.json.size();
  if (used_ + cost > memcap_) return Added::no_room;
  const bool json = !entry.json.empty();
  entries_.emplace(std::string(*key), std::move(entry));
  used_ += cost;
  has_json_ |= json;
  return Added::fresh;
}

bool Dataset::remove(Bytes value) {
  std::array<uint8_t, 16> space;
  auto key = key_of(value, space);
  if (!key) return false;
  std::unique_lock lock(mutex_);
  auto found = entries_.find(*key);
  if (found == entries_.end()) return false;
  used_ -= kEntryBytes + found->first.size() + found->second.json.size();
  entries_.erase(found);
  return true;
}

void Dataset::each(const std::function<void(Bytes)>& use) const {
  std::shared_lock lock(mutex_);
  for (const auto& [key, entry] : entries_) use(to_bytes(key));
}

size_t Dataset::size() const {
  std::shared_lock lock(mutex_);
  return entries_.size();
}

void Dataset::reserve(uint64_t count) {
  std::unique_lock lock(mutex_);
  entries_.reserve(count);
}

}  // namespace lapwing::detect
