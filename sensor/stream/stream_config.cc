#include "sensor/stream/stream_engine.h"

namespace lapwing {
namespace {

using C = StreamConfig;
constexpr std::string_view kHosts = "networks whose hosts treat overlaps, fragments and IP options like this system";

constexpr NamedValue kUrgent[] = {
    {"oob", Urgent::oob}, {"inline", Urgent::in_line}, {"drop", Urgent::drop}, {"gap", Urgent::gap}};
constexpr std::span kUrgentBeyondLimit = std::span(kUrgent).subspan<1>();

constexpr OptionRow<C> kOptions[] = {
    {"stream.memcap", &C::memcap, "64mb", "memory of TCP sessions, for each worker; beyond it connections go untracked",
     Unit::bytes},
    {"stream.checksum-validation", &C::checksum_validation, "yes", "leave TCP packets with a wrong checksum out"},
    {"stream.midstream", &C::midstream, "no", "pick up connections whose handshake was not seen"},
    {"stream.async-oneside", &C::async_oneside, "no", "follow connections of which only one side is seen"},
    {"stream.inline", one_of<&C::inline_mode>(kSwitchOrAuto<false>), "auto",
     "hand data over before it is acknowledged; auto: no, this is no IPS"},
    {"stream.liberal-timestamps", &C::liberal_timestamps, "yes",
     "accept timestamps that are late by one, as Linux does"},
    {"stream.max-syn-queued", &C::max_syn_queued, "10", "different SYNs of one connection kept until one is answered",
     Unit::packets},
    {"stream.max-synack-queued", &C::max_synack_queued, "5",
     "different SYN/ACKs of one connection kept until one is acknowledged", Unit::packets},
    {"stream.reassembly.memcap", &C::reassembly_memcap, "256mb",
     "memory of data that waits, for each worker; beyond it data is lost", Unit::bytes},
    {"stream.reassembly.depth", &C::depth, "1mb", "bytes of each direction that are reassembled; 0: all", Unit::bytes},
    {"stream.reassembly.max-regions", &C::max_regions, "8",
     "groups of waiting data more than 256 KiB apart in one direction; further ones are lost"},
    {"stream.reassembly.check-overlap-different-data", &C::check_overlap_data, "yes",
     "compare the contents of segments that overlap"},
    {"stream.reassembly.urgent.policy", one_of<&C::urgent>(kUrgent), "oob",
     "the urgent byte (RFC 6093): taken out of the stream, kept in it, lost with its segment, or left as a gap"},
    {"stream.reassembly.urgent.inline-hosts", &C::urgent_inline_hosts, "",
     "networks whose servers read the urgent byte in its place (SO_OOBINLINE), whatever the policy"},
    {"stream.reassembly.urgent.oob-limit-policy", one_of<&C::urgent_beyond_limit>(kUrgentBeyondLimit), "drop",
     "what becomes of urgent bytes after the first 65535 of one direction"},
    {"defrag.enabled", &C::defrag, "yes", "reassemble IP fragments"},
    {"defrag.memcap", &C::defrag_memcap, "32mb",
     "memory of waiting fragments, for each worker; the packet that began first makes room", Unit::bytes},
    {"defrag.hash-size", &C::defrag_hash_size, "65536", "buckets for packets under reassembly"},
    {"defrag.trackers", &C::defrag_trackers, "65535", "packets under reassembly; the one that began first makes room"},
    {"defrag.max-frags", &C::defrag_max_frags, "65535", "fragments that wait; the packet that began first makes room"},
    {"defrag.timeout", &C::defrag_timeout, "60",
     "seconds from its first fragment until a packet is given up; 30 where the host-os-policy is one of Linux or BSD",
     Unit::seconds},
    {"host-os-policy.first", &C::os_first, "", kHosts},
    {"host-os-policy.last", &C::os_last, "", kHosts},
    {"host-os-policy.bsd", &C::os_bsd, "", kHosts},
    {"host-os-policy.bsd-right", &C::os_bsd_right, "", kHosts},
    {"host-os-policy.old-linux", &C::os_old_linux, "", kHosts},
    {"host-os-policy.linux", &C::os_linux, "", kHosts},
    {"host-os-policy.old-solaris", &C::os_old_solaris, "", kHosts},
    {"host-os-policy.solaris", &C::os_solaris, "", kHosts},
    {"host-os-policy.hpux10", &C::os_hpux10, "", kHosts},
    {"host-os-policy.hpux11", &C::os_hpux11, "", kHosts},
    {"host-os-policy.irix", &C::os_irix, "", kHosts},
    {"host-os-policy.macos", &C::os_macos, "", kHosts},
    {"host-os-policy.windows", &C::os_windows, "0.0.0.0/0", kHosts},
    {"host-os-policy.vista", &C::os_vista, "", kHosts},
    {"host-os-policy.windows2k3", &C::os_windows2k3, "", kHosts},
};

using N = StreamCounters;
constexpr CounterRow<N> kCounters[] = {
    {"tcp.syn", &N::syn, "SYN packets"},
    {"tcp.synack", &N::synack, "SYN/ACK packets"},
    {"tcp.rst", &N::rst, "RST packets"},
    {"tcp.urg", &N::urg, "packets with the URG flag"},
    {"tcp.sessions", &N::sessions, "connections begun or picked up"},
    {"tcp.active_sessions", &N::active_sessions, "sessions in memory", CounterKind::gauge},
    {"tcp.midstream_pickups", &N::midstream_pickups, "connections picked up without their SYN"},
    {"tcp.invalid_checksum", &N::invalid_checksum, "packets left out for their checksum"},
    {"tcp.no_flow", &N::no_flow, "packets of connections that are not tracked"},
    {"tcp.memuse", &N::memuse, "bytes of sessions", CounterKind::gauge},
    {"tcp.reassembly_memuse", &N::reassembly_memuse, "bytes of waiting data", CounterKind::gauge},
    {"tcp.reassembly_memheld", &N::reassembly_memheld, "bytes taken from the system for waiting data",
     CounterKind::gauge},
    {"tcp.ssn_memcap_drop", &N::ssn_memcap_drop, "connections not tracked because of stream.memcap", CounterKind::loss},
    {"tcp.segment_memcap_drop", &N::segment_memcap_drop,
     "segments lost because of stream.reassembly.memcap, or because memory for them could not be had",
     CounterKind::loss},
    {"tcp.insert_data_normal_fail", &N::insert_list_fail, "segments lost because too many wait in one direction",
     CounterKind::loss},
    {"tcp.insert_region_fail", &N::insert_region_fail, "segments lost because of stream.reassembly.max-regions",
     CounterKind::loss},
    {"tcp.reassembly_gap", &N::reassembly_gap, "holes in streams", CounterKind::loss},
    {"tcp.overlap", &N::overlap, "segments that overlap others"},
    {"tcp.overlap_diff_data", &N::overlap_diff_data, "segments that overlap others with different content"},
    {"tcp.ack_unseen_data", &N::ack_unseen_data, "acknowledgements of data that was not seen"},
    {"tcp.stream_depth_reached", &N::stream_depth_reached, "directions that reached stream.reassembly.depth"},
    {"tcp.urgent_oob_data", &N::urgent_oob_data, "urgent bytes taken out of streams"},
    {"tcp.urgent_oob_limit", &N::urgent_oob_limit, "urgent bytes beyond the limit of one direction"},
    {"tcp.doubtful", &N::doubtful,
     "packets that some systems drop and others take, or that acknowledge what was not seen, are signed without a "
     "key, go to another station or across the edge of the window"},
    {"tcp.suspected_fin", &N::suspected_fin, "FINs that their receiver did not take"},
    {"tcp.max_syn_queued", &N::syn_forgotten, "connections with more different SYNs than stream.max-syn-queued"},
    {"tcp.rejected", &N::rejected, "packets that do not fit the state of their connection"},
    {"tcp.max_packet_events", &N::max_packet_events, "stream events beyond the 10 that one packet keeps for rules"},
};

constexpr std::string_view kEventNames[] = {
#define X(enumerator, text) text,
#include "sensor/stream/stream_events.inc"
#undef X
};

}  // namespace

std::span<const OptionRow<StreamConfig>> stream_options() {
  return kOptions;
}
std::span<const CounterRow<StreamCounters>> stream_counter_rows() {
  return kCounters;
}

std::string_view name(StreamAnomaly event) {
  return kEventNames[static_cast<size_t>(event)];
}
std::span<const std::string_view> stream_event_names() {
  return kEventNames;
}

std::optional<StreamAnomaly> find_stream_event(std::string_view wanted) {
  for (size_t i = 0; i < std::size(kEventNames); ++i) {
    if (kEventNames[i] == wanted) return static_cast<StreamAnomaly>(i);
  }
  return std::nullopt;
}

}  // namespace lapwing
