#include "sensor/identify/ndpi_sweep.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sensor/identify/ndpi_asked.h"
#include "sensor/identify/ndpi_lines.h"

/// Takes nDPI's place: of a flow's first packet most of its dissectors call it.
extern "C" void ndpi_exclude_protocol(ndpi_detection_module_struct*, ndpi_flow_struct* flow, u_int16_t protocol,
                                      const char*, const char*, int) {
  if (protocol < NDPI_NUM_BITS) NDPI_SET(&flow->excluded_protocol_bitmask, protocol);
}

/// Likewise: of a payload that has lines, several do.
extern "C" void ndpi_parse_packet_line_info(ndpi_detection_module_struct* module, ndpi_flow_struct* flow) {
  lapwing::find_lines(module->packet, *flow);
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

/// Dissectors that see by more than the payload that they do nothing at it, and do not give up on the flow.
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
    // The client's side it looks at for nine packets.
    {NDPI_PROTOCOL_ICECAST,
     [](const ndpi_packet_struct& packet, const ndpi_flow_struct& flow) {
       constexpr uint32_t kPackets = 9;
       return flow.l4.tcp.icecast_stage == 0 && packet.packet_direction == flow.setup_packet_direction &&
              flow.packet_counter <= kPackets && packet.payload_packet_len > 0 && packet.payload[0] != 'S';
     }},
    // Its payloads are of one, four or five bytes, its requests name it.
    {NDPI_PROTOCOL_STEAM,
     [](const ndpi_packet_struct& packet, const ndpi_flow_struct& flow) {
       constexpr uint32_t kPackets = 10, kLongest = 5;
       return packet.tcp && flow.steam_stage == 0 && flow.packet_counter <= kPackets &&
              packet.payload_packet_len > kLongest && packet.packet_lines_parsed_complete &&
              !packet.user_agent_line.ptr;
     }},
};

Candidate candidate(const ndpi_call_function_struct& row) {
  const auto* idle = std::ranges::find(kIdle, row.ndpi_protocol_id, &IdleRow::protocol);
  return {row.func, row.ndpi_selection_bitmask, row.ndpi_protocol_id,
          NDPI_ISSET(&row.detection_bitmask, NDPI_PROTOCOL_UNKNOWN) != 0,
          idle == std::end(kIdle) ? nullptr : idle->idle};
}

/// As ndpi_detection_process_packet says it of a packet.
Needs has(bool v6, bool payload, bool again, Needs carrier) {
  return NDPI_SELECTION_BITMASK_PROTOCOL_COMPLETE_TRAFFIC | NDPI_SELECTION_BITMASK_PROTOCOL_IPV4_OR_IPV6 | carrier |
         (v6 ? NDPI_SELECTION_BITMASK_PROTOCOL_IPV6 : NDPI_SELECTION_BITMASK_PROTOCOL_IP) |
         (payload ? NDPI_SELECTION_BITMASK_PROTOCOL_HAS_PAYLOAD : 0) |
         (again ? 0 : NDPI_SELECTION_BITMASK_PROTOCOL_NO_TCP_RETRANSMISSION);
}

constexpr Needs kTcp = NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP | NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP_OR_UDP;
constexpr Needs kUdp = NDPI_SELECTION_BITMASK_PROTOCOL_INT_UDP | NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP_OR_UDP;

Needs has(const ndpi_packet_struct& packet) {
  return has(packet.iphv6, packet.payload_packet_len, packet.tcp_retransmission,
             packet.tcp   ? kTcp
             : packet.udp ? kUdp
                          : 0);
}

bool fits(const Candidate& one, Needs has) {
  return one.takes_unknown && (one.needs & has) == one.needs;
}

/// One of nDPI's lists, in its order.
struct List {
  std::vector<Candidate> all;
  std::array<NdpiSet, 8> fit;  // by family, payload and retransmission
  std::array<uint8_t, NDPI_MAX_SUPPORTED_PROTOCOLS + 1> rank{};
  std::vector<NdpiSet> before;  // by rank
  std::unique_ptr<const AskedTable> first, later;

  List(const ndpi_call_function_struct* rows, size_t count, Needs carrier) {
    std::transform(rows, rows + count, std::back_inserter(all), candidate);
    NdpiSet sofar;
    for (size_t i = 0; i < all.size(); ++i) {
      rank[all[i].protocol] = static_cast<uint8_t>(i);
      before.push_back(sofar);
      sofar.set(all[i].protocol);
      for (size_t at = 0; at < fit.size(); ++at) {
        if (fits(all[i], has(at & 4, at & 2, at & 1, carrier))) fit[at].set(all[i].protocol);
      }
    }
  }

  void use_needs(Carrier carrier) {
    for (const PayloadNeeds& row : payload_needs()) {
      if (row.dissector == 0 || row.carrier != carrier) continue;
      const uint8_t its = rank[row.dissector];
      rank[row.protocol] = its;
      for (size_t i = its + size_t{1}; i < before.size(); ++i) before[i].set(row.protocol);
      for (NdpiSet& set : fit) {
        if (set.has(row.dissector)) set.set(row.protocol);
      }
    }
    first = std::make_unique<AskedTable>(carrier, At::first_packet);
    later = std::make_unique<AskedTable>(carrier, At::any_packet);
  }

  const NdpiSet& fitting(const ndpi_packet_struct& packet) const {
    return fit[(packet.iphv6 ? 4 : 0) | (packet.payload_packet_len ? 2 : 0) | (packet.tcp_retransmission ? 1 : 0)];
  }
};

/// nDPI's tables as they were. Every module has the same ones.
struct Tables {
  List tcp, tcp_empty, udp, other;
  std::array<Candidate, NDPI_MAX_SUPPORTED_PROTOCOLS + 1> all;  // by proto_defaults[].protoIdx

  explicit Tables(const ndpi_detection_module_struct& module)
      : tcp(module.callback_buffer_tcp_payload, module.callback_buffer_size_tcp_payload, kTcp),
        tcp_empty(module.callback_buffer_tcp_no_payload, module.callback_buffer_size_tcp_no_payload, kTcp),
        udp(module.callback_buffer_udp, module.callback_buffer_size_udp, kUdp),
        other(module.callback_buffer_non_tcp_udp, module.callback_buffer_size_non_tcp_udp, 0) {
    std::transform(std::begin(module.callback_buffer), std::end(module.callback_buffer), all.begin(), candidate);
    tcp.use_needs(Carrier::tcp);
    udp.use_needs(Carrier::udp);
  }

  const List& of(const ndpi_packet_struct& packet) const {
    if (packet.tcp) return packet.payload_packet_len ? tcp : tcp_empty;
    return packet.udp ? udp : other;
  }
};

const Tables* tables = nullptr;

bool excluded(const ndpi_flow_struct& flow, uint16_t protocol) {
  return NDPI_ISSET(&flow.excluded_protocol_bitmask, protocol);
}

bool may_look(const Candidate& one, const ndpi_flow_struct& flow, Needs has) {
  return fits(one, has) && !excluded(flow, one.protocol);
}

AskedTable::Answer asked(const List& list, const ndpi_packet_struct& packet, const ndpi_flow_struct& flow) {
  if (!list.first || !AskedTable::holds_for(packet.payload_packet_len)) return {NdpiSet::all(), {}};
  // One dissector gives up by the number of packets, be they empty.
  const uint32_t packets = packet.tcp ? 5 : 1;
  const bool first = flow.packet_counter == 1 && flow.num_processed_pkts <= packets && !packet.tcp_retransmission;
  const std::span payload(packet.payload, packet.payload_packet_len);
  return (first ? list.first : list.later)
      ->look(payload, ntohs(packet.tcp ? packet.tcp->source : packet.udp->source),
             ntohs(packet.tcp ? packet.tcp->dest : packet.udp->dest));
}

/// In the place of every dissector of a list, for a flow not yet known: first the dissector that its ports speak for,
/// then all others until one knows the flow, then those of the protocols carried by what was found.
template <Sweep which>
void sweep(ndpi_detection_module_struct* module, ndpi_flow_struct* flow) {
  ndpi_packet_struct& packet = module->packet;
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
  if (!known()) {
    const List& list = tables->of(packet);
    const Candidate* const all = list.all.data();
    const NdpiSet* const before = list.before.data();
    const NdpiSet left = list.fitting(packet) - NdpiSet::load(flow->excluded_protocol_bitmask);
    looked |= left.any();
    AskedTable::Answer answer{NdpiSet::all(), {}};
    if constexpr (which == Sweep::needed) answer = asked(list, packet, *flow);
    // A dissector finds excluded those that give up before it, and none behind it when it knows the flow.
    NdpiSet gone = left & answer.exclude;
    bool pending = gone.any();
    const auto exclude_before = [&](size_t rank) {
      if (!pending) return;
      const NdpiSet now = gone & before[rank];
      now.add_to(flow->excluded_protocol_bitmask);
      gone = gone - now;
      pending = gone.any();
    };
    std::array<uint64_t, 4> by_rank{};
    const NdpiSet ask = left & answer.ask;
    for (size_t i = 0; i < NdpiSet::kWords; ++i) {
      for (uint64_t word = ask.word(i); word != 0; word &= word - 1) {
        const uint8_t rank = list.rank[i * 64 + static_cast<size_t>(std::countr_zero(word))];
        by_rank[rank / 64] |= uint64_t{1} << rank % 64;
      }
    }
    for (size_t i = 0; i < by_rank.size() && !known(); ++i) {
      for (uint64_t word = by_rank[i]; word != 0 && !known(); word &= word - 1) {
        const size_t rank = i * 64 + static_cast<size_t>(std::countr_zero(word));
        const Candidate& one = all[rank];
        // Dissectors exclude others, too.
        if (one.dissect == first || excluded(*flow, one.protocol)) continue;
        if (which == Sweep::needed && one.idle && one.idle(packet, *flow)) continue;
        exclude_before(rank);
        one.dissect(module, flow);
      }
    }
    if (pending && !known()) gone.add_to(flow->excluded_protocol_bitmask);
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

void take_over_ndpi_sweep(ndpi_detection_module_struct& module, Sweep which) {
  static const Tables kept(module);
  tables = &kept;
  ndpi_call_function_struct only{};
  NDPI_BITMASK_SET_ALL(only.detection_bitmask);
  only.func = which == Sweep::needed ? sweep<Sweep::needed> : sweep<Sweep::all>;
  // What nDPI calls by itself, before and after its lists, the sweep calls.
  for (ndpi_call_function_struct& row : module.callback_buffer) row.ndpi_selection_bitmask = ~Needs{0};
  module.callback_buffer_tcp_payload[0] = module.callback_buffer_tcp_no_payload[0] = only;
  module.callback_buffer_udp[0] = module.callback_buffer_non_tcp_udp[0] = only;
  module.callback_buffer_size_tcp_payload = module.callback_buffer_size_tcp_no_payload = 1;
  module.callback_buffer_size_udp = module.callback_buffer_size_non_tcp_udp = 1;
}

}  // namespace lapwing
