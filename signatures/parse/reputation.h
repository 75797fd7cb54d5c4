// IP reputation: how much an address or network belongs to a category, from lists [S].
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/setting.h"

namespace lapwing {

class Reputation {
 public:
  static constexpr uint8_t kMaxCategory = 60, kMaxScore = 127;

  /// Reads reputation-categories-file, and reputation-files below default-reputation-path; null when none is named.
  /// Throws SettingError.
  static std::shared_ptr<const Reputation> read(const Setting& root);

  /// "number,name,description" lines, and "address or network,category,score" lines. Throw SettingError at a line at
  /// fault.
  void add_categories(std::string_view text, const std::string& file);
  void add_scores(std::string_view text, const std::string& file);

  std::optional<uint8_t> category(std::string_view name) const;
  /// Of the narrowest network that has a score in the category.
  std::optional<uint8_t> score(const IpAddress& address, uint8_t category) const;

 private:
  struct Key {
    IpAddress network;
    uint8_t length = 0, category = 0;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const;
  };
  std::map<std::string, uint8_t, std::less<>> categories_;
  std::unordered_map<Key, uint8_t, Hash> scores_;
  std::vector<uint8_t> lengths_[2];  // of networks, IPv4 and IPv6, the longest first
};

}  // namespace lapwing
