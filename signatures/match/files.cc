// Rules about files: each file has stages of its own, at which they look at it alone.
#include <utility>

#include "signatures/match/field_look.h"

namespace lapwing::rules {

/// The direction got on: rules that waited for that look at each of its files.
void Matcher::file_rules(FieldLook& look) {
  const Protocol& protocol = *look.scene.event->protocol;
  const size_t side = index(look.scene.direction);
  if (!protocol.file || look.tx.blank || look.scene.groups->files[look.scene.protocol][side].empty()) return;
  for (uint32_t number = 0; CarriedFile* file = protocol.file(look.tx, look.scene.direction, number); number++) {
    file_rules(look, *file);
  }
}

void Matcher::file_rules(FieldLook& look, CarriedFile& file) {
  const auto& groups = look.scene.groups->files[look.scene.protocol][index(look.scene.direction)];
  const FileStage from = file.inspected, to = file.stage();
  file.inspected = to;
  const Scene all = look.scene;
  Event one;
  look.scene = at_file(all, file, one);
  values_.look_at(&file);
  for (size_t i = 0; i < groups.size();) {
    const auto [stage, file_stage] = std::pair(groups[i].stage, groups[i].file_stage);
    size_t end = i;
    while (end < groups.size() && groups[end].stage == stage && groups[end].file_stage == file_stage) end++;
    const bool before = stage <= look.from && file_stage <= from, now = stage <= look.to && file_stage <= to;
    const bool again = before && look.grown(stage);
    if (again || (now && !before)) {
      fields_of_stage(look, std::span(groups).subspan(i, end - i), again, file.matched);
    }
    i = end;
  }
  values_.look_at(nullptr);
  look.scene = all;
}

void Matcher::file(const MatchContext& context, const Event& event, CarriedFile& file) {
  const size_t side = index(event.direction);
  if (context.flow && !idle(context)) {
    const uint8_t protocol = rules_->protocol_index(event.protocol);
    const Scene scene = flow_scene(context, event.direction);
    Work work(context, counters_);
    if (protocol != kMaxProtocols && !scene.groups->files[protocol][side].empty() && work.allowed()) {
      // What the direction reached is looked at with its event.
      FieldLook look(*this, scene, event, protocol, event.tx->inspected[side]);
      file_rules(look, file);
    }
  }
  file.inspected = file.stage();
}

}  // namespace lapwing::rules
