#include "tests/support/country_file.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace lapwing::test {
namespace {

constexpr int kString = 2, kUint16 = 5, kUint32 = 6, kMap = 7, kUint64 = 9, kArray = 11;

/// A control byte: type and size, both small here; the types from 8 on follow in a byte of their own.
std::string control(int type, size_t size) {
  if (type < 8) return {static_cast<char>(type << 5 | static_cast<int>(size))};
  return {static_cast<char>(size), static_cast<char>(type - 7)};
}
std::string text(const std::string& value) {
  return control(kString, value.size()) + value;
}
std::string number(int type, uint32_t value) {
  std::string bytes;
  for (; value != 0; value >>= 8) bytes.insert(bytes.begin(), static_cast<char>(value));
  return control(type, bytes.size()) + bytes;
}

constexpr uint32_t kNothing = UINT32_MAX, kData = 1u << 31;

}  // namespace

CountryFile::CountryFile(const std::vector<Network>& networks) {
  std::vector<std::array<uint32_t, 2>> nodes = {{kNothing, kNothing}};
  std::string data;
  for (const Network& network : networks) {
    in_addr address{};
    inet_pton(AF_INET, network.address.c_str(), &address);
    const uint32_t bits = ntohl(address.s_addr);
    uint32_t node = 0;
    for (int i = 0; i < network.length; i++) {
      const uint32_t side = bits >> (31 - i) & 1;
      if (i + 1 == network.length) {
        nodes[node][side] = kData | static_cast<uint32_t>(data.size());
      } else {
        if (nodes[node][side] == kNothing) {
          nodes[node][side] = static_cast<uint32_t>(nodes.size());
          nodes.push_back({kNothing, kNothing});
        }
        node = nodes[node][side];
      }
    }
    data += control(kMap, 1) + text("country") + control(kMap, 1) + text("iso_code") + text(network.code);
  }
  const auto count = static_cast<uint32_t>(nodes.size());
  std::string out;
  for (const auto& sides : nodes) {
    for (uint32_t side : sides) {
      constexpr uint32_t kSeparator = 16;
      uint32_t record = side == kNothing ? count : side & kData ? count + kSeparator + (side & ~kData) : side;
      out += {static_cast<char>(record >> 16), static_cast<char>(record >> 8), static_cast<char>(record)};
    }
  }
  out += std::string(16, '\0') + data + "\xab\xcd\xefMaxMind.com";
  out += control(kMap, 9) + text("node_count") + number(kUint32, count) + text("record_size") + number(kUint16, 24) +
         text("ip_version") + number(kUint16, 4) + text("database_type") + text("lab") +
         text("binary_format_major_version") + number(kUint16, 2) + text("binary_format_minor_version") +
         number(kUint16, 0) + text("build_epoch") + number(kUint64, 1) + text("languages") + control(kArray, 1) +
         text("en") + text("description") + control(kMap, 1) + text("en") + text("lab");

  std::string name = (std::filesystem::temp_directory_path() / "lapwing_countries_XXXXXX").string();
  close(mkstemp(name.data()));
  path_ = name;
  std::ofstream(path_, std::ios::binary) << out;
}

CountryFile::~CountryFile() {
  std::filesystem::remove(path_);
}

}  // namespace lapwing::test
