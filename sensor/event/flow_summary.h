// FlowSummary: what remains of a flow when it ends, and what an alert says of it meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/base/time.h"
#include "sensor/event/envelope.h"

namespace lapwing {

/// nDPI's verdict [W]; `application` empty when it has none. Written as the "ndpi" object.
struct Application {
  std::string_view protocol;  // "TLS.YouTube": master and application protocol as nDPI names them
  std::string_view category;
  std::string_view confidence;
  std::string_view hostname;
  std::string_view breed;
  uint64_t risk = 0;  // bit set of nDPI's risks
  std::span<const std::string_view> risk_names;
  uint16_t risk_score = 0, risk_score_client = 0, risk_score_server = 0;
};

struct TcpSummary {
  uint8_t flags_ts = 0, flags_tc = 0;  // union of the flags seen, by direction
  std::string_view state;              // "established", "closed", ...
  bool ts_gap = false, tc_gap = false;
  uint16_t ts_max_regions = 0, tc_max_regions = 0;
  uint16_t ts_urgent_oob = 0, tc_urgent_oob = 0;
};

/// What met the flow, "stream_midstream" for one, and what was made of it.
struct AppliedPolicy {
  static constexpr std::string_view kBypass = "bypass", kIgnore = "ignore";

  std::string_view target, policy;
};

/// [W] Directions by index(Direction). Views live as long as the call.
struct FlowSummary {
  Envelope envelope;  // src is the client; time is when the record is written
  Timestamp start, end;
  std::array<uint64_t, 2> packets{}, bytes{};
  std::array<uint8_t, 2> min_ttl{}, max_ttl{};
  std::string_view state;   // new, established, closed, bypassed
  std::string_view reason;  // timeout, forced, shutdown, tcp_reuse
  bool alerted = false;
  uint64_t tx_count = 0;
  bool is_tcp = false;
  TcpSummary tcp;
  Application application;
  std::string_view action;
  std::span<const std::string_view> flowbits;
  std::span<const AppliedPolicy> exception_policies;
};

}  // namespace lapwing
