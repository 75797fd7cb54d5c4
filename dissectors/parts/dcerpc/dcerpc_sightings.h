// What calls of DCE/RPC have servers do, whoever carries them.
#pragma once

#include "dissectors/parts/dcerpc/dcerpc.h"
#include "sensor/event/sighting.h"

namespace lapwing::dcerpc {

/// Bytes of a request's stub data that are looked at.
inline constexpr size_t kShownStub = 1024;

/// Of a call that is over. That interfaces are bound is told as well: operation "bind", number 0xffff.
void tell_operations(const Call& call, bool by_pipe, SightingSink& sink);

}  // namespace lapwing::dcerpc
