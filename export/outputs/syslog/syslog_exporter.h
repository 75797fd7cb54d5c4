// Records to a syslog server: RFC 5424 over the local socket, UDP (RFC 5426) or TCP (RFC 6587).
#pragma once

#include "export/outputs/exporter.h"

namespace lapwing {

std::vector<OptionInfo> syslog_exporter_options();
/// Looks the server's name up once. Throws SettingError for what is no destination, and for a name nobody knows.
std::unique_ptr<Exporter> create_syslog_exporter(const Setting& node, const ExportContext& context);

}  // namespace lapwing
