// What records show of files, whatever carries them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dissectors/parts/file/digest.h"
#include "sensor/base/options.h"

namespace lapwing::file {

/// [S]
struct FileConfig {
  uint8_t digests = 0;  // bits of Algorithm
  bool magic = false;

  void add(Algorithm algorithm) { digests |= bit(algorithm); }
  void add(const FileConfig& other) {
    digests |= other.digests;
    magic |= other.magic;
  }
  /// Columns on request, by name.
  std::vector<std::string> columns() const;
};

/// Keys "file.*".
std::span<const OptionRow<FileConfig>> options();
/// What outputs ask for beyond that, with Suricata's names: members of the record type "files" and of the file store.
std::span<const OptionRow<FileConfig>> options_of_outputs();

}  // namespace lapwing::file
