#include "sensor/flow/flow_table.h"

namespace lapwing {
namespace {

constexpr auto kSec = Unit::seconds;
using C = FlowConfig;

constexpr OptionRow<C> kOptions[] = {
    {"flow.memcap", &C::memcap, "128mb",
     "memory of one worker's flow table; at the cap flows nearest to their timeout end", Unit::bytes},
    {"flow.hash-size", &C::hash_size, "65536", "least number of flows the hash table has room for"},
    {"flow.prealloc", &C::prealloc, "10000", "flows whose memory is touched at start"},
    {"flow.emergency-recovery", &C::emergency_recovery, "30",
     "percent of the memory cap that must be free before emergency timeouts no longer hold"},
    {"vlan.use-for-tracking", &C::use_vlan, "yes", "packets of different VLANs belong to different flows"},
    {"decoder.recursion-level.use-for-tracking", &C::use_tunnel, "yes",
     "packets of different tunnel depths belong to different flows"},
    {"stream.midstream", &C::midstream, "no", "the sender of a first SYN/ACK is the server"},
    {"stream.async-oneside", &C::async_oneside, "no", "the sender of a first SYN/ACK is the server"},
    {"flow-timeouts.default.new", &C::default_new, "30", "seconds until a flow without an answer ends", kSec},
    {"flow-timeouts.default.established", &C::default_established, "300", "seconds until a flow seen both ways ends",
     kSec},
    {"flow-timeouts.default.closed", &C::default_closed, "0", "seconds until a closed flow ends", kSec},
    {"flow-timeouts.default.bypassed", &C::default_bypassed, "100", "seconds until a bypassed flow ends", kSec},
    {"flow-timeouts.default.emergency-new", &C::default_emergency_new, "10", "as new, at the memory cap", kSec},
    {"flow-timeouts.default.emergency-established", &C::default_emergency_established, "100",
     "as established, at the memory cap", kSec},
    {"flow-timeouts.default.emergency-closed", &C::default_emergency_closed, "0", "as closed, at the memory cap", kSec},
    {"flow-timeouts.default.emergency-bypassed", &C::default_emergency_bypassed, "50", "as bypassed, at the memory cap",
     kSec},
    {"flow-timeouts.tcp.new", &C::tcp_new, "60", "seconds until a TCP flow without a complete handshake ends", kSec},
    {"flow-timeouts.tcp.established", &C::tcp_established, "600", "seconds until a silent connection ends", kSec},
    {"flow-timeouts.tcp.closed", &C::tcp_closed, "60", "seconds until a closed connection ends", kSec},
    {"flow-timeouts.tcp.bypassed", &C::tcp_bypassed, "100", "seconds until a bypassed connection ends", kSec},
    {"flow-timeouts.tcp.emergency-new", &C::tcp_emergency_new, "5", "as new, at the memory cap", kSec},
    {"flow-timeouts.tcp.emergency-established", &C::tcp_emergency_established, "100",
     "as established, at the memory cap", kSec},
    {"flow-timeouts.tcp.emergency-closed", &C::tcp_emergency_closed, "10", "as closed, at the memory cap", kSec},
    {"flow-timeouts.tcp.emergency-bypassed", &C::tcp_emergency_bypassed, "50", "as bypassed, at the memory cap", kSec},
    {"flow-timeouts.udp.new", &C::udp_new, "30", "seconds until a UDP flow without an answer ends", kSec},
    {"flow-timeouts.udp.established", &C::udp_established, "300", "seconds until a UDP flow seen both ways ends", kSec},
    {"flow-timeouts.udp.bypassed", &C::udp_bypassed, "100", "seconds until a bypassed UDP flow ends", kSec},
    {"flow-timeouts.udp.emergency-new", &C::udp_emergency_new, "10", "as new, at the memory cap", kSec},
    {"flow-timeouts.udp.emergency-established", &C::udp_emergency_established, "100",
     "as established, at the memory cap", kSec},
    {"flow-timeouts.udp.emergency-bypassed", &C::udp_emergency_bypassed, "50", "as bypassed, at the memory cap", kSec},
    {"flow-timeouts.icmp.new", &C::icmp_new, "30", "seconds until an ICMP flow without a reply ends", kSec},
    {"flow-timeouts.icmp.established", &C::icmp_established, "300", "seconds until an ICMP flow with replies ends",
     kSec},
    {"flow-timeouts.icmp.bypassed", &C::icmp_bypassed, "100", "seconds until a bypassed ICMP flow ends", kSec},
    {"flow-timeouts.icmp.emergency-new", &C::icmp_emergency_new, "10", "as new, at the memory cap", kSec},
    {"flow-timeouts.icmp.emergency-established", &C::icmp_emergency_established, "100",
     "as established, at the memory cap", kSec},
    {"flow-timeouts.icmp.emergency-bypassed", &C::icmp_emergency_bypassed, "50", "as bypassed, at the memory cap",
     kSec},
};

using N = FlowCounters;
constexpr CounterRow<N> kCounters[] = {
    {"flow.total", &N::total, "flows begun"},
    {"flow.active", &N::active, "flows in the table", CounterKind::gauge},
    {"flow.tcp", &N::tcp, "TCP flows begun"},
    {"flow.udp", &N::udp, "UDP flows begun"},
    {"flow.icmpv4", &N::icmpv4, "ICMP flows begun"},
    {"flow.icmpv6", &N::icmpv6, "ICMPv6 flows begun"},
    {"flow.tcp_reuse", &N::tcp_reuse, "flows ended by a new connection between the same ports"},
    {"flow.memcap", &N::memcap, "packets that got no flow because of flow.memcap", CounterKind::loss},
    {"flow.memuse", &N::memuse, "bytes of flows and of the hash table", CounterKind::gauge},
    {"flow.get_used", &N::forced, "flows ended before their timeout to make room"},
    {"flow.emerg_mode_entered", &N::emergency_entered, "times the memory cap was reached"},
    {"flow.emerg_mode_over", &N::emergency_over, "times enough memory was free again"},
    {"flow.returns_ignored", &N::returns_ignored,
     "times that packet time ran far back and no timeouts with it: it had done so 256 times"},
    {"flow.mgr.flows_timeout", &N::timed_out, "flows ended by their timeout"},
    {"flow.end.state.new", &N::end_new, "flows ended without an answer"},
    {"flow.end.state.established", &N::end_established, "flows ended while established"},
    {"flow.end.state.closed", &N::end_closed, "flows ended after their connection was closed"},
    {"flow.end.state.local_bypassed", &N::end_bypassed, "flows ended while bypassed"},
    {"flow.end.tcp_state.none", &N::end_none, "TCP flows ended without a session"},
    {"flow.end.tcp_state.listen", &N::end_listen, "TCP flows ended in LISTEN"},
    {"flow.end.tcp_state.syn_sent", &N::end_syn_sent, "TCP flows ended in SYN-SENT"},
    {"flow.end.tcp_state.syn_recv", &N::end_syn_recv, "TCP flows ended in SYN-RECEIVED"},
    {"flow.end.tcp_state.established", &N::end_tcp_established, "TCP flows ended in ESTABLISHED"},
    {"flow.end.tcp_state.fin_wait1", &N::end_fin_wait1, "TCP flows ended in FIN-WAIT-1"},
    {"flow.end.tcp_state.fin_wait2", &N::end_fin_wait2, "TCP flows ended in FIN-WAIT-2"},
    {"flow.end.tcp_state.time_wait", &N::end_time_wait, "TCP flows ended in TIME-WAIT"},
    {"flow.end.tcp_state.last_ack", &N::end_last_ack, "TCP flows ended in LAST-ACK"},
    {"flow.end.tcp_state.close_wait", &N::end_close_wait, "TCP flows ended in CLOSE-WAIT"},
    {"flow.end.tcp_state.closing", &N::end_closing, "TCP flows ended in CLOSING"},
    {"flow.end.tcp_state.closed", &N::end_tcp_closed, "TCP flows ended in CLOSED"},
};

}  // namespace

std::span<const OptionRow<FlowConfig>> flow_options() {
  return kOptions;
}
std::span<const CounterRow<FlowCounters>> flow_counter_rows() {
  return kCounters;
}

FlowTimeouts FlowConfig::timeouts(uint8_t proto, bool emergency) const {
  if (proto == ip_proto::tcp) {
    return emergency ? FlowTimeouts{tcp_emergency_new, tcp_emergency_established, tcp_emergency_closed,
                                    tcp_emergency_bypassed}
                     : FlowTimeouts{tcp_new, tcp_established, tcp_closed, tcp_bypassed};
  }
  FlowTimeouts out = emergency ? FlowTimeouts{default_emergency_new, default_emergency_established,
                                              default_emergency_closed, default_emergency_bypassed}
                               : FlowTimeouts{default_new, default_established, default_closed, default_bypassed};
  if (proto == ip_proto::udp) {
    out.new_flow = emergency ? udp_emergency_new : udp_new;
    out.established = emergency ? udp_emergency_established : udp_established;
    out.bypassed = emergency ? udp_emergency_bypassed : udp_bypassed;
  } else if (proto == ip_proto::icmp || proto == ip_proto::icmpv6) {
    out.new_flow = emergency ? icmp_emergency_new : icmp_new;
    out.established = emergency ? icmp_emergency_established : icmp_established;
    out.bypassed = emergency ? icmp_emergency_bypassed : icmp_bypassed;
  }
  return out;
}

}  // namespace lapwing
