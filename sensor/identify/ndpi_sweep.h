// Which of nDPI's dissectors look at a packet. nDPI walks all of some 200, comparing two masks of 512 bits for each;
// here those that a flow has not excluded and that its packet may concern are found with a few words of bits.
#pragma once

struct ndpi_detection_module_struct;

namespace lapwing {

/// Whether dissectors are asked that payload_needs() says have nothing to find. It makes no difference to the flow.
enum class Sweep { needed, all };

/// Puts itself in the place of the loop of a module that has all its protocols and no packet yet. What a flow is taken
/// for stays as it was. Call it under the lock that guards starting modules.
void take_over_ndpi_sweep(ndpi_detection_module_struct& module, Sweep which);

}  // namespace lapwing
