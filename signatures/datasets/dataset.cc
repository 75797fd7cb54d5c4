#include "signatures/datasets/dataset.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <mutex>

namespace lapwing::rules {

namespace {

constexpr std::string_view kTypes[] = {"string", "md5", "sha256", "ipv4", "ip"};
constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // ::ffff:0:0/96 (RFC 4291 2.5.5.2)

/// Bytes of each value, 0 when they differ.
size_t value_size(DatasetType type) {
  switch (type) {
    case DatasetType::string: return 0;
    case DatasetType::md5: return 16;
    case DatasetType::sha256: return 32;
    case DatasetType::ipv4: return 4;
    case DatasetType::ip: return 16;
  }
  return 0;
}

}  // namespace

std::optional<DatasetType> dataset_type(std::string_view name) {
  auto found = std::find(std::begin(kTypes), std::end(kTypes), name);
  if (found == std::end(kTypes)) return std::nullopt;
  return static_cast<DatasetType>(found - std::begin(kTypes));
}

std::string_view name_of(DatasetType type) {
  return kTypes[static_cast<size_t>(type)];
}

Dataset::Dataset(std::string name, DatasetType type, uint64_t memcap)
    : name_(std::move(name)), type_(type), values_(value_size(type), memcap) {}

std::optional<Bytes> Dataset::key_of(Bytes value, std::array<uint8_t, 16>& space) const {
  if (type_ == DatasetType::string) return value.empty() ? std::nullopt : std::optional(value);
  if (value.size() == value_size(type_)) return value;
  if (type_ != DatasetType::ip || value.size() != 4) return std::nullopt;
  std::copy(std::begin(kMapped), std::end(kMapped), space.begin());
  std::copy(value.begin(), value.end(), space.begin() + sizeof kMapped);
  return space;
}

bool Dataset::is_value(Bytes value) const {
  std::array<uint8_t, 16> space;
  return key_of(value, space).has_value();
}

std::optional<ValueTable::Found> Dataset::find(Bytes value) const {
  std::array<uint8_t, 16> space;
  auto key = key_of(value, space);
  if (!key) return std::nullopt;
  std::shared_lock lock(mutex_);
  return values_.find(*key);
}

std::optional<ValueTable::Found> Dataset::find_domain(Bytes value) const {
  for (;;) {
    if (auto found = find(value)) return found;
    auto dot = std::find(value.begin(), value.end(), uint8_t{'.'});
    if (dot == value.end()) return std::nullopt;
    auto at = static_cast<size_t>(dot - value.begin());
    value = value.subspan(at == 0 ? 1 : at);
  }
}

Dataset::Added Dataset::add(Bytes value, const ValueTable::Aside& aside) {
  std::array<uint8_t, 16> space;
  auto key = key_of(value, space);
  if (!key) return Added::no_value;
  std::unique_lock lock(mutex_);
  if (values_.find(*key)) return Added::known;
  if (!values_.add(*key, aside)) return Added::no_room;
  has_json_ |= !aside.json.empty();
  return Added::fresh;
}

bool Dataset::remove(Bytes value) {
  std::array<uint8_t, 16> space;
  auto key = key_of(value, space);
  if (!key) return false;
  std::unique_lock lock(mutex_);
  return values_.remove(*key);
}

void Dataset::each(const std::function<void(Bytes)>& use) const {
  std::shared_lock lock(mutex_);
  values_.each(use);
}

size_t Dataset::size() const {
  std::shared_lock lock(mutex_);
  return values_.size();
}

uint64_t Dataset::used() const {
  std::shared_lock lock(mutex_);
  return values_.used();
}

void Dataset::reserve(uint64_t count) {
  std::unique_lock lock(mutex_);
  values_.reserve(count);
}

}  // namespace lapwing::rules
