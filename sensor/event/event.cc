#include "sensor/event/event.h"

#include "sensor/event/detection.h"

namespace lapwing {

bool ready(const Field& field, const Transaction& tx, Direction direction) {
  if (field.side == Side::to_server && direction != Direction::to_server) return false;
  if (field.side == Side::to_client && direction != Direction::to_client) return false;
  return tx.progress[index(direction)] >= field.stage;
}

namespace {
constexpr std::string_view kDetectionEvents[] = {"applayer_mismatch_protocol_both_directions",
                                                 "applayer_wrong_direction_first_data",
                                                 "applayer_detect_protocol_only_one_direction",
                                                 "applayer_proto_detection_skipped",
                                                 "applayer_no_tls_after_starttls",
                                                 "applayer_unexpected_protocol"};
}

std::string_view name(DetectionEvent event) {
  return kDetectionEvents[static_cast<size_t>(event)];
}
std::span<const std::string_view> detection_event_names() {
  return kDetectionEvents;
}

std::vector<ProgressState> progress_states(const Protocol& protocol) {
  std::vector<ProgressState> out(protocol.states.begin(), protocol.states.end());
  out.insert(out.end(), {{"request_started", Direction::to_server, 1},
                         {"request_complete", Direction::to_server, kComplete},
                         {"response_started", Direction::to_client, 1},
                         {"response_complete", Direction::to_client, kComplete}});
  return out;
}

}  // namespace lapwing
