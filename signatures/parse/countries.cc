#include "signatures/parse/countries.h"

#include <maxminddb.h>
#include <netinet/in.h>

#include <cstring>
#include <stdexcept>

namespace lapwing {

std::shared_ptr<const Countries> Countries::read(const Setting& root) {
  const Setting* path = root.find("geoip-database");
  if (!path || path->kind == Setting::Kind::null) return nullptr;
  try {
    return std::make_shared<Countries>(path->as_text());
  } catch (const std::runtime_error& error) {
    path->fail(error.what());
  }
}

Countries::Countries(const std::string& path) : database_(std::make_unique<MMDB_s>()) {
  int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, database_.get());
  if (status != MMDB_SUCCESS) throw std::runtime_error("cannot use " + path + ": " + MMDB_strerror(status));
}

Countries::~Countries() {
  MMDB_close(database_.get());
}

std::string_view Countries::of(const IpAddress& address) const {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const sockaddr* where = nullptr;
  if (address.version == 4) {
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.bytes.data(), 4);
    where = reinterpret_cast<const sockaddr*>(&v4);
  } else {
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
    where = reinterpret_cast<const sockaddr*>(&v6);
  }
  int error = 0;
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(database_.get(), where, &error);
  MMDB_entry_data_s code;
  if (error != MMDB_SUCCESS || !found.found_entry ||
      MMDB_get_value(&found.entry, &code, "country", "iso_code", nullptr) != MMDB_SUCCESS || !code.has_data ||
      code.type != MMDB_DATA_TYPE_UTF8_STRING) {
    return {};
  }
  return {code.utf8_string, code.data_size};
}

}  // namespace lapwing
