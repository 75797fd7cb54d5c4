// Sets of values shared by rules and workers: what the configuration says of them, and how they outlive the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sensor/base/options.h"

namespace lapwing {

/// [S] Keys "datasets.*" with Suricata's names and meaning, and the folders that relative names are looked up in.
struct DatasetConfig {
  uint64_t memcap = 0, hashsize = 0;  // of a set that does not say: bytes, values to make room for
  bool allow_write = true, allow_absolute = false;
  std::string data_folder, rule_folder;
};
std::span<const OptionRow<DatasetConfig>> dataset_options();

/// All sets of the process, declared or made by rules; rule sets that are compiled later find those of earlier ones.
class DatasetStore {
 public:
  /// Reads the section "datasets" and loads what it declares. Throws SettingError.
  static std::shared_ptr<DatasetStore> create(const Setting& root);
  virtual ~DatasetStore() = default;
  /// The store for the next rule set: it shares the sets that the configuration declares and those that are kept in
  /// files; what rules only load is read anew when they ask for it.
  virtual std::shared_ptr<DatasetStore> next() const = 0;
  /// Writes the sets that have a file to be kept in; what went wrong, one text a file.
  virtual std::vector<std::string> save() const = 0;
  /// The files that save() writes.
  virtual std::vector<std::string> kept_files() const = 0;
};

}  // namespace lapwing
