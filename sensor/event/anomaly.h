// Anomaly: traffic that breaks a rule of its protocol, under the name that rules and records use.
#pragma once

#include <cstdint>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/event/envelope.h"

namespace lapwing {

enum class AnomalyLayer : uint8_t { decode, stream, applayer };

/// [W] `event` is the full rule name for decode and stream ("decoder.ipv4.trunc_pkt", "stream.pkt_broken_ack"),
/// and the protocol's own name for applayer ("invalid_request").
struct Anomaly {
  AnomalyLayer type = AnomalyLayer::decode;
  std::string_view event;
  std::string_view app_proto;  // applayer only
  std::string_view layer;      // applayer only: "proto_parser", "proto_detect"
  bool has_tx = false;
  uint64_t tx_id = 0;
  Bytes packet;            // decode and stream: the frame, for the "packethdr" option
  uint16_t link_type = 1;  // of the frame, as pcap numbers it
};

}  // namespace lapwing
