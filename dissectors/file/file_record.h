// The fileinfo object, as records of every protocol with files show it.
#pragma once

#include <cstdint>

#include "dissectors/file/file.h"
#include "sensor/base/json_writer.h"

namespace lapwing::file {

/// Adds "fileinfo":{...} to an open object. The protocol's own object stands beside it.
void write_fileinfo(const File& file, uint64_t tx_id, const FileConfig& config, JsonWriter& json);
/// The same members as an element of an alert's "files" array.
void write_file(const File& file, uint64_t tx_id, const FileConfig& config, JsonWriter& json);

}  // namespace lapwing::file
