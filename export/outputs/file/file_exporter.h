// Records into a file that is rotated by size or time.
#pragma once

#include "export/outputs/exporter.h"

namespace lapwing {

std::vector<OptionInfo> file_exporter_options();
/// Throws SettingError when the file cannot be opened.
std::unique_ptr<Exporter> create_file_exporter(const Setting& node, const ExportContext& context);

}  // namespace lapwing
