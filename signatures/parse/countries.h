// Countries of addresses, from a database in MaxMind's format [S].
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/base/setting.h"

struct MMDB_s;

namespace lapwing {

class Countries {
 public:
  /// Maps the file of geoip-database; null when none is named. Throws SettingError.
  static std::shared_ptr<const Countries> read(const Setting& root);
  /// Throws std::runtime_error.
  explicit Countries(const std::string& path);
  ~Countries();

  /// ISO 3166 code ("DE"), or empty when the database has none; a view of the mapped file.
  std::string_view of(const IpAddress& address) const;

 private:
  std::unique_ptr<MMDB_s> database_;
};

}  // namespace lapwing
