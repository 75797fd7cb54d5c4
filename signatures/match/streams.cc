// Rules over raw stream bytes.
#include <algorithm>
#include <optional>

#include "signatures/match/matcher.h"
#include "signatures/match/misfit.h"

namespace lapwing::rules {

namespace {
constexpr size_t kMaxCellCandidates = 256;  // rules whose prefilter hit one cell and that are remembered
constexpr uint64_t kMostOwed = 64 * kCell;  // more than protocol detection may take of one side
}  // namespace

Matcher::GroupSet Matcher::stream_groups(const Scene& scene) const {
  const PayloadGroups& groups = scene.groups->streams[0][index(scene.direction)];
  static_assert(transport_bit::tcp == 1);
  GroupSet set{};
  if (!groups.any.empty()) set[0] = &groups.any;
  set[1] = groups.by_dst_port.find(scene.dst_port);
  set[2] = groups.by_src_port.find(scene.src_port);
  if (scene.protocol < groups.by_protocol.size() && !groups.by_protocol[scene.protocol].empty()) {
    set[3] = &groups.by_protocol[scene.protocol];
  }
  return set;
}

bool Matcher::wants_stream(const Scene& scene) const {
  const RuleGroups& groups = *scene.groups;
  if (groups.raw_fields >> index(scene.direction) & 1) return true;
  if (!groups.has_streams) return false;
  // Rules of a protocol may still come to apply while none is detected.
  if (scene.protocol == kMaxProtocols && !groups.streams[0][index(scene.direction)].by_protocol.empty()) return true;
  GroupSet set = stream_groups(scene);
  return std::any_of(set.begin(), set.end(), [](const Group* group) { return group != nullptr; });
}

/// Whether the last bytes of the stream are kept.
bool Matcher::keeps_stream(const Scene& scene) const {
  return wants_stream(scene) || sink_.shows_payload();
}

StreamWindow* Matcher::window_of(const MatchContext& context, Direction direction) const {
  FlowState* state = context.flow ? states_.find(*context.flow) : nullptr;
  return state ? state->windows[index(direction)].get() : nullptr;
}

size_t Matcher::take(const MatchContext& context, const Chunk& chunk) {
  const size_t all = chunk.data.size();
  if (!context.flow || chunk.datagram || idle(context)) return all;
  if (context.flow->flags & flow_flag::encrypted) return all;
  if (!keeps_stream(flow_scene(context, chunk.direction))) return all;

  StreamWindow& window = states_.window(states_.get(*context.flow), chunk.direction);
  if (window.end() != chunk.offset && all > 0) {
    counters_.stream_owed_max += window.waits;
    window.restart(chunk.offset);
  }
  if (window.room() == 0) window.next_cell(false);
  const Bytes part = chunk.data.first(std::min(all, window.room()));
  if (!window.append(part)) {
    counters_.stream_window_memcap += all;
    window.restart(chunk.offset + all);
    return all;
  }
  return part.size();
}

/// Whether rules that ask for a protocol may still come to look at what this direction brought.
bool Matcher::waits(const Scene& scene) const {
  const Recognition* seen = scene.context->recognition;
  if (!seen || flow_ends_) return false;
  const RuleGroups& groups = *scene.groups;
  const size_t side = index(scene.direction);
  return (groups.waiting >> side & 1 && !seen->final.known()) ||
         (groups.waiting_for_side >> side & 1 && !seen->sides[side].known());
}

void Matcher::settle(const MatchContext& context, const Chunk& part) {
  StreamWindow* window = window_of(context, part.direction);
  if (!window || part.datagram || idle(context)) return;
  look_back(context);
  const bool full = window->room() == 0;
  if (full || part.end) look(context, part.direction, !part.end);
  if (!full) return;
  const bool room = window->cell() - window->owed() < kMostOwed;
  counters_.stream_owed_max += window->waits && !room;
  window->next_cell(window->waits && room);
}

/// What was looked at before the protocol was known is looked at again, by the rules that ask for it.
void Matcher::look_back(const MatchContext& context) {
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    StreamWindow* window = window_of(context, direction);
    if (window && window->waits && !waits(flow_scene(context, direction))) look(context, direction, !flow_ends_);
  }
}

/// Only what lies behind `scanned`, and as much before it as a literal may begin in.
void Matcher::scan_stream(const Group& group, const Subject& stream, uint64_t scanned) {
  const uint64_t overlap = group.prefilter.longest() > 0 ? group.prefilter.longest() - 1 : 0;
  const bool all = group.prefilter.unbounded() || scanned < stream.base + overlap;
  const uint64_t from = all ? stream.base : scanned - overlap;
  if (from == 0) return scan(group, stream.data);
  scan_by(group, group.prefilter, stream.data.subspan(from - stream.base));
  if (scanned <= Group::kHead && stream.base < Group::kHead) scan_head(group, stream.data, stream.base);
}

/// Finds the rules whose prefilter hits what is new, and remembers them for the looks to come. Whoever fills a cell
/// with other rules' literals shall not make it forget one: what is not remembered is found anew, at the flow's
/// expense.
void Matcher::scan_cells(const MatchContext& context, const GroupSet& set, StreamWindow& window) {
  std::optional<Work> work;
  if (window.crowded()) work.emplace(context, counters_);
  const bool anew = work && work->allowed();
  candidates_.clear();
  for (size_t i = 0; i < set.size(); i++) {
    const Group* group = set[i];
    if (!group) continue;
    auto& scanned = window.scanned[i];
    if (scanned.group != group || anew) scanned = {group, window.base()};
    scan_stream(*group, {window.bytes(), window.base()}, scanned.to);
    scanned.to = window.end();
  }
  for (uint32_t rule : candidates_.sorted()) {
    if (std::find(window.here.begin(), window.here.end(), rule) != window.here.end()) continue;
    if (window.here.size() == kMaxCellCandidates) return window.crowd();
    window.here.push_back(rule);
  }
}

/// At the cells before the one at hand.
void Matcher::look_at_owed(const Scene& scene, StreamWindow& window) {
  const GroupSet set = stream_groups(scene);
  for (uint64_t cell = window.owed(); cell < window.cell(); cell += kCell) {
    const Subject subject{window.bytes(cell), window.base(cell), cell, cell + 2 * kCell};
    candidates_.clear();
    for (const Group* group : set) {
      if (!group) continue;
      scan_stream(*group, subject, subject.base);
      for (uint32_t rule : group->always) candidates_.add(rule);
    }
    for (uint32_t number : candidates_.sorted()) {
      const Rule& rule = *rules_->all[number];
      if (rule.kind == RuleKind::transaction) find_raw_part(rule, scene, window, subject, cell);
      if (rule.kind == RuleKind::transaction || !rule.asks_protocol || !matches(rule, scene, &subject, cell)) continue;
      matched(rule, scene, evidence(scene, subject.data, window.lead(cell)));
    }
  }
}

/// Of a rule over fields: what is found is kept until the message that it lies in is over.
void Matcher::find_raw_part(const Rule& rule, const Scene& scene, StreamWindow& window, const Subject& subject,
                            uint64_t floor) {
  if (misfit(rule.header, scene)) return;
  const auto raw = std::find_if(rule.sections.begin(), rule.sections.end(),
                                [](const Section& section) { return section.buffer == kRawBuffer; });
  inspection_->scene = &scene;
  inspection_->captures.clear();
  if (!section_matches(*raw, &subject, std::max(floor, window.found_end(rule.order)))) return;
  counters_.stream_found_max += !window.keep_found(rule.order, raw_end_, subject.data, subject.base);
}

void Matcher::encrypted(const MatchContext& context, Direction direction, uint64_t offset) {
  FlowState* state = context.flow ? states_.find(*context.flow) : nullptr;
  if (!state) return;
  if (StreamWindow* window = window_of(context, direction)) window->end_at(offset);
  if (!idle(context)) look_at_both(context);
  state->windows = {};
}

void Matcher::gap(const MatchContext& context, Direction direction, uint64_t offset, uint64_t lost) {
  if (idle(context)) return;
  look(context, direction);
  if (!sink_.shows_payload() || context.flow->flags & flow_flag::encrypted) return;
  StreamWindow& window = states_.window(states_.get(*context.flow), direction);
  counters_.stream_owed_max += window.waits;
  counters_.stream_window_memcap += window.miss(offset, lost);
}

void Matcher::finish(const MatchContext& context) {
  if (tracer_) [[unlikely]]
    flow_over(context);
  if (idle(context)) return;
  flow_ends_ = true;
  look_at_both(context);
  flow_ends_ = false;
}

void Matcher::look_at_both(const MatchContext& context) {
  look_back(context);
  look(context, Direction::to_server);
  look(context, Direction::to_client);
}

void Matcher::look(const MatchContext& context, Direction direction, bool goes_on) {
  StreamWindow* window = window_of(context, direction);
  if (!window || (!window->looks() && !window->waits)) return;
  if (window->generation != rules_->generation()) {
    window->forget_rules();
    window->forget_found();
    window->generation = rules_->generation();
  }
  Scene scene = flow_scene(context, direction);
  const bool unsure = waits(scene);
  values_.start(nullptr, direction, scene.protocol, scene.packet);
  if (window->waits && !unsure) {
    look_at_owed(scene, *window);
    window->settle();
  } else if (!window->looks()) {
    return;
  }
  const uint64_t put_off = inspection_->times_put_off();
  GroupSet set = stream_groups(scene);
  scan_cells(context, set, *window);
  for (uint32_t rule : window->here) candidates_.add(rule);
  for (uint32_t rule : window->before) candidates_.add(rule);
  for (const Group* group : set) {
    if (!group) continue;
    for (uint32_t rule : group->always) candidates_.add(rule);
  }
  const Subject subject = goes_on ? window->at_hand() : Subject{window->bytes(), window->base()};
  for (uint32_t number : candidates_.sorted()) {
    // One alert of a rule for each cell its evidence ends in, however often the cell is looked at.
    if (std::find(window->alerted.begin(), window->alerted.end(), number) != window->alerted.end()) continue;
    const Rule& rule = *rules_->all[number];
    if (rule.kind == RuleKind::transaction) {
      find_raw_part(rule, scene, *window, subject, window->floor());
      continue;
    }
    if (!matches(rule, scene, &subject, window->floor())) continue;
    window->alerted.push_back(number);
    matched(rule, scene, evidence(scene, window->bytes(), window->lead()));
  }
  window->waits = unsure;
  window->looked();
  window->put_off = inspection_->times_put_off() != put_off;
}

}  // namespace lapwing::rules
