// The rows of the part `onc_rpc`.
#pragma once

#include "dissectors/contract/out.h"
#include "dissectors/parts/onc_rpc/messages.h"

namespace lapwing::onc_rpc {

struct Rpc {
  enum class Anomaly : uint8_t {};
  enum class Cap : uint8_t { unit };
  static constexpr lapwing::Cap kCaps[] = {
      {"unit", Messages::kUnit,
       "bytes of a message that are kept until what they say is whole: a name, an entry, an operation; the rest of the "
       "message is passed over"},
  };
  static constexpr Part part{.name = "onc_rpc", .help = "remote procedure calls (RFC 5531)", .caps = kCaps};
};

}  // namespace lapwing::onc_rpc
