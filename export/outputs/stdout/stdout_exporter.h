// Records on standard output.
#pragma once

#include "export/outputs/exporter.h"

namespace lapwing {

std::unique_ptr<Exporter> create_stdout_exporter(const Setting& node, const ExportContext& context);

}  // namespace lapwing
