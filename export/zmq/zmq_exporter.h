// Records over ZeroMQ PUB: one message holds one or more records of one topic (docs/zeromq.md).
#pragma once

#include "export/exporter.h"

namespace lapwing {

std::vector<OptionInfo> zmq_exporter_options();
/// Throws SettingError when an endpoint cannot be bound or connected.
std::unique_ptr<Exporter> create_zmq_exporter(const Setting& node, const ExportContext& context);

}  // namespace lapwing
