// Records to a unix socket that somebody else listens on.
#pragma once

#include "export/outputs/exporter.h"

namespace lapwing {

std::vector<OptionInfo> unix_exporter_options();
/// One record a line. A reader that is not there yet, or goes, is connected to again.
std::unique_ptr<Exporter> create_unix_stream_exporter(const Setting& node, const ExportContext& context);
/// One record a datagram, without its newline.
std::unique_ptr<Exporter> create_unix_dgram_exporter(const Setting& node, const ExportContext& context);

}  // namespace lapwing
