#include "export/eve/members.h"

#include <algorithm>

#include "export/eve/config.h"
#include "sensor/base/text.h"

namespace lapwing {
namespace {

/// Record types, a bit each.
using Records = uint32_t;
constexpr Records of(OwnRecordType type) {
  return 1u << type;
}
constexpr Records kAlert = of(kTopicAlert), kAnomaly = of(kTopicAnomaly), kFlow = of(kTopicFlow),
                  kNetflow = of(kTopicNetflow), kPacket = of(kTopicPacket), kEngine = of(kTopicEngine),
                  kFrame = of(kTopicFrame), kStats = of(kTopicStats), kLoss = of(kTopicLoss),
                  kMetadata = of(kTopicMetadata), kBehaviour = of(kTopicBehaviour), kIncident = of(kTopicIncident),
                  kAsset = of(kTopicAsset);
constexpr Records kProtocols = 1u << kOwnTopics, kFiles = 2u << kOwnTopics;  // of protocols, and of files they carry
constexpr Records kFlows = kFlow | kNetflow, kFound = kAlert | kAnomaly | kProtocols,
                  kPackets = kFound | kPacket | kFrame | kMetadata, kTraffic = kPackets | kFlows,
                  kEnds = kTraffic | kBehaviour, kAll = kEnds | kIncident | kAsset | kEngine | kStats | kLoss;
constexpr std::string_view kFileRecord = "fileinfo";

/// What export writes itself. `path` as Member::path.
struct Row {
  Records records;
  std::string_view path;
  JsonType type;
  std::string_view help;
  Level level = Level::always;
};

constexpr auto kText = JsonType::string, kInteger = JsonType::integer, kNumber = JsonType::number,
               kFlag = JsonType::boolean, kObject = JsonType::object;
constexpr auto kOnRequest = Level::on_request;

constexpr Row kMemberRows[] = {
    // write_envelope
    {kAll, "timestamp", kText, "time of the packet, ISO 8601 with microseconds and offset"},
    {kAll, "suricata_version", kText, "version of the sensor", kOnRequest},
    {kEnds, "flow_id", kInteger,
     "number of the flow, below 2^51 so that JavaScript reads it exactly; the same in every run over the same capture"},
    {kTraffic, "parent_id", kInteger, "flow that announced this one"},
    {kTraffic, "in_iface", kText, "the interface, live only"},
    {kPackets, "pcap_cnt", kInteger, "number of the frame in the replay, from 1"},
    {kAll, "event_type", kText, "type of the record"},
    {kTraffic, "vlan[]", kInteger, "VLAN ids, outermost first"},
    {kEnds, "src_ip", kText,
     "alerts and anomalies of packets: source of the packet; all others: the client, of what a server says the server"},
    {kEnds, "src_port", kInteger, "of TCP, UDP and SCTP"},
    {kEnds, "dest_ip", kText, "the other end"},
    {kEnds, "dest_port", kInteger, "of TCP, UDP and SCTP"},
    {kEnds, "proto", kText, "transport protocol, by name or else number"},
    {kEnds, "ip_v", kInteger, "IP version"},
    {kTraffic, "icmp_type", kInteger, "of ICMP"},
    {kTraffic, "icmp_code", kInteger, "of ICMP"},
    {kTraffic ^ kNetflow, "response_icmp_type", kInteger, "of the answer to ICMP"},
    {kTraffic ^ kNetflow, "response_icmp_code", kInteger, "of the answer to ICMP"},
    {kTraffic, "spi", kInteger, "security parameters index of ESP"},
    {kPackets, "pkt_src", kText,
     "what the packet was: wire/pcap, defrag, stream (flow timeout), or the tunnel that carries it, as gre tunnel"},
    {kTraffic, "tunnel", kObject, "the outermost encapsulation around the packet"},
    {kTraffic, "tunnel.src_ip", kText, "source of the encapsulating packet"},
    {kTraffic, "tunnel.src_port", kInteger, "0 where it has none"},
    {kTraffic, "tunnel.dest_ip", kText, "destination of the encapsulating packet"},
    {kTraffic, "tunnel.dest_port", kInteger, "0 where it has none"},
    {kTraffic, "tunnel.proto", kText, "what encapsulates"},
    {kTraffic, "tunnel.depth", kInteger, "number of encapsulations"},
    {kTraffic, "tunnel.pcap_cnt", kInteger, "number of the frame in the replay, from 1"},
    {kTraffic, "tunnel.pkt_src", kText, "wire/pcap"},
    {kTraffic, "app_proto", kText, "protocol of the flow, failed where none was found"},
    {kTraffic, "app_proto_ts", kText, "protocol of the client, where it is another"},
    {kTraffic, "app_proto_tc", kText, "protocol of the server, where it is another"},
    {kTraffic, "app_proto_orig", kText, "protocol before it changed"},
    {kTraffic, "app_proto_expected", kText, "protocol that was to come"},

    // write_common
    {kTraffic, "metadata", kObject, "what rules noted of the flow"},
    {kTraffic, "metadata.flowbits[]", kText, "bits that are set"},
    {kTraffic, "metadata.flowvars[]", kObject, "captured for the flow"},
    {kTraffic, "metadata.flowvars[].*", kText, "by its name"},
    {kTraffic, "metadata.pktvars[]", kObject, "captured of the packet"},
    {kTraffic, "metadata.pktvars[].*", kText, "by its name"},
    {kTraffic, "metadata.flowints", kObject, "counted"},
    {kTraffic, "metadata.flowints.*", kInteger, "by its name"},
    {kTraffic, "metadata.entropy", kObject, "entropies of buffers"},
    {kTraffic, "metadata.entropy.*", kNumber, "by the buffer's name"},
    {kTraffic, "traffic", kObject, "flow bits that name traffic"},
    {kTraffic, "traffic.id[]", kText, "bits under traffic/id/"},
    {kTraffic, "traffic.label[]", kText, "bits under traffic/label/"},
    {kTraffic, "ether", kObject, "MAC addresses", kOnRequest},
    {kPackets, "ether.ether_type", kInteger, "of the frame", kOnRequest},
    {kPackets, "ether.src_mac", kText, "of the source", kOnRequest},
    {kPackets, "ether.dest_mac", kText, "of the destination", kOnRequest},
    {kFlows, "ether.dest_macs[]", kText, "all of the destination, up to 10 in order of appearance", kOnRequest},
    {kFlows, "ether.src_macs[]", kText, "all of the source, up to 10 in order of appearance", kOnRequest},
    {kTraffic, "community_id", kText, "Community ID v1"},
    {kFound, "tx_id", kInteger, "number of the transaction within its flow"},
    {kAlert, "tx_guessed", kFlag,
     "true: the rule names no transaction; the bytes of the stream lie in this one, or its flow had no other"},
    {kFiles, "xff", kText, "the client that a proxy's header names", kOnRequest},
    {kAlert | kProtocols, "truncated", kFlag, "cut at 64 KiB and 8 times the bytes of its message"},

    // write_end
    {kAll, "host", kText, "sensor-name, where it is set"},
    {kTraffic, "pcap_filename", kText, "the capture", kOnRequest},

    // write_alert_record
    {kAlert, "alert", kObject, "the rule and what it found"},
    {kAlert, "alert.action", kText, "allowed, or blocked by reject and where a rate filter says drop"},
    {kAlert, "alert.gid", kInteger, "group of the rule"},
    {kAlert, "alert.signature_id", kInteger, "sid of the rule"},
    {kAlert, "alert.rev", kInteger, "revision of the rule"},
    {kAlert, "alert.signature", kText, "msg of the rule"},
    {kAlert, "alert.category", kText, "words of its classtype"},
    {kAlert, "alert.severity", kInteger, "priority of the rule, 1 the highest"},
    {kAlert, "alert.source", kObject, "who attacks, as the rule's target says"},
    {kAlert, "alert.source.ip", kText, "address"},
    {kAlert, "alert.source.port", kInteger, "of TCP, UDP and SCTP"},
    {kAlert, "alert.target", kObject, "who is attacked"},
    {kAlert, "alert.target.ip", kText, "address"},
    {kAlert, "alert.target.port", kInteger, "of TCP, UDP and SCTP"},
    {kAlert, "alert.references[]", kText, "of the rule", kOnRequest},
    {kAlert, "alert.metadata", kObject, "of the rule"},
    {kAlert, "alert.metadata.*[]", kText, "by its key"},
    {kAlert, "alert.xff", kText, "the client that a proxy's header names", kOnRequest},
    {kAlert, "alert.context", kObject, "what datasets know of what was found, by their keys"},
    {kAlert, "alert.rule", kText, "text of the rule", kOnRequest},
    {kAlert, "direction", kText, "to_server or to_client"},
    {kAlert, "payload", kText, "what was inspected, in base64", kOnRequest},
    {kAlert, "payload_length", kInteger, "bytes of it", kOnRequest},
    {kAlert, "payload_printable", kText, "the same, unprintable bytes as dots", kOnRequest},
    {kAlert, "stream", kInteger, "1 where the payload is reassembled, 0 where it is one packet's", kOnRequest},
    {kAlert, "verdict", kObject, "what became of the packet", kOnRequest},
    {kAlert, "verdict.action", kText, "alert, pass or drop", kOnRequest},
    {kAlert, "verdict.reject[]", kText, "tcp-reset or icmp-prohib", kOnRequest},
    {kAlert, "verdict.reject_target", kText, "to_server, to_client or both", kOnRequest},

    // write_anomaly_record
    {kAnomaly, "anomaly", kObject, "what breaks its protocol"},
    {kAnomaly, "anomaly.app_proto", kText, "protocol"},
    {kAnomaly, "anomaly.type", kText, "decode, stream or applayer"},
    {kAnomaly, "anomaly.event", kText, "name of the anomaly"},
    {kAnomaly, "anomaly.layer", kText, "proto_parser or proto_detect"},

    // write_packet
    {kAlert, "packet", kText, "the frame in base64", kOnRequest},
    {kAnomaly, "packet", kText, "first 32 bytes of the frame in base64", kOnRequest},
    {kPacket, "packet", kText, "the frame in base64"},
    {kAlert | kAnomaly, "packet_info", kObject, "about the frame", kOnRequest},
    {kAlert | kAnomaly, "packet_info.linktype", kInteger, "as libpcap numbers it", kOnRequest},
    {kAlert | kAnomaly, "packet_info.linktype_name", kText, "its name", kOnRequest},
    {kPacket, "packet_info", kObject, "about the frame"},
    {kPacket, "packet_info.linktype", kInteger, "as libpcap numbers it"},
    {kPacket, "packet_info.linktype_name", kText, "its name"},

    // write_frame_member
    {kAlert | kFrame, "frame", kObject, "a message as its bytes stand"},
    {kAlert | kFrame, "frame.type", kText, "kind of frame"},
    {kAlert | kFrame, "frame.id", kInteger, "number within the flow"},
    {kAlert | kFrame, "frame.direction", kText, "toserver or toclient"},
    {kAlert | kFrame, "frame.stream_offset", kInteger, "where in the stream it begins"},
    {kAlert | kFrame, "frame.length", kInteger, "bytes"},
    {kAlert | kFrame, "frame.complete", kFlag, "all of them were seen"},
    {kAlert | kFrame, "frame.payload", kText, "bytes in base64"},
    {kAlert | kFrame, "frame.payload_printable", kText, "the same, unprintable bytes as dots"},
    {kAlert | kFrame, "frame.tx_id", kInteger, "number of its transaction within the flow"},

    // write_flow_counts, write_flow, write_flow_record
    {kAlert | kFlow, "flow", kObject, "the flow"},
    {kAlert | kFlow, "flow.pkts_toserver", kInteger, "packets of the client"},
    {kAlert | kFlow, "flow.pkts_toclient", kInteger, "packets of the server"},
    {kAlert | kFlow, "flow.bytes_toserver", kInteger, "bytes of the client"},
    {kAlert | kFlow, "flow.bytes_toclient", kInteger, "bytes of the server"},
    {kAlert | kFlow, "flow.start", kText, "time of the first packet"},
    {kAlert, "flow.src_ip", kText, "the client"},
    {kAlert, "flow.dest_ip", kText, "the server"},
    {kAlert, "flow.src_port", kInteger, "of the client"},
    {kAlert, "flow.dest_port", kInteger, "of the server"},
    {kFlow, "flow.end", kText, "time of the last packet"},
    {kFlow, "flow.age", kInteger, "whole seconds between both"},
    {kFlow, "flow.state", kText, "new, established, closed or bypassed"},
    {kFlow, "flow.reason", kText, "why it ended: timeout, forced, shutdown or tcp_reuse"},
    {kFlow, "flow.alerted", kFlag, "a rule matched in it"},
    {kFlow, "flow.action", kText, "pass, where a rule passed it"},
    {kFlow, "flow.exception_policy[]", kObject, "what kept the flow from being followed"},
    {kFlow, "flow.exception_policy[].target", kText, "the exception"},
    {kFlow, "flow.exception_policy[].policy", kText, "what was done"},
    {kFlow, "flow.tx_cnt", kInteger, "transactions"},

    // write_netflow_record
    {kNetflow, "netflow", kObject, "one direction of the flow"},
    {kNetflow, "netflow.pkts", kInteger, "packets"},
    {kNetflow, "netflow.bytes", kInteger, "bytes"},
    {kNetflow, "netflow.start", kText, "time of the flow's first packet"},
    {kNetflow, "netflow.end", kText, "time of the flow's last packet"},
    {kNetflow, "netflow.age", kInteger, "whole seconds between both"},
    {kNetflow, "netflow.min_ttl", kInteger, "lowest TTL or hop limit"},
    {kNetflow, "netflow.max_ttl", kInteger, "highest TTL or hop limit"},
    {kNetflow, "netflow.tx_cnt", kInteger, "transactions of the flow"},

    // write_tcp, write_flag_members
    {kFlows, "tcp", kObject, "of TCP"},
    {kFlows, "tcp.tcp_flags", kText, "flags that were seen, in hex"},
    {kFlow, "tcp.tcp_flags_ts", kText, "those of the client"},
    {kFlow, "tcp.tcp_flags_tc", kText, "those of the server"},
    {kFlows, "tcp.syn", kFlag, "was seen"},
    {kFlows, "tcp.fin", kFlag, "was seen"},
    {kFlows, "tcp.rst", kFlag, "was seen"},
    {kFlows, "tcp.psh", kFlag, "was seen"},
    {kFlows, "tcp.ack", kFlag, "was seen"},
    {kFlows, "tcp.urg", kFlag, "was seen"},
    {kFlows, "tcp.ecn", kFlag, "was seen"},
    {kFlows, "tcp.cwr", kFlag, "was seen"},
    {kFlow, "tcp.state", kText, "of the connection when it ended (RFC 9293 3.3.2)"},
    {kFlow, "tcp.ts_gap", kFlag, "bytes of the client are missing"},
    {kFlow, "tcp.tc_gap", kFlag, "bytes of the server are missing"},
    {kFlow, "tcp.ts_max_regions", kInteger, "most pieces that waited for bytes between them, of the client"},
    {kFlow, "tcp.tc_max_regions", kInteger, "most pieces that waited for bytes between them, of the server"},
    {kFlow, "tcp.ts_urgent_oob_data", kInteger, "bytes of the client that were urgent and left out of the stream"},
    {kFlow, "tcp.tc_urgent_oob_data", kInteger, "bytes of the server that were urgent and left out of the stream"},

    // write_application
    {kAlert | kFlow, "ndpi", kObject, "nDPI's verdict on the flow"},
    {kAlert | kFlow, "ndpi.proto", kText, "protocol and application, as TLS.YouTube"},
    {kAlert | kFlow, "ndpi.category", kText, "class of the application"},
    {kAlert | kFlow, "ndpi.breed", kText, "how far it is to be trusted"},
    {kAlert | kFlow, "ndpi.confidence", kText, "how it was found: by dissection, by address, by port, guessed"},
    {kAlert | kFlow, "ndpi.hostname", kText, "name that was asked for"},
    {kAlert | kFlow, "ndpi.risks[]", kText, "what is risky about the flow"},
    {kAlert | kFlow, "ndpi.risk_score", kObject, "how risky it is"},
    {kAlert | kFlow, "ndpi.risk_score.total", kInteger, "of both"},
    {kAlert | kFlow, "ndpi.risk_score.client", kInteger, "of the client"},
    {kAlert | kFlow, "ndpi.risk_score.server", kInteger, "of the server"},

    // write_behaviour_record
    {kBehaviour, "behaviour", kObject, "what a detector found"},
    {kBehaviour, "behaviour.id", kText, "of the finding: the same in all its records, and in every run"},
    {kBehaviour, "behaviour.name", kText, "the detector"},
    {kBehaviour, "behaviour.state", kText, "open, updated or over"},
    {kBehaviour, "behaviour.subject", kText, "who does it"},
    {kBehaviour, "behaviour.objects[]", kText, "to whom, 16 at most"},
    {kBehaviour, "behaviour.severity", kInteger, "harm if true, 0 to 100"},
    {kBehaviour, "behaviour.confidence", kInteger, "how sure that is, 0 to 100"},
    {kBehaviour, "behaviour.level", kText,
     "severity times confidence in words: info below 20, low below 40, medium below 65, high below 85, else critical"},
    {kBehaviour, "behaviour.explained_by", kText, "learned roles of who is in it, for which its severity is low"},
    {kBehaviour, "behaviour.first", kText, "time of the first observation"},
    {kBehaviour, "behaviour.last", kText, "time of the last"},
    {kBehaviour, "behaviour.count", kInteger, "observations so far"},
    {kBehaviour, "behaviour.attack[]", kObject, "techniques of MITRE ATT&CK"},
    {kBehaviour, "behaviour.attack[].tactic", kText, "the tactic that it serves, TA0007"},
    {kBehaviour, "behaviour.attack[].technique", kText, "the technique, T1046"},
    {kBehaviour, "behaviour.evidence", kObject,
     "the numbers of the verdict, and what they were held against; live, where packets were lost meanwhile, as loss "
     "how many"},
    {kBehaviour, "behaviour.flows[]", kObject, "flows that show it, 8 at most"},
    {kBehaviour, "behaviour.flows[].flow_id", kInteger, "number of the flow"},
    {kBehaviour, "behaviour.flows[].community_id", kText, "Community ID v1"},

    // write_asset_record
    {kAsset, "asset", kObject, "what is known of a host"},
    {kAsset, "asset.id", kText, "of the host: the same in all its records, and in every run"},
    {kAsset, "asset.state", kText, "known, changed, active or gone"},
    {kAsset, "asset.changes[]", kText, "of a changed one: role, name, os, service, address"},
    {kAsset, "asset.ip", kText, "the address that it was last seen with"},
    {kAsset, "asset.mac", kText, "of its station; behind a router the router's"},
    {kAsset, "asset.vendor", kText, "who made the card of that address, where analytics.vendors knows"},
    {kAsset, "asset.vlan", kInteger, "the outermost VLAN that it lies in"},
    {kAsset, "asset.name", kText, "the one to call it by"},
    {kAsset, "asset.os", kText, "operating system, by what its software says"},
    {kAsset, "asset.criticality", kText, "low, normal or high, by the configuration"},
    {kAsset, "asset.first", kText, "time when it was first seen"},
    {kAsset, "asset.last", kText, "time when it was last seen"},
    {kAsset, "asset.bytes_out", kInteger, "payload that it sent"},
    {kAsset, "asset.bytes_in", kInteger, "payload that it received"},
    {kAsset, "asset.roles[]", kObject, "what it is there for"},
    {kAsset, "asset.roles[].role", kText, "resolver, mail, router, ..."},
    {kAsset, "asset.roles[].evidence", kText, "what it was learned from"},
    {kAsset, "asset.addresses[]", kObject, "addresses that it had, 8 at most, the last seen first"},
    {kAsset, "asset.addresses[].ip", kText, "address"},
    {kAsset, "asset.addresses[].first", kText, "time of the first observation"},
    {kAsset, "asset.addresses[].last", kText, "time of the last"},
    {kAsset, "asset.names[]", kObject, "names, 6 at most, the most trusted first"},
    {kAsset, "asset.names[].name", kText, "name, in lower case"},
    {kAsset, "asset.names[].source", kText, "by what it is known: an answer, a certificate, what a client calls it"},
    {kAsset, "asset.names[].first", kText, "time of the first observation"},
    {kAsset, "asset.names[].last", kText, "time of the last"},
    {kAsset, "asset.software[]", kObject, "what it runs, 8 at most, the last seen first"},
    {kAsset, "asset.software[].kind", kText, "product, user_agent or hassh"},
    {kAsset, "asset.software[].value", kText, "as it says, 79 bytes at most"},
    {kAsset, "asset.software[].first", kText, "time of the first observation"},
    {kAsset, "asset.software[].last", kText, "time of the last"},
    {kAsset, "asset.users[]", kObject, "who logged in from there, 8 at most, the last seen first"},
    {kAsset, "asset.users[].user", kText, "name, 31 bytes at most"},
    {kAsset, "asset.users[].first", kText, "time of the first observation"},
    {kAsset, "asset.users[].last", kText, "time of the last"},
    {kAsset, "asset.ja4[]", kText, "fingerprints of its TLS clients, 8 at most"},
    {kAsset, "asset.services[]", kObject, "what it serves, 16 at most, by port"},
    {kAsset, "asset.services[].port", kInteger, "port"},
    {kAsset, "asset.services[].proto", kText, "TCP or UDP"},
    {kAsset, "asset.services[].app_proto", kText, "protocol"},
    {kAsset, "asset.services[].software", kText, "as the server says"},
    {kAsset, "asset.services[].certificate", kText, "name in its certificate"},
    {kAsset, "asset.services[].clients", kInteger, "distinct clients that it answered; beyond 16 within 13 %"},
    {kAsset, "asset.services[].first", kText, "time of the first observation"},
    {kAsset, "asset.services[].last", kText, "time of the last"},

    // write_incident_record
    {kIncident, "incident", kObject, "what belongs together"},
    {kIncident, "incident.id", kText, "the same in all its records, and in every run"},
    {kIncident, "incident.state", kText, "open, updated or closed"},
    {kIncident, "incident.reason", kText,
     "of the record: score, level, tactic, technique, growth, effect, quiet, end, or why a person closed it: "
     "false-positive, benign, handled"},
    {kIncident, "incident.subject", kObject, "the host it is about"},
    {kIncident, "incident.subject.ip", kText, "its address"},
    {kIncident, "incident.subject.name", kText, "what it is called"},
    {kIncident, "incident.subject.mac", kText, "its MAC address, where that is known"},
    {kIncident, "incident.subject.vendor", kText, "who made the card of that address, or of a subject that is one"},
    {kIncident, "incident.subject.user", kText, "who logged in from there last"},
    {kIncident, "incident.subject.roles[]", kText, "what it is there for, as the inventory has learned"},
    {kIncident, "incident.subject.criticality", kText, "how much it matters: low, normal or high, of known hosts"},
    {kIncident, "incident.background", kFlag, "true: attacks from outside that had no effect, of a day and network"},
    {kIncident, "incident.level", kText, "the score in words, as of findings"},
    {kIncident, "incident.score", kInteger, "0 to 100, over distinct techniques and tactics"},
    {kIncident, "incident.first", kText, "time of the first observation"},
    {kIncident, "incident.last", kText, "time of the last"},
    {kIncident, "incident.tactics[]", kText, "tactics of MITRE ATT&CK, in order of appearance"},
    {kIncident, "incident.attack[]", kObject, "its techniques"},
    {kIncident, "incident.attack[].technique", kText, "T1046"},
    {kIncident, "incident.attack[].tactic", kText, "TA0007"},
    {kIncident, "incident.attack[].count", kInteger, "distinct objects, 64 at most"},
    {kIncident, "incident.next[]", kText,
     "techniques that put to use what these give, and that the incident does not have yet: 6 at most"},
    {kIncident, "incident.objects[]", kObject, "whom it is done to or with, 32 at most"},
    {kIncident, "incident.objects[].ip", kText, "address"},
    {kIncident, "incident.objects[].name", kText, "what it is called, where that is no address"},
    {kIncident, "incident.objects[].host", kText, "what the host of that address is called"},
    {kIncident, "incident.objects[].role", kText, "victim or peer"},
    {kIncident, "incident.objects_total", kInteger, "all of them, 256 at most"},
    {kIncident, "incident.findings[]", kObject, "of detectors, 32 at most"},
    {kIncident, "incident.findings[].id", kText, "behaviour.id"},
    {kIncident, "incident.findings[].name", kText, "the detector"},
    {kIncident, "incident.findings[].first", kText, "time of its first observation"},
    {kIncident, "incident.findings[].last", kText, "time of the last"},
    {kIncident, "incident.findings[].score", kInteger, "severity times confidence, 0 to 100"},
    {kIncident, "incident.findings[].count", kInteger, "observations"},
    {kIncident, "incident.findings[].object", kText, "the first of its objects"},
    {kIncident, "incident.findings[].objects", kInteger, "how many it has, where there are more; 16 at most"},
    {kIncident, "incident.findings_total", kInteger, "all of them"},
    {kIncident, "incident.alerts", kObject, "alerts of rules"},
    {kIncident, "incident.alerts.total", kInteger, "all of them"},
    {kIncident, "incident.alerts.signatures[]", kObject, "by rule, 32 at most"},
    {kIncident, "incident.alerts.signatures[].gid", kInteger, "group of the rule"},
    {kIncident, "incident.alerts.signatures[].sid", kInteger, "sid of the rule"},
    {kIncident, "incident.alerts.signatures[].signature", kText, "msg of the rule"},
    {kIncident, "incident.alerts.signatures[].count", kInteger, "alerts"},
    {kIncident, "incident.alerts.signatures[].first", kText, "time of the first"},
    {kIncident, "incident.alerts.signatures[].last", kText, "time of the last"},
    {kIncident, "incident.links[]", kObject, "incidents that this one comes from or goes with"},
    {kIncident, "incident.links[].incident", kText, "incident.id of the other"},
    {kIncident, "incident.links[].kind", kText,
     "spread_from: the subject was attacked there before; shares: a rare peer"},
    {kIncident, "incident.previous", kText, "the incident of the same subject that was closed less than a week before"},
    {kIncident, "incident.campaign", kText, "the first incident that links lead to"},

    // write_engine_record
    {kEngine, "engine", kObject, "what the sensor did to itself"},
    {kEngine, "engine.module", kText, "reload, analytics"},
    {kEngine, "engine.message", kText, "what was done"},
    {kEngine, "engine.error", kText, "what was refused, instead"},
    {kEngine, "interface", kObject,
     "of analytics: that an interface shows connections from one side, or from both again"},
    {kEngine, "interface.name", kText, "its name; of a capture its number"},
    {kEngine, "interface.one_sided", kFlag, "nothing that stays unanswered there is judged"},
    {kEngine, "interface.connections", kInteger, "of TCP, of the last minute, 16 of each client at most"},
    {kEngine, "interface.one_sided_connections", kInteger, "those seen from one side"},
    {kEngine, "interface.detectors[]", kText, "which are on and rest on silence"},
    {kEngine, "reload", kObject, "the same for programs, as `lapwing reload --json` prints it"},
    {kEngine, "reload.taken", kFlag, "the new rules are in force"},
    {kEngine, "reload.reason", kText, "why not"},
    {kEngine, "reload.generation", kInteger, "number of the rule set in force; those refused have numbers too"},
    {kEngine, "reload.rules_loaded", kInteger, "of the set that was read"},
    {kEngine, "reload.rules_failed", kInteger, "left out: at fault"},
    {kEngine, "reload.rules_skipped", kInteger, "left out: not supported yet"},
    {kEngine, "reload.seconds", kNumber, "for reading, compiling and handing over"},
    {kEngine, "reload.errors[]", kObject, "the first 20"},
    {kEngine, "reload.errors[].file", kText, "where it is"},
    {kEngine, "reload.errors[].line", kInteger, "where it is"},
    {kEngine, "reload.errors[].column", kInteger, "where it is"},
    {kEngine, "reload.errors[].sid", kInteger, "of the rule"},
    {kEngine, "reload.errors[].message", kText, "what is wrong"},
    {kEngine, "reload.errors_max", kInteger, "how many more there were"},

    // write_stats_record, write_loss_record
    {kStats, "stats", kObject, "all counters, by their paths; with types.stats.deltas each has NAME_delta beside it"},
    {kStats, "stats.uptime", kInteger, "seconds since the start"},
    {kLoss, "loss", kObject, "counters that grew since the last such record, by how much; numbers of lists are names"},
    {kLoss, "loss.seconds", kInteger, "time between the two"},
};

class List {
 public:
  void own(Records records, std::string_view record) {
    for (const Row& row : kMemberRows) {
      if (row.records & records)
        add({record, std::string(row.path), row.type, row.level, "sensor", "", std::string(row.help)});
    }
  }
  void table(Table table, std::string_view record, const Protocol& protocol) {
    for (const Member& member : members(table)) {
      std::string rules;
      for (const RuleUse& use : member.column->rules) {
        if (!use.name.empty()) rules.append(rules.empty() ? "" : " ").append(use.name);
      }
      add({record, member.path, member.type, member.level, std::string(protocol.name), rules,
           std::string(member.column->help)});
    }
  }
  void counters(std::span<const CounterValue> counters) {
    for (const CounterValue& counter : counters) {
      const JsonType type = counter.text.empty() ? kInteger : kText;
      add({"stats", "stats." + numbered(counter.path, "[]"), type, Level::always, "counters", "",
           std::string(counter.help)});
      if (counter.kind != CounterKind::loss) continue;
      add({"loss", "loss." + numbered(counter.path, ".*"), type, Level::always, "counters", "",
           std::string(counter.help)});
    }
  }
  std::vector<RecordMember> take() {
    std::ranges::stable_sort(rows_, {}, [&](const RecordMember& row) { return std::ranges::find(types_, row.record); });
    return std::move(rows_);
  }

 private:
  /// A path of counters with its numbers made `mark`.
  static std::string numbered(std::string_view path, std::string_view mark) {
    std::string out;
    for (std::string_view part : split(path, '.')) {
      const bool number = parse_unsigned(part).has_value();
      if (!number && !out.empty()) out += '.';
      out += number ? mark : part;
    }
    return out;
  }
  /// Several protocols bring a member of one record, and several shapes of a record have it.
  void add(RecordMember row) {
    if (std::ranges::find(types_, row.record) == types_.end()) types_.push_back(row.record);
    auto same = [&](const RecordMember& o) {
      return o.record == row.record && o.path == row.path && o.type == row.type;
    };
    auto known = std::ranges::find_if(rows_, same);
    if (known == rows_.end()) {
      rows_.push_back(std::move(row));
      return;
    }
    const auto from = split(known->from, ' ');
    if (std::ranges::find(from, row.from) == from.end()) known->from += ' ' + row.from;
  }

  std::vector<std::string_view> types_;  // as they came
  std::vector<RecordMember> rows_;
};

}  // namespace

std::vector<RecordMember> record_members(std::span<const Protocol* const> protocols,
                                         std::span<const CounterValue> counters) {
  List list;
  for (size_t type = 0; type < kOwnTopics; ++type) {
    list.own(of(static_cast<OwnRecordType>(type)), own_records()[type].type);
  }
  list.counters(counters);
  for (const Protocol* protocol : protocols) {
    list.table(protocol->in_alert, own_records()[kTopicAlert].type, *protocol);
    for (const RecordRow& record : protocol->records) {
      list.own(kProtocols | (record.type == kFileRecord ? kFiles : 0), record.type);
      for (const Table& shape : record.shapes) list.table(shape, record.type, *protocol);
    }
  }
  return list.take();
}

}  // namespace lapwing
