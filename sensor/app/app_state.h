// AppLayer::State: what the app room hangs on a flow [W].
#pragma once

#include "sensor/app/app_layer.h"

namespace lapwing {

struct AppLayer::HalfFlow {
  std::string buffer;                           // undecided bytes, or the beginning of an incomplete message
  std::string head;                             // first bytes of the second side to be judged
  uint64_t offset = 0;                          // stream offset of buffer[0]
  uint64_t bytes = 0;                           // seen since recognition began
  uint64_t lost = 0;                            // before buffer[0], during recognition
  ProtocolSet candidates = ProtocolSet::all();  // protocols these bytes may still be, by their number in AppConfig
  const AppProtocol* protocol = nullptr;
  bool failed = false;  // its first bytes fit no protocol
  bool closed = false;  // there is no verdict and will be none: a gap, or the end after too few bytes
  bool ended = false;
  bool broken_off = false;   // where it ended
  bool just_judged = false;  // just judged, and no packet of this direction has seen it
  uint8_t datagrams = 0;     // looked at in vain
  uint32_t need = 0;         // bytes without which another look is useless

  bool settled() const { return protocol || failed || closed; }
  void note_end(const Chunk& chunk) {
    ended |= chunk.end;
    broken_off |= chunk.end && chunk.broken_off;
  }
  /// What has no verdict of its own waits too: what the other side is found to speak may explain it.
  void keep(const Chunk& chunk) {
    if (buffer.empty()) offset = chunk.offset;
    buffer.append(to_text(chunk.data));
  }
  /// What it said before the other began is the rest of a message that began unseen: no answer to what follows.
  void drop_rest() {
    buffer = {};
    lost = 0;
    candidates = ProtocolSet::all();
  }
};

/// A frame that waits for its end; offsets are those of the stream.
struct AppLayer::OpenFrame {
  uint8_t number = 0;  // of its kind
  uint64_t id = 0, begin = 0, end = kOpenLength;
  uint64_t shown = 0;  // pieces have been delivered up to here
  bool first = true;
  bool waits = false;                  // a hole is in it, and what is in front of that was not delivered
  const Transaction* owner = nullptr;  // by which its end is known
  Transaction* tx = nullptr;           // the same while it lives
  std::vector<uint64_t> matched;
};

/// The bytes of each direction that frames may still need, and the frames that wait for more.
struct AppLayer::Frames {
  struct HalfFlow {
    std::string bytes;
    uint64_t base = 0;  // stream offset of bytes[0]
    // Of bytes that were lost; those on both sides of them follow each other in `bytes`. None while both are 0.
    uint64_t hole_begin = 0, hole_end = 0;
    uint64_t next_id = 1;
    bool begun = false;  // of a stream: its own frame
    std::vector<OpenFrame> open;

    uint64_t end() const { return base + bytes.size() + (hole_end - hole_begin); }
    /// Of one side of the hole.
    Bytes view(uint64_t from, uint64_t to) const {
      const uint64_t lost = hole_end > 0 && from >= hole_end ? hole_end - hole_begin : 0;
      return to_bytes(bytes).subspan(from - base - lost, to - from);
    }
    /// And what is in front of it.
    void forget_hole() {
      bytes.erase(0, hole_begin - base);
      base = hole_end;
      hole_begin = hole_end = 0;
    }
  };
  uint32_t wanted = 0;
  std::array<HalfFlow, 2> sides;
};

/// Where a flow comes from that another announced, or that changed its protocol.
struct AppLayer::Origin {
  const AppProtocol* original = nullptr;   // before all changes
  const AppProtocol* before = nullptr;     // before the last one
  const AppProtocol* named = nullptr;      // what the flow is called where it is not what is dissected
  uint64_t parent = 0;                     // id of the flow that announced this one
  std::string_view expected;               // what it was said to become
  std::shared_ptr<const Context> context;  // for the dissector to come
};

struct AppLayer::State final : FlowAttachment {
  /// failed: nothing more is dissected, for lack of a protocol or of a dissector that can go on.
  enum class Phase : uint8_t { detecting, dissecting, failed };

  State(std::shared_ptr<AppMemory> memory, Flow& flow) : part(std::move(memory), flow) {}
  ~State() override { destroy(); }
  void destroy() {
    if (instance) protocol->row->destroy(instance);
    instance = nullptr;
  }
  /// Nothing more is dissected, and nothing waits for it.
  void stop() {
    phase = Phase::failed;
    for (auto& side : sides) side.buffer = {};
  }
  Origin& make_origin() {
    if (!origin) origin = std::make_unique<Origin>();
    return *origin;
  }
  bool changed() const { return origin && origin->original; }
  /// Something followed a change, whatever it is: the flow is no longer what it was before that.
  bool spoke_since_change() const { return changed() && (sides[0].bytes > 0 || sides[1].bytes > 0); }
  std::string_view expected() const { return origin ? origin->expected : std::string_view{}; }

  AppMemory::Part part;
  Phase phase = Phase::detecting;
  bool undetected = false;  // recognition failed
  bool reversed = false;    // the first bytes are an answer to them
  bool turned = false;
  uint8_t changes = 0;  // of protocol
  const AppProtocol* protocol = nullptr;
  void* instance = nullptr;
  std::array<HalfFlow, 2> sides;
  uint64_t transactions = 0;
  std::unique_ptr<Frames> frames;  // null when none are wanted
  std::unique_ptr<Origin> origin;  // few flows have one
};

}  // namespace lapwing
