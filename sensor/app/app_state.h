// AppLayer::State: what the app room hangs on a flow [W].
#pragma once

#include "sensor/app/app_layer.h"

namespace lapwing {

struct AppLayer::Side {
  std::string buffer;                  // undecided bytes, or the beginning of an incomplete message
  std::string head;                    // first bytes of the second side to be judged
  uint64_t offset = 0;                 // stream offset of buffer[0]
  uint64_t bytes = 0;                  // seen since detection began
  uint64_t candidates = ~uint64_t{0};  // protocols these bytes may still be, by index
  const AppProtocol* protocol = nullptr;
  bool failed = false;  // its first bytes fit no protocol
  bool closed = false;  // there is no verdict and will be none: a gap, or the end after too few bytes
  bool ended = false;
  bool fresh = false;     // just judged, and no packet of this direction has seen it
  uint8_t datagrams = 0;  // looked at in vain
  uint32_t need = 0;      // bytes without which another look is useless

  bool settled() const { return protocol || failed || closed; }
};

struct AppLayer::State final : FlowAttachment {
  /// failed: nothing more is dissected, for lack of a protocol or of a dissector that can go on.
  enum class Phase : uint8_t { detecting, dissecting, failed };

  ~State() override { destroy(); }
  void destroy() {
    if (instance) protocol->row->destroy(instance);
    instance = nullptr;
  }

  Phase phase = Phase::detecting;
  bool undetected = false;  // detection failed
  bool reversed = false;    // the first bytes are an answer to them
  bool turned = false;
  std::optional<Direction> first;  // side that spoke first
  const AppProtocol* protocol = nullptr;
  const AppProtocol* original = nullptr;
  std::string_view expected;
  void* instance = nullptr;
  std::array<Side, 2> sides;
  uint64_t transactions = 0;
};

}  // namespace lapwing
