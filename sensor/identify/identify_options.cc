#include "sensor/identify/identify.h"

namespace lapwing {
namespace {

using Config = IdentifyConfig;
constexpr NamedValue kDepths[] = {{"facts", IdentifyDepth::facts}, {"full", IdentifyDepth::full}};
// ndpiReader looks at 80 and 24 packets; of the 3,877 flows of nDPI's own captures none comes out otherwise with these.
constexpr OptionRow<Config> kOptions[] = {
    {"ndpi.enabled", &Config::enabled, "yes", "Identify the application of every flow."},
    {"ndpi.depth", one_of<&Config::depth>(kDepths), "facts",
     "What nDPI looks at: facts, at the packets of flows on which no dissector is sure, and else at the names and "
     "other "
     "facts that the dissector found; full, at the first packets of every flow, at ten times the cost."},
    {"ndpi.guess", &Config::guess, "yes", "Guess by port and address where the content did not tell."},
    {"ndpi.tcp-packets", &Config::tcp_packets, "30", "Packets of a TCP flow looked at before giving up.",
     Unit::packets},
    {"ndpi.udp-packets", &Config::udp_packets, "20", "Packets of a UDP flow looked at before giving up.",
     Unit::packets},
    {"ndpi.max-flows", &Config::max_flows, "65536",
     "Flows under identification at once, per worker; further flows stay unidentified."},
    {"ndpi.shed-above", &Config::shed_above, "25",
     "Live through libpcap: percent of a worker's ring that waits to be read, above which flows are not identified, "
     "until "
     "half of it is left; 100: never."},
};

using Counters = IdentifyCounters;
constexpr CounterRow<Counters> kCounters[] = {
    {"ndpi.packets", &Counters::packets, "Packets looked at to identify applications."},
    {"ndpi.detected", &Counters::detected, "Flows whose application was identified by content."},
    {"ndpi.told", &Counters::told, "Flows whose application was identified by what a dissector found."},
    {"ndpi.guessed", &Counters::guessed, "Flows whose application was guessed by port or address."},
    {"ndpi.unknown", &Counters::unknown, "Flows whose application stayed unknown."},
    {"ndpi.max_flows", &Counters::max_flows, "Flows not identified because of ndpi.max-flows.", CounterKind::loss},
    {"ndpi.shed_above", &Counters::shed_above,
     "Flows not identified, or by their first packets only, because of ndpi.shed-above.", CounterKind::loss},
    {"ndpi.other_transport", &Counters::other_transport, "Packets left out: not the transport protocol of their flow."},
    {"ndpi.unusable", &Counters::unusable, "Packets left out: no complete IP and transport header."},
};

}  // namespace

std::span<const OptionRow<IdentifyConfig>> identify_options() {
  return kOptions;
}
std::span<const CounterRow<IdentifyCounters>> identify_counter_rows() {
  return kCounters;
}

}  // namespace lapwing
