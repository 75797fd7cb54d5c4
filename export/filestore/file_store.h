// The file store: files that traffic carried, on disk below their SHA-256, as Suricata's file-store version 2 lays
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "export/outputs/exporter.h"

namespace lapwing {

/// [S] Keys "outputs[].file-store" with Suricata's names.
struct FileStoreConfig {
  bool enabled = false;
  uint64_t version = 2;
  std::string folder;
  bool write_fileinfo = false;  // the record of each file beside it
  bool force = false;           // every file, whatever rules say
  uint64_t depth = 0;           // bytes of a file at most; 0: all
  uint64_t max_open_files = 0;  // 0: no limit
  uint64_t max_size = 0;        // bytes of all files in the folder; 0: no limit
  uint64_t max_files = 0;       // in the folder; 0: no limit

  /// Throws SettingError.
  static FileStoreConfig read(const Setting& root);
};
std::vector<OptionInfo> file_store_options();

/// Makes the folders. A relative `dir` lies in `log_folder`. Throws SettingError when they cannot be made. In a trial
/// makes nothing and gives null.
std::unique_ptr<Exporter> create_file_store(const FileStoreConfig& config, const std::string& log_folder,
                                            bool trial = false);

}  // namespace lapwing
