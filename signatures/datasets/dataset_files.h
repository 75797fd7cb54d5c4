// Files of datasets: values as text, one a line or as JSON [cold].
#pragma once

#include <optional>
#include <string>

#include "signatures/datasets/dataset.h"

namespace lapwing::rules {

enum class DatasetFormat : uint8_t { csv, json, ndjson };

/// How a file is read.
struct DatasetFile {
  std::string path;
  DatasetFormat format = DatasetFormat::csv;
  std::string value_key;     // JSON: path of the value within an element, parts separated by dots
  std::string array_key;     // JSON: path of the array of elements; empty: the whole text is the array
  bool remove_key = false;   // JSON: alerts show the element without the value
  bool reputations = false;  // each line ends with ",<0-65535>"
};

/// The bytes of a value written as text (base64, hex digits, an address); nothing when it is none of the type.
std::optional<std::string> parse_value(DatasetType type, std::string_view text);
/// The way back. `value` is one of the type.
std::string format_value(DatasetType type, Bytes value);

/// Adds what the file holds. Throws SettingError at the place in the file that is at fault.
void load_dataset(const DatasetFile& file, Dataset& set);
/// Replaces the file in one step. Throws SettingError.
void save_dataset(const std::string& path, const Dataset& set);

}  // namespace lapwing::rules
