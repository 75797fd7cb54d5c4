#include "sensor/identify/ndpi_sweep.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "sensor/identify/ndpi_module.h"

/// Takes nDPI's place: of a flow's first packet most of its dissectors call it.
extern "C" void ndpi_exclude_protocol(ndpi_detection_module_struct*, ndpi_flow_struct* flow, u_int16_t protocol,
                                      const char*, const char*, int) {
  if (protocol < NDPI_NUM_BITS) NDPI_SET(&flow->excluded_protocol_bitmask, protocol);
}

namespace lapwing {
namespace {

using Dissect = decltype(ndpi_call_function_struct::func);
using Needs = NDPI_SELECTION_BITMASK_PROTOCOL_SIZE;

/// What one dissector needs of a packet, and the protocol that it excludes when it gives up.
struct Candidate {
  Dissect dissect = nullptr;
  Needs needs = 0;
  uint16_t protocol = 0;
  bool takes_unknown = false;
  bool (*idle)(const ndpi_packet_struct&, const ndpi_flow_struct&) = nullptr;  // it would do nothing at this packet
};

/// Dissectors that are dear and see at once that a packet is not theirs, without giving up on the flow.
struct IdleRow {
  uint16_t protocol;
  bool (*idle)(const ndpi_packet_struct& packet, const ndpi_flow_struct& flow);
};
constexpr IdleRow kIdle[] = {
    // Until it saw a command, which begins with a letter. It looks at eight packets, and not at those of SMTP.
    {NDPI_PROTOCOL_FTP_CONTROL,
     [](const ndpi_packet_struct& packet, const ndpi_flow_struct& flow) {
       constexpr uint32_t kPackets = 8;
       const uint16_t smtp = htons(25);
       return flow.ftp_control_stage == 0 && flow.packet_counter <= kPackets && packet.tcp &&
              packet.tcp->dest != smtp && packet.tcp->source != smtp && packet.payload_packet_len > 0 &&
              !std::isalpha(packet.payload[0]);
     }},
};

Candidate candidate(const ndpi_call_function_struct& row) {
  const auto* idle = std::ranges::find(kIdle, row.ndpi_protocol_id, &IdleRow::protocol);
  return {row.func, row.ndpi_selection_bitmask, row.ndpi_protocol_id,
          NDPI_ISSET(&row.detection_bitmask, NDPI_PROTOCOL_UNKNOWN) != 0,
          idle == std::end(kIdle) ? nullptr : idle->idle};
}

/// nDPI's tables as they were. Every module has the same ones.
struct Tables {
  std::vector<Candidate> tcp, tcp_empty, udp, other;
  std::array<Candidate, NDPI_MAX_SUPPORTED_PROTOCOLS + 1> all;  // by proto_defaults[].protoIdx

  explicit Tables(const ndpi_detection_module_struct& module) {
    const auto keep = [](std::vector<Candidate>& to, const ndpi_call_function_struct* rows, size_t count) {
      to.reserve(count);
      std::transform(rows, rows + count, std::back_inserter(to), candidate);
    };
    keep(tcp, module.callback_buffer_tcp_payload, module.callback_buffer_size_tcp_payload);
    keep(tcp_empty, module.callback_buffer_tcp_no_payload, module.callback_buffer_size_tcp_no_payload);
    keep(udp, module.callback_buffer_udp, module.callback_buffer_size_udp);
    keep(other, module.callback_buffer_non_tcp_udp, module.callback_buffer_size_non_tcp_udp);
    std::transform(std::begin(module.callback_buffer), std::end(module.callback_buffer), all.begin(), candidate);
  }

  std::span<const Candidate> of(const ndpi_packet_struct& packet) const {
    if (packet.tcp) return packet.payload_packet_len ? tcp : tcp_empty;
    return packet.udp ? udp : other;
  }
};

const Tables* tables = nullptr;

bool excluded(const ndpi_flow_struct& flow, uint16_t protocol) {
  return NDPI_ISSET(&flow.excluded_protocol_bitmask, protocol);
}

/// As ndpi_detection_process_packet says it of a packet.
Needs has(const ndpi_packet_struct& packet) {
  Needs out = NDPI_SELECTION_BITMASK_PROTOCOL_COMPLETE_TRAFFIC;
  if (packet.iph) out |= NDPI_SELECTION_BITMASK_PROTOCOL_IP | NDPI_SELECTION_BITMASK_PROTOCOL_IPV4_OR_IPV6;
  if (packet.iphv6) out |= NDPI_SELECTION_BITMASK_PROTOCOL_IPV6 | NDPI_SELECTION_BITMASK_PROTOCOL_IPV4_OR_IPV6;
  if (packet.tcp) out |= NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP | NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP_OR_UDP;
  if (packet.udp) out |= NDPI_SELECTION_BITMASK_PROTOCOL_INT_UDP | NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP_OR_UDP;
  if (packet.payload_packet_len) out |= NDPI_SELECTION_BITMASK_PROTOCOL_HAS_PAYLOAD;
  if (!packet.tcp_retransmission) out |= NDPI_SELECTION_BITMASK_PROTOCOL_NO_TCP_RETRANSMISSION;
  return out;
}

bool may_look(const Candidate& one, const ndpi_flow_struct& flow, Needs has) {
  return one.takes_unknown & ((one.needs & has) == one.needs) & !excluded(flow, one.protocol);
}

/// Several dissectors look for lines, the first of them byte by byte, also where there is no end of one. Says what it
/// would find then: nothing.
void look_for_lines(ndpi_packet_struct& packet) {
  if (packet.payload_packet_len < 3 || !packet.payload || packet.packet_lines_parsed_complete) return;
  const uint8_t* const last = packet.payload + packet.payload_packet_len - 1;
  for (const uint8_t* at = packet.payload; at < last; ++at) {
    at = static_cast<const uint8_t*>(std::memchr(at, '\r', static_cast<size_t>(last - at)));
    if (!at) break;
    if (at[1] == '\n') return;
  }
  packet.packet_lines_parsed_complete = 1;
  packet.parsed_lines = 0;
  packet.line[0].ptr = packet.payload;
  packet.line[0].len = 0;
}

/// In the place of every dissector of a list, for a flow not yet known: first the dissector that its ports speak for,
/// then all others until one knows the flow, then those of the protocols carried by what was found.
void sweep(ndpi_detection_module_struct* module, ndpi_flow_struct* flow) {
  ndpi_packet_struct& packet = module->packet;
  look_for_lines(packet);
  const Needs given = has(packet);
  const bool empty = packet.tcp && packet.payload_packet_len == 0;
  bool looked = empty;
  Dissect first = nullptr;
  const ndpi_proto_defaults_t& guess = module->proto_defaults[flow->guessed_protocol_id];
  if (guess.protoId != NDPI_PROTOCOL_UNKNOWN && flow->guessed_protocol_id != NDPI_PROTOCOL_UNKNOWN && guess.func &&
      may_look(tables->all[guess.protoIdx], *flow, given) &&
      !(empty && tables->all[flow->guessed_protocol_id].needs & NDPI_SELECTION_BITMASK_PROTOCOL_HAS_PAYLOAD)) {
    first = guess.func;
    first(module, flow);
    looked = true;
  }
  const auto known = [&] { return flow->detected_protocol_stack[0] != NDPI_PROTOCOL_UNKNOWN; };
  // Which are left is a pattern that no branch predictor knows: it is written down without branches.
  std::array<uint16_t, NDPI_MAX_SUPPORTED_PROTOCOLS + 1> left;
  size_t count = 0;
  const std::span<const Candidate> all = tables->of(packet);
  for (size_t i = 0; i < all.size(); ++i) {
    left[count] = static_cast<uint16_t>(i);
    count += may_look(all[i], *flow, given);
  }
  for (size_t i = 0; i < count && !known(); ++i) {
    const Candidate& one = all[left[i]];
    // Dissectors exclude others, too.
    if (one.dissect == first || excluded(*flow, one.protocol)) continue;
    looked = true;
    if (!one.idle || !one.idle(packet, *flow)) one.dissect(module, flow);
  }
  const ndpi_proto_defaults_t& found = module->proto_defaults[flow->detected_protocol_stack[0]];
  for (const uint16_t carried : std::span(found.subprotocols, found.subprotocol_count)) {
    if (carried == static_cast<uint16_t>(NDPI_PROTOCOL_MATCHED_BY_CONTENT)) continue;
    const Candidate& one = tables->all[module->proto_defaults[carried].protoIdx];
    if (module->proto_defaults[carried].func != first && may_look(one, *flow, given)) {
      one.dissect(module, flow);
      looked = true;
    }
    if (flow->detected_protocol_stack[1] != NDPI_PROTOCOL_UNKNOWN) break;
  }
  if (!looked) flow->fail_with_unknown = 1;
}

}  // namespace

void take_over_ndpi_sweep(ndpi_detection_module_struct& module) {
  static const Tables kept(module);
  tables = &kept;
  ndpi_call_function_struct only{};
  NDPI_BITMASK_SET_ALL(only.detection_bitmask);
  only.func = sweep;
  // What nDPI calls by itself, before and after its lists, the sweep calls.
  for (ndpi_call_function_struct& row : module.callback_buffer) row.ndpi_selection_bitmask = ~Needs{0};
  module.callback_buffer_tcp_payload[0] = module.callback_buffer_tcp_no_payload[0] = only;
  module.callback_buffer_udp[0] = module.callback_buffer_non_tcp_udp[0] = only;
  module.callback_buffer_size_tcp_payload = module.callback_buffer_size_tcp_no_payload = 1;
  module.callback_buffer_size_udp = module.callback_buffer_size_non_tcp_udp = 1;
}

}  // namespace lapwing
