// Vendors: to whom the IEEE has assigned the beginnings of MAC addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lapwing::analytics {

/// [S] Compact: 8 bytes an assignment, and each name once.
class Vendors {
 public:
  /// Where Debian's package ieee-data has the registries.
  static constexpr std::string_view kFolder = "/usr/share/ieee-data";

  /// Of a registry as the IEEE publishes it, oui.csv or oui.txt, or of the CSV files in a folder. Throws
  /// std::runtime_error for what cannot be read, is larger than 64 MiB, or has no assignment.
  static Vendors read(const std::filesystem::path& path);

  /// Rows of a registry. Where two files differ, the one that was added first counts.
  void add(std::string_view registry);
  /// Once all is added.
  void seal();
  /// Of "00:22:72:01:02:03", by its longest assignment; "" where there is none, as of groups and of addresses that the
  /// IEEE does not assign (RFC 9542 section 2.1). Lives as long as this.
  std::string_view of(std::string_view station) const;
  size_t assignments() const;

 private:
  // Blocks of MA-L, MA-M and MA-S (and of IAB, which came before that).
  static constexpr std::array<unsigned, 3> kBits = {24, 28, 36};
  static constexpr size_t kNameBits = 24;  // below the prefix: where its name begins

  void assign(std::string_view prefix, std::string_view name);

  std::array<std::vector<uint64_t>, kBits.size()> rows_;  // by prefix
  std::string names_;                                     // each behind its size, a byte
  std::unordered_map<std::string, uint32_t> places_;      // of names, until it is sealed
};

/// As analytics.vendors says: "auto", "off" or a path. Null for none, as of "auto" where the package is not there or of
/// no use. Throws std::runtime_error for a path.
std::shared_ptr<const Vendors> read_vendors(const std::string& option);

}  // namespace lapwing::analytics
