// Which of nDPI's dissectors look at a packet. nDPI walks all of some 200, comparing two masks of 512 bits for each;
// here each is a bit or two to look at.
#pragma once

struct ndpi_detection_module_struct;

namespace lapwing {

/// Puts itself in the place of the loop of a module that has all its protocols and no packet yet. What a flow is taken
/// for stays as it was. Call it under the lock that guards starting modules.
void take_over_ndpi_sweep(ndpi_detection_module_struct& module);

}  // namespace lapwing
