// Lines of a payload, and the headers of HTTP among them, found for nDPI.
#pragma once

#include <ndpi/ndpi_api.h>

namespace lapwing {

/// Leaves in both what nDPI's own ndpi_parse_packet_line_info of 4.2 leaves: that one asks of each line for every
/// header that it knows, one after the other.
void find_lines(ndpi_packet_struct& packet, ndpi_flow_struct& flow);

}  // namespace lapwing
