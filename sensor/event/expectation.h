// Expectation: a flow that another one announced.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sensor/event/column.h"

namespace lapwing {

/// [W] What a dissector hands to that of another protocol, or of a flow that it announced. Its types belong to
/// dissectors/contract or to a part, which both can see. Whoever made it may say more of it later: both flows are one
/// worker's.
struct Context {
  virtual ~Context() = default;
};

/// Of the two hosts of the announcing flow, `listener` (client or server) is connected to, or sent datagrams, on `port`
/// by the other, from any port. The flow is named before it says a byte, and dissected without a look at its bytes.
struct Expectation {
  Sender listener = Sender::server;
  uint16_t port = 0;                       // 0: the one that the listener has in the announcing flow
  bool datagrams = false;                  // UDP, else TCP
  bool answers = false;                    // of datagrams the listener never sends the first
  std::string_view protocol;               // a constant
  std::shared_ptr<const Context> context;  // handed to the dissector of the new flow
};

}  // namespace lapwing
