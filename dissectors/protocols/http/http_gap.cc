// Parser, where bytes of a stream are missing.
#include <algorithm>
#include <array>

#include "dissectors/protocols/http/http_parser.h"

namespace lapwing::http {
namespace {

/// Bytes of one gap that libhtp gets others for: what stands for a gap costs time, and it takes two packets to make
/// one.
constexpr uint64_t kMaxFill = 16 << 20;

/// What is lost counts once the callbacks it causes are over.
struct CountGap {
  uint64_t& consumed;
  uint64_t lost;
  ~CountGap() { consumed += lost; }
};

}  // namespace

Parser::Result Parser::gap(Direction direction, uint64_t lost) {
  HalfFlow& side = sides_[index(direction)];
  if (Result flushed = feed_pieces(direction, {}, true); flushed.status != Status::ok) return flushed;
  if (direction == Direction::to_server) end_open();
  if ((side.dead && !side.bare) || lost == 0) return {};
  const CountGap counted{side.consumed, lost};
  const htp_tx_t* tx = current(direction);
  uint64_t within = std::min(side.framer.gap_allowed(tx, direction), lost);
  if (side.framer.in_chunk() && within > kMaxFill) within = 0;
  feeding_ = direction;
  if (within > 0 && side.framer.in_chunk()) {
    if (Result filled = fill(direction, within); filled.status != Status::ok) return filled;
  } else if (within > 0) {
    const size_t size = static_cast<size_t>(within);
    int state = direction == Direction::to_server ? htp_connp_req_data(connp_.get(), nullptr, nullptr, size)
                                                  : htp_connp_res_data(connp_.get(), nullptr, nullptr, size);
    if (failed_ || state == HTP_STREAM_ERROR || state == HTP_STREAM_STOP) return {Status::failed, 0};
    side.framer.advance_gap(within, current(direction) == tx);
  }
  if (stopped_) return {Status::tunnel, 0};
  if (within == lost) return {};
  if (side.bare) {
    events_.body(side.bare, direction, {}, lost);
    return {};
  }
  if (htp_tx_t* broken = current(direction)) {
    // Inside headers or chunk framing nobody can tell where the next message starts. Behind those of a body all is
    // body.
    side.dead = true;
    if (side.framer.in_body()) {
      side.bare = broken;
      events_.body(broken, direction, {}, lost - within);
    }
  } else {
    side.framer.resynchronise();
  }
  return {};
}

/// libhtp takes no gap within a chunk: it gets other bytes in the place of the lost ones.
Parser::Result Parser::fill(Direction direction, uint64_t lost) {
  static constexpr std::array<uint8_t, 64 << 10> kFiller{};
  HalfFlow& side = sides_[index(direction)];
  Result result;
  filling_ = true;
  while (lost > 0 && result.status == Status::ok) {
    const Bytes piece = Bytes(kFiller).first(static_cast<size_t>(std::min<uint64_t>(lost, kFiller.size())));
    lost -= piece.size();
    const htp_tx_t* before = current(direction);
    result = give(direction, piece);
    side.framer.advance(piece, before, current(direction), direction);
  }
  filling_ = false;
  return result;
}

}  // namespace lapwing::http
