// The members every record begins with, and the objects that records of several types share.
#pragma once

#include <string_view>

#include "export/eve/config.h"
#include "sensor/base/json_writer.h"
#include "sensor/event/alert.h"
#include "sensor/event/envelope.h"
#include "sensor/event/flow_summary.h"

namespace lapwing {

/// Opens the record's object and writes its envelope; the caller adds members and closes it.
void begin_record(JsonWriter& json, const EveOptions& options, const Envelope& envelope, std::string_view type);
void write_application(JsonWriter& json, const Application& application);
void write_metadata(JsonWriter& json, std::span<const std::string_view> flowbits);
/// "flow" and "tcp" members of a flow record.
void write_flow(JsonWriter& json, const FlowSummary& summary);
/// One direction of a netflow record.
void write_netflow(JsonWriter& json, const FlowSummary& summary, size_t direction);
void write_alert(JsonWriter& json, const EveOptions& options, const Alert& alert);
void write_packet(JsonWriter& json, Bytes packet, uint16_t link_type);
/// Dotted paths become nested objects.
void write_stats(JsonWriter& json, const EveOptions& options, const CounterSet& counters, double uptime_seconds);
/// As Suricata names IP protocols ("TCP", "IPv6-ICMP"); digits for the rest.
void write_proto(JsonWriter& json, std::string_view key, uint8_t proto);

}  // namespace lapwing
