// The members that records share: the envelope, the application protocol, and what the options add.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "export/eve/config.h"
#include "export/eve/line.h"
#include "sensor/event/envelope.h"
#include "sensor/event/flow_summary.h"

namespace lapwing {

/// Whose view the record takes, which decides where its Ethernet addresses and frame numbers come from.
enum class View : uint8_t { packet, flow };

/// What every record writer gets [W].
struct RecordTools {
  const EveOptions& options;
  TimeText times = {};
};

/// Opens the record's object and writes the members up to those of the tunnel and the application
/// protocol; `reversed` swaps source and destination. No member that is empty.
void write_envelope(Line& line, const RecordTools& tools, const Envelope& envelope, std::string_view type, View view,
                    bool reversed = false);
/// metadata, traffic, ether and community_id, as the options ask.
void write_common(Line& line, const RecordTools& tools, const Envelope& envelope,
                  std::span<const std::string_view> flowbits, View view, bool reversed = false);
/// app_proto and what goes with it.
void write_app_proto(Line& line, const Envelope& envelope);
/// What stands at the end of every record, its closing bracket and the newline.
void write_end(Line& line, const RecordTools& tools, const Envelope& envelope);
/// The names that EVE has for IP protocols; empty when it has none and the number is written.
std::string_view ip_protocol_name(uint8_t proto);

void write_flow_record(Line& line, const RecordTools& tools, const FlowSummary& summary);
/// One direction's half of the flow.
void write_netflow_record(Line& line, const RecordTools& tools, const FlowSummary& summary, Direction direction);
/// The packet and byte counts and the start, which flow and alert records share.
void write_flow_counts(Line& line, const FlowSummary& summary);
/// ,"ndpi":{...}; nothing when nDPI had no answer.
void write_application(Line& line, const Application& application);

}  // namespace lapwing
