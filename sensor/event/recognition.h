// Recognition: which protocol a flow speaks, as each of its sides shows it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/event/event.h"

namespace lapwing {

/// What protocol detection found amiss, as rules name it (app-layer-event) and records show it in upper case.
enum class RecognitionAnomaly : uint8_t {
  mismatch_protocol_both_directions,  // each side speaks another protocol
  wrong_direction_first_data,         // the server spoke first where the client must
  detect_protocol_only_one_direction,
  proto_detection_skipped,  // too many bytes without verdict
  no_tls_after_starttls,
  unexpected_protocol,  // after a change that named another
};
std::string_view name(RecognitionAnomaly event);
std::span<const std::string_view> recognition_anomaly_names();

/// Unknown until the first bytes were judged; failed when they fit no protocol.
struct Spoken {
  const Protocol* protocol = nullptr;
  bool failed = false;

  bool known() const { return protocol || failed; }
  std::string_view name() const { return protocol ? protocol->name : failed ? "failed" : ""; }
};

/// [W] Of a flow.
struct Recognition {
  Spoken final;                        // what the flow is dissected as
  std::array<Spoken, 2> sides;         // by index(Direction)
  const Protocol* original = nullptr;  // before the flow changed over to another
  std::string_view expected;           // what the change announced
  uint64_t parent = 0;                 // id of the flow that announced this one, or 0
  bool just_judged = false;            // the side of the packet at hand was judged since its last packet
};

}  // namespace lapwing
