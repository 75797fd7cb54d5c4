// alert, anomaly and packet records: those that show packets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "export/eve/envelope.h"
#include "sensor/event/alert.h"
#include "sensor/event/anomaly.h"

namespace lapwing {

void write_alert_record(std::string& out, RecordTools& tools, const Envelope& envelope, const Alert& alert);
void write_anomaly_record(std::string& out, RecordTools& tools, const Envelope& envelope, const Anomaly& anomaly);
void write_metadata_record(std::string& out, RecordTools& tools, const Envelope& envelope);
void write_packet_record(std::string& out, RecordTools& tools, const Envelope& envelope, Bytes packet,
                         uint16_t link_type);
/// The name libpcap has for a link type; empty when this table lacks it.
std::string_view link_type_name(uint16_t link_type);

}  // namespace lapwing
