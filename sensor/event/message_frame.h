// MessageFrame: a message of a protocol, or a part of one, as its bytes stand in the stream or datagram.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing {

struct Protocol;
struct RecordPlans;
struct Transaction;

/// What a rule or record calls a kind of frame ("pdu"): a row of Protocol::frames.
struct FrameKind {
  std::string_view name, help;
};

/// Of a frame whose end is not known when it begins.
inline constexpr uint64_t kOpenLength = std::numeric_limits<uint64_t>::max();

/// One piece of a frame [W], valid during the call. Pieces of one frame overlap, so that what lies across two of them
/// is whole in one; most frames have a single piece.
struct MessageFrame {
  const Protocol* protocol = nullptr;
  const FrameKind* kind = nullptr;
  Direction direction = Direction::to_server;
  bool datagram = false;
  uint64_t id = 0;                           // 1, 2, ... of this direction of the flow
  uint64_t offset = 0;                       // of the frame in the direction's stream
  uint64_t length = 0;                       // of the frame, or of what came so far where its end is not known
  uint64_t base = 0;                         // of the piece within the frame
  Bytes bytes;                               // of the piece
  uint64_t missing = 0;                      // bytes of the frame behind the piece that were lost
  Bytes behind;                              // the first that came behind those, as many as records show
  bool first = false;                        // nothing of the frame was shown before
  bool complete = false;                     // the frame ends with this piece
  Transaction* tx = nullptr;                 // that it belongs to, or null
  const RecordPlans* plans = nullptr;        // what alerts show of that
  std::vector<uint64_t>* matched = nullptr;  // owned by the rule matcher: what alerted in an earlier piece
};

}  // namespace lapwing
