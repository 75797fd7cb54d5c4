// Dataset: a named set of values that rules look up and change.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"
#include "signatures/datasets/value_table.h"

namespace lapwing::rules {

enum class DatasetType : uint8_t { string, md5, sha256, ipv4, ip };

std::optional<DatasetType> dataset_type(std::string_view name);
std::string_view name_of(DatasetType type);

/// One for all workers: every call locks. Values are kept as buffers hold them, addresses of an `ip` set as IPv6.
class Dataset {
 public:
  enum class Added : uint8_t { fresh, known, no_value, no_room };

  Dataset(std::string name, DatasetType type, uint64_t memcap);

  const std::string& name() const { return name_; }
  DatasetType type() const { return type_; }

  /// What the set's file says of the value, if the set has it; a buffer that is no value of the type is in no set. The
  /// JSON outlives the call: rules change no set that has any.
  std::optional<ValueTable::Found> find(Bytes value) const;
  /// The same for the value or any domain that it lies in ("www.example.com": "example.com", ".example.com", ...).
  std::optional<ValueTable::Found> find_domain(Bytes value) const;
  Added add(Bytes value, const ValueTable::Aside& aside = {});
  bool remove(Bytes value);
  bool is_value(Bytes value) const;

  /// Calls `use` with each value, in no order.
  void each(const std::function<void(Bytes value)>& use) const;
  size_t size() const;
  /// Bytes that count towards the memcap.
  uint64_t used() const;
  void reserve(uint64_t count);

  /// Whether any rule changes the set: its outcome then depends on the order of packets.
  bool written() const { return written_.load(std::memory_order_relaxed); }
  void set_written() { written_.store(true, std::memory_order_relaxed); }
  bool has_json() const { return has_json_; }

 private:
  /// The value as the set keeps it, within `space` where it is changed; nothing when it is none.
  std::optional<Bytes> key_of(Bytes value, std::array<uint8_t, 16>& space) const;

  const std::string name_;
  const DatasetType type_;
  bool has_json_ = false;
  std::atomic<bool> written_ = false;
  mutable std::shared_mutex mutex_;
  ValueTable values_;
};

}  // namespace lapwing::rules
