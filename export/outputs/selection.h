// An output that gets only the records of some types.
#pragma once

#include <memory>
#include <vector>

#include "export/outputs/exporter.h"

namespace lapwing {

/// `wanted`: by RecordType. Of a batch that holds other records as well the output is given a copy without them.
std::unique_ptr<Exporter> select_types(std::unique_ptr<Exporter> output, std::vector<bool> wanted);

}  // namespace lapwing
