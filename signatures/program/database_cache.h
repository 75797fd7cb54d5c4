// DatabaseCache: compiled databases on disk, so that a start with known rules need not compile them again.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/base/descriptor.h"

namespace lapwing::rules {

/// XXH3 of 128 bits.
using Digest = std::array<uint64_t, 2>;
Digest digest_of(Bytes bytes);

/// One file a rule set: a table, and the databases that it names with their checksums, so that each is read once. What
/// is read becomes the matcher's memory as it is, and a checksum tells chance from intent no more than who computed it:
/// a folder or file that is not our own, or that others may write, is left alone. Nothing here throws: what cannot be
/// read, written or trusted is compiled again.
class DatabaseCache {
 public:
  /// Files kept; beyond, those used longest ago go.
  static constexpr size_t kMaxCachedSets = 8;

  struct Entry {
    Digest digest;
    std::vector<uint8_t> bytes;
  };

  /// `set` is what the file is named after, beside the versions of the library, of the format and of the processor.
  DatabaseCache(std::filesystem::path folder, std::span<const Digest> set);

  /// Whether the set's file was found.
  bool read();
  /// Bytes of one database, until the next is asked for: all at once would be every database once more. Empty when the
  /// set has none of this digest, or not as it was written.
  Bytes find(const Digest& digest);
  /// Written beside and renamed, so that a reader sees all of it or nothing.
  void write(std::span<const Entry> entries) const;

 private:
  void evict() const;

  std::filesystem::path folder_, file_;
  struct Place {
    uint64_t at = 0, size = 0;
    Digest sum{};
  };
  std::unique_ptr<Descriptor> content_;
  std::map<Digest, Place> entries_;
  std::vector<uint8_t> bytes_;
};

/// Where caches lie unless configured: $CACHE_DIRECTORY (systemd), $XDG_CACHE_HOME/lapwing, $HOME/.cache/lapwing; empty
/// when there is none of them.
std::filesystem::path default_cache_folder();

}  // namespace lapwing::rules
