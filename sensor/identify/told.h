// What nDPI makes of facts that a dissector tells, by its own lists of names and its own rules for risks.
#pragma once

#include <string_view>

#include "sensor/event/facts.h"
#include "sensor/identify/identify.h"
#include "sensor/identify/name_memo.h"
#include "sensor/identify/ndpi_module.h"

namespace lapwing {

/// nDPI's number of a protocol whose facts are enough on its well-known port, where nDPI itself looks for it first.
/// 0: there is none, and packets have to be looked at.
uint16_t told_protocol(std::string_view name);
/// Whether it is one of these.
bool tells(uint16_t protocol);

/// What was told of a flow so far.
struct ToldFacts {
  uint16_t protocol = 0;     // as told_protocol
  uint16_t application = 0;  // 0: none beyond the protocol
  uint16_t by_address = 0;   // the application whose servers one end is among; 0: none
  uint16_t category = 0;     // 0: the application's own
  uint64_t risk = 0;         // bits by nDPI's numbers
};

/// The application whose servers one of the ends is among, the first one's before the other's; 0: none.
uint16_t application_of(const NdpiModule& module, const FlowEnds& ends);

/// Adds what `facts` say. The host as nDPI keeps it is left in `scratch`, which is cleared before.
void tell(const NdpiModule& module, NameMemo& memo, const Facts& facts, ndpi_flow_struct& scratch, ToldFacts& told);

/// What nDPI would say: protocol and application as it numbers and names them ("TLS.Google").
struct Verdict {
  uint16_t master = 0, application = 0;
  uint16_t category = 0;
  uint64_t risk = 0;
};
/// What follows from all that was told so far.
Verdict settle(const NdpiModule& module, const ToldFacts& told);

}  // namespace lapwing
