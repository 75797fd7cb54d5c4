// Rules over frames.
#include <algorithm>

#include "signatures/match/matcher.h"

namespace lapwing::rules {

void Matcher::frame(const MatchContext& context, const MessageFrame& frame) {
  if (idle(context) || frame.bytes.empty()) return;
  const uint8_t protocol = rules_->protocol_index(frame.protocol);
  if (protocol == kMaxProtocols) return;
  const auto& groups = rules_->frame_groups[protocol][index(frame.direction)];
  size_t number = 0;
  while (number < groups.size() && &frame_kind(*frame.protocol, number) != frame.kind) number++;
  if (number == groups.size() || groups[number].empty()) return;
  Work work(context, counters_);
  if (!work.allowed()) return;

  Scene scene = flow_scene(context, frame.direction);
  scene.protocol = protocol;
  scene.frame = &frame;
  const Event event{.protocol = frame.protocol, .tx = frame.tx, .direction = frame.direction, .plans = frame.plans};
  if (frame.tx) scene.event = &event;
  values_.start(frame, protocol);
  candidates_.clear();
  scan_by(groups[number], groups[number].prefilter, frame.bytes);
  for (uint32_t rule : groups[number].always) candidates_.add(rule);
  for (uint32_t candidate : candidates_.sorted()) {
    const uint64_t mark = rules_->generation() << 32 | candidate;
    if (std::find(frame.matched->begin(), frame.matched->end(), mark) != frame.matched->end()) continue;
    const Rule& rule = *rules_->all[candidate];
    if (!matches(rule, scene, nullptr, 0)) continue;
    frame.matched->push_back(mark);
    matched(rule, scene, {frame.bytes, !frame.datagram});
  }
}

}  // namespace lapwing::rules
