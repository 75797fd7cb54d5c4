// Frames: bytes kept for those that rules or records want, and their pieces.
#include <algorithm>

#include "sensor/app/app_state.h"

namespace lapwing {
namespace {

/// A piece ends at each multiple of this offset in the stream, and begins up to two of them before, whatever the
/// chunks: what is shorter than one is whole in some piece.
constexpr uint64_t kCell = 64 << 10;
/// Frames of one direction that wait for their end; dissectors nest them two or three deep.
constexpr size_t kOpenFramesMax = 8;
/// What is in front of a hole waits for so much of what is behind it, which records show with it.
constexpr uint64_t kBehindHole = 4 << 10;

}  // namespace

void AppLayer::begin_frames(State& state, uint32_t wanted) const {
  if (!state.instance) return;  // it is not dissected
  state.frames = std::make_unique<Frames>();
  state.frames->wanted = wanted;
}

void AppLayer::take_frame_bytes(Frames& frames, const Chunk& chunk) {
  Frames::HalfFlow& side = frames.sides[index(chunk.direction)];
  if (chunk.datagram) {
    close_hole(frames, chunk.direction);
    side.bytes.clear();
  }
  if (side.bytes.empty() && side.hole_end == 0) side.base = chunk.offset;
  side.bytes.append(to_text(chunk.data));
  if (side.begun || chunk.datagram || chunk.data.empty()) return;
  side.begun = true;
  frame(static_cast<uint8_t>(current_->protocol->row->protocol->frames.size()), chunk.direction, chunk.offset,
        kOpenLength, nullptr);
}

void AppLayer::frame(uint8_t kind, Direction direction, uint64_t offset, uint64_t length, Transaction* tx) {
  Frames* frames = current_->frames.get();
  if (!frames) return;
  Frames::HalfFlow& side = frames->sides[index(direction)];
  const uint64_t id = side.next_id++;
  if (!(frames->wanted >> kind & 1)) return;
  if (side.open.size() == kOpenFramesMax) {
    ++counters_.open_frames_max;
    return;
  }
  side.open.push_back({.number = kind,
                       .id = id,
                       .begin = offset,
                       .end = length == kOpenLength ? kOpenLength : offset + length,
                       .shown = offset,
                       .owner = tx,
                       .tx = tx,
                       .matched = {}});
  if (length == kOpenLength || offset + length > side.end()) return;
  show_frame(*frames, direction, side.open.back(), offset + length, FrameEnd::complete);
  side.open.pop_back();
}

void AppLayer::end_frame(uint8_t kind, Direction direction, uint64_t end, const Transaction* tx) {
  Frames* frames = current_->frames.get();
  if (!frames) return;
  Frames::HalfFlow& side = frames->sides[index(direction)];
  auto found = std::find_if(side.open.rbegin(), side.open.rend(), [&](const auto& open) {
    return open.number == kind && open.owner == tx && open.end == kOpenLength;
  });
  if (found == side.open.rend()) return;
  if (found->waits && end > side.hole_begin) show_broken(*frames, direction, *found);
  show_frame(*frames, direction, *found, std::min(end, side.end()), FrameEnd::complete);
  side.open.erase(std::next(found).base());
}

/// Shows what is new of the frame up to `to`: pieces that are full, and the last one when nothing more comes.
void AppLayer::show_frame(Frames& frames, Direction direction, OpenFrame& open, uint64_t to, FrameEnd end) {
  const Frames::HalfFlow& side = frames.sides[index(direction)];
  const Protocol& protocol = *current_->protocol->row->protocol;
  const uint64_t there = to > side.hole_begin ? std::max(side.base, side.hole_end) : side.base;
  for (bool last = false; !last;) {
    const uint64_t cell_end = (open.shown / kCell + 1) * kCell;
    last = cell_end > to;
    if (last && (end == FrameEnd::open || (end == FrameEnd::broken && to <= open.shown))) return;
    const uint64_t until = last ? to : cell_end;
    const uint64_t from = std::max({open.begin, there, cell_end < 2 * kCell ? 0 : cell_end - 2 * kCell});
    if (from > until) return;
    open.shown = until;
    const uint64_t behind = std::min({open.end, side.end(), side.hole_end + kBehindHole});
    const bool broken = last && open.waits;
    const AppMemory::Paused paused(*memory_);
    sink_.frame(*flow_, {.protocol = &protocol,
                         .kind = &frame_kind(protocol, open.number),
                         .direction = direction,
                         .datagram = flow_->key.proto != ip_proto::tcp,
                         .id = open.id,
                         .offset = open.begin,
                         .length = (open.end == kOpenLength ? until : open.end) - open.begin,
                         .base = from - open.begin,
                         .bytes = side.view(from, until),
                         .missing = broken ? std::min(open.end, side.hole_end) - side.hole_begin : 0,
                         .behind = broken && behind > side.hole_end ? side.view(side.hole_end, behind) : Bytes{},
                         .first = open.first,
                         .complete = last && end == FrameEnd::complete,
                         .tx = open.tx,
                         .plans = current_->protocol->plans.get(),
                         .matched = &open.matched});
    open.first = false;
  }
}

/// What came in front of a hole.
void AppLayer::show_broken(Frames& frames, Direction direction, OpenFrame& open) {
  const Frames::HalfFlow& side = frames.sides[index(direction)];
  show_frame(frames, direction, open, side.hole_begin, FrameEnd::broken);
  open.shown = side.hole_end;
  open.waits = false;
}

/// Nothing waits any more for what is behind it.
void AppLayer::close_hole(Frames& frames, Direction direction) {
  Frames::HalfFlow& side = frames.sides[index(direction)];
  if (side.hole_end == 0) return;
  for (OpenFrame& open : side.open) {
    if (open.waits) show_broken(frames, direction, open);
  }
  side.forget_hole();
}

/// After the dissector has looked at what came: frames that ended, and bytes that no piece needs any more.
void AppLayer::settle_frames(Frames& frames, Direction direction, bool datagram) {
  Frames::HalfFlow& side = frames.sides[index(direction)];
  std::erase_if(side.open, [&](OpenFrame& open) {
    const bool ended = open.end <= side.end();
    if (open.waits) {
      if (!ended && side.end() < side.hole_end + kBehindHole) return false;
      show_broken(frames, direction, open);
    }
    show_frame(frames, direction, open, std::min(open.end, side.end()), ended ? FrameEnd::complete : FrameEnd::open);
    return ended;
  });
  if (datagram) return;
  if (side.hole_end > 0) {
    if (std::ranges::any_of(side.open, &OpenFrame::waits)) return;
    side.forget_hole();
  }
  const uint64_t cell = side.end() / kCell * kCell;
  if (cell < side.base + kCell) return;
  side.bytes.erase(0, cell - kCell - side.base);
  side.base = cell - kCell;
}

/// A transaction that is told may be gone before the dissector is done with what came.
void AppLayer::settle_frames(Frames& frames, const Transaction& tx) {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    Frames::HalfFlow& side = frames.sides[index(direction)];
    std::erase_if(side.open, [&](OpenFrame& open) {
      const bool ended = open.tx == &tx && open.end <= side.end();
      if (ended && open.waits) show_broken(frames, direction, open);
      if (ended) show_frame(frames, direction, open, open.end, FrameEnd::complete);
      return ended;
    });
  }
}

/// Nothing more comes of the transaction, and its dissector may use its memory anew: what is still open of it goes on
/// without.
void AppLayer::part_frames(Frames& frames, const Transaction& tx) {
  for (Frames::HalfFlow& side : frames.sides) {
    for (OpenFrame& open : side.open) {
      if (open.tx == &tx) open.tx = nullptr;
    }
  }
}

/// Frames that go on behind what is lost wait for what comes there, unless something did before.
void AppLayer::break_frames(Frames& frames, Direction direction, uint64_t end, uint64_t lost) {
  Frames::HalfFlow& side = frames.sides[index(direction)];
  close_hole(frames, direction);
  if (side.bytes.empty()) side.base = end;
  side.hole_begin = side.end();
  side.hole_end = std::max(side.hole_begin, end + lost);
  std::erase_if(side.open, [&](OpenFrame& open) {
    open.waits = true;
    const bool over = open.end <= side.hole_end;
    if (over) show_broken(frames, direction, open);
    return over;
  });
  if (side.open.empty()) side.forget_hole();
}

void AppLayer::end_frames(State& state) {
  if (!state.frames) return;
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    Frames::HalfFlow& side = state.frames->sides[index(direction)];
    for (OpenFrame& open : side.open) {
      if (open.waits) show_broken(*state.frames, direction, open);
      show_frame(*state.frames, direction, open, side.end(), FrameEnd::broken);
    }
  }
  state.frames.reset();
}

}  // namespace lapwing
