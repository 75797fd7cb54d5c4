// A look of rules at what a direction of a transaction says, and at its files.
#pragma once

#include <algorithm>
#include <vector>

#include "signatures/match/matcher.h"

namespace lapwing::rules {

/// Of the stream's bytes what lies in a message that began at `begin`: what the one before said is no evidence of it.
inline Subject in_message(Bytes bytes, uint64_t base, uint64_t begin) {
  const size_t before = begin == kNowhere || begin < base ? 0 : std::min<uint64_t>(begin - base, bytes.size());
  return {bytes.subspan(before), base + before};
}

/// The scene of one file, which alerts then show alone. `event` is made for it.
inline Scene at_file(const Scene& scene, CarriedFile& file, Event& event) {
  event = *scene.event;
  event.file = &file;
  event.detail = file.self();
  Scene out = scene;
  out.event = &event;
  out.file = &file;
  return out;
}

/// [W] Lives as long as the look.
class Matcher::FieldLook {
 public:
  /// `to_stage`: the stage that the scene's direction has reached.
  FieldLook(Matcher& matcher, const Scene& at, const Event& event, uint8_t protocol, uint8_t to_stage)
      : tx(*event.tx), scene(at), request(at), from(tx.inspected[index(at.direction)]), to(to_stage) {
    const Direction direction = at.direction;
    // Of a rule over request and response the addresses are those of the request.
    if (direction != Direction::to_server) request = matcher.flow_scene(*at.context, Direction::to_server);
    for (Scene* one : {&scene, &request}) {
      one->event = &event;
      one->protocol = protocol;
    }
    matcher.values_.start(&tx, direction, protocol, at.packet);
    uint64_t base = 0;
    payload = matcher.payload_at_hand(scene, base);
    raw_ = in_message(payload.bytes, base, tx.begin[index(direction)]);
    const bool grew = event.protocol->grows > 0 && from < to && to == kComplete && tx.grown[index(direction)];
    grown_from_ = grew ? event.protocol->grows : kComplete;
    may_grow = event.protocol->grows > 0 && to != kComplete;
  }

  /// Raw content looks at it; null: there is none.
  const Subject* raw() const { return raw_.data.empty() ? nullptr : &raw_; }
  /// What was final at `stage` before may have got more since.
  bool grown(uint8_t stage) const { return stage >= grown_from_ && stage <= from; }

  Transaction& tx;
  Scene scene, request;
  Payload payload;
  const uint8_t from, to;  // stages of the direction: looked at, and reached
  bool may_grow = false;   // what is final now may get more yet

 private:
  Subject raw_;
  uint8_t grown_from_ = kComplete;
};

template <class Use>
void Matcher::each_file(const Rule& rule, const Scene& scene, Use use) {
  const Event* event = scene.event;
  const bool about_files =
      !rule.file_stages.empty() && rule.file_stages[scene.protocol][index(scene.direction)] != FileStage::none;
  if (!about_files) return use(scene, event->tx->matched);
  if (!event->protocol->file || event->tx->blank) return;
  for (uint32_t number = 0; CarriedFile* file = event->protocol->file(*event->tx, scene.direction, number); number++) {
    Event one;
    values_.look_at(file);
    use(at_file(scene, *file, one), file->matched);
  }
  values_.look_at(nullptr);
}

}  // namespace lapwing::rules
