// Two protocols of lines, which carry the same parts: the client's lines are crates, the server's are parcels.
#pragma once

#include "dissectors/contract/dissector.h"

namespace lapwing::crate {
extern const DissectorRow kRow;
}
namespace lapwing::parcel {
extern const DissectorRow kRow;
}
