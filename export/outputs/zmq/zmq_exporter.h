// Records over ZeroMQ: one message holds one or more records of one topic (docs/zeromq.md).
#pragma once

#include "export/outputs/exporter.h"

namespace lapwing {

// All throw SettingError when a key file is not right, or an endpoint cannot be bound or connected.

/// PUB: every subscriber gets what it asked for; one that is slow loses its own.
std::vector<OptionInfo> zmq_exporter_options();
std::unique_ptr<Exporter> create_zmq_exporter(const Setting& node, const ExportContext& context);

/// PUSH: for a consumer that must not lose; what it does not take in time is a counted drop.
std::vector<OptionInfo> zmq_push_exporter_options();
std::unique_ptr<Exporter> create_zmq_push_exporter(const Setting& node, const ExportContext& context);

}  // namespace lapwing
