// The text of each record type, member by member: order, names and forms are what readers depend on.
#include "export/eve/alert.h"
#include "export/eve/envelope.h"
#include "export/eve/frame.h"
#include "tests/export/eve_support.h"

namespace lapwing {
namespace {

std::string record(std::vector<std::pair<std::string, std::string>> settings, auto write) {
  Recorder recorder(EveConfig::read(*eve_settings(std::move(settings)), {}, kProtocols));
  write(recorder);
  return text_of(recorder);
}

constexpr MacAddress kClientMacs[] = {{0, 1, 2, 3, 4, 5}};
constexpr MacAddress kServerMacs[] = {{0xa, 0xb, 0xc, 0xd, 0xe, 0xf}, {0xa, 0xb, 0xc, 0xd, 0xe, 0x10}};

TEST(RecordText, ProtocolsAreNamedAsIanaDoes) {
  EXPECT_EQ(ip_protocol_name(4), "IP-in-IP");
  EXPECT_EQ(ip_protocol_name(10), "BBN-RCC-MON");
  EXPECT_EQ(ip_protocol_name(41), "IPv6");
  EXPECT_EQ(ip_protocol_name(143), "Ethernet");
  EXPECT_EQ(ip_protocol_name(144), "");
}

TEST(RecordText, Flow) {
  FlowSummary s = tcp_summary();
  constexpr std::string_view kBits[] = {"seen", "traffic/id/zoom", "traffic/label/call"};
  s.flowbits = kBits;
  s.application = application();
  s.envelope.ether_srcs = kClientMacs;
  s.envelope.ether_dests = kServerMacs;
  s.envelope.community_id = "1:x";
  EXPECT_EQ(record({{"ethernet", "yes"}, {"/sensor-name", "probe"}}, [&](Recorder& r) { r.flow(s); }),
            R"({"timestamp":"2023-11-14T22:13:20.123456+0000","flow_id":42,"event_type":"flow",)"
            R"("src_ip":"10.0.0.1","src_port":1234,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","ip_v":4,)"
            R"("app_proto":"dns",)"
            R"("flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":300,"bytes_toclient":200,)"
            R"("start":"2023-11-14T22:11:40.999999+0000","end":"2023-11-14T22:12:41.000000+0000","age":61,)"
            R"("state":"closed","reason":"timeout","alerted":false,"tx_cnt":1},)"
            R"("traffic":{"id":["zoom"],"label":["call"]},"metadata":{"flowbits":["seen"]},)"
            R"("ether":{"dest_macs":["0a:0b:0c:0d:0e:0f","0a:0b:0c:0d:0e:10"],"src_macs":["00:01:02:03:04:05"]},)"
            R"("community_id":"1:x",)"
            R"("tcp":{"tcp_flags":"5b","tcp_flags_ts":"1b","tcp_flags_tc":"52","syn":true,"fin":true,"psh":true,)"
            R"("ack":true,"ecn":true,"state":"closed","ts_gap":true,"ts_max_regions":1,"tc_max_regions":2,)"
            R"("tc_urgent_oob_data":3},)"
            R"("ndpi":{"proto":"DNS.Google","category":"Network","breed":"Acceptable","confidence":"DPI",)"
            R"("hostname":"dns.google","risks":["Known Protocol on Non Standard Port"],)"
            R"("risk_score":{"total":60,"client":50,"server":10}},"host":"probe"})"
            "\n");
}

TEST(RecordText, FlowOfIcmpAndEspHasNoPorts) {
  FlowSummary s = tcp_summary();
  s.is_tcp = false;
  s.tx_count = 0;
  s.alerted = true;
  s.action = "pass";
  s.envelope.app_proto = {};
  s.envelope.has_ports = false;
  s.envelope.proto = 58;
  s.envelope.src = ip("fe80::1");
  s.envelope.dest = ip("fe80::2");
  s.envelope.has_icmp = s.envelope.has_icmp_response = true;
  s.envelope.icmp_type = 128;
  s.envelope.response_icmp_type = 129;
  const uint16_t vlans[] = {23, 400};
  s.envelope.vlan = vlans;
  std::string text = record({}, [&](Recorder& r) { r.flow(s); });
  EXPECT_EQ(text.substr(0, text.find(",\"flow\":")),
            R"({"timestamp":"2023-11-14T22:13:20.123456+0000","flow_id":42,"event_type":"flow","vlan":[23,400],)"
            R"("src_ip":"fe80:0000:0000:0000:0000:0000:0000:0001","dest_ip":"fe80:0000:0000:0000:0000:0000:0000:0002",)"
            R"("proto":"IPv6-ICMP","ip_v":6,"icmp_type":128,"icmp_code":0,"response_icmp_type":129,)"
            R"("response_icmp_code":0)");
  EXPECT_NE(text.find(R"("alerted":true,"action":"pass"}})"), std::string::npos) << text;
  s.envelope.has_icmp = s.envelope.has_icmp_response = false;
  s.envelope.proto = 50;
  s.envelope.has_spi = true;
  s.envelope.spi = 123;
  EXPECT_NE(record({}, [&](Recorder& r) { r.flow(s); }).find(R"("proto":"ESP","ip_v":6,"spi":123)"), std::string::npos);
  s.envelope.proto = 253;
  EXPECT_NE(record({}, [&](Recorder& r) { r.flow(s); }).find(R"("proto":"253")"), std::string::npos);
}

TEST(RecordText, NetflowIsOneRecordForEachDirection) {
  FlowSummary s = tcp_summary();
  s.envelope.app_proto = {};
  s.tx_count = 0;
  std::string tail = R"("start":"2023-11-14T22:11:40.999999+0000","end":"2023-11-14T22:12:41.000000+0000","age":61,)";
  std::string head = R"({"timestamp":"2023-11-14T22:13:20.123456+0000","flow_id":42,"event_type":"netflow",)";
  EXPECT_EQ(record({{"types.netflow", ""}}, [&](Recorder& r) { r.flow(s); }),
            head +
                R"("src_ip":"10.0.0.1","src_port":1234,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","ip_v":4,)" +
                R"("app_proto":"unknown","netflow":{"pkts":3,"bytes":300,)" + tail + R"("min_ttl":63,"max_ttl":64},)" +
                R"("tcp":{"tcp_flags":"1b","syn":true,"fin":true,"psh":true,"ack":true}})" + "\n" + head +
                R"("src_ip":"10.0.0.2","src_port":80,"dest_ip":"10.0.0.1","dest_port":1234,"proto":"TCP","ip_v":4,)" +
                R"("app_proto":"unknown","netflow":{"pkts":2,"bytes":200,)" + tail + R"("min_ttl":50,"max_ttl":51},)" +
                R"("tcp":{"tcp_flags":"52","syn":true,"ack":true,"ecn":true}})" + "\n");
  s.packets[1] = 0;
  std::string one = record({{"types.netflow", ""}}, [&](Recorder& r) { r.flow(s); });
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 1);
}

TEST(RecordText, NetflowOfIcmpHasTheMessageOfItsDirection) {
  FlowSummary s = tcp_summary();
  s.is_tcp = false;
  s.envelope.has_ports = false;
  s.envelope.proto = 1;
  s.envelope.has_icmp = s.envelope.has_icmp_response = true;
  s.envelope.icmp_type = 8;
  s.envelope.response_icmp_type = 3;
  s.envelope.response_icmp_code = 13;
  const std::string text = record({{"types.netflow", ""}}, [&](Recorder& r) { r.flow(s); });
  EXPECT_NE(text.find(R"("ip_v":4,"icmp_type":8,"icmp_code":0,"app_proto")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("ip_v":4,"icmp_type":3,"icmp_code":13,"app_proto")"), std::string::npos) << text;
}

TEST(RecordText, EventOfADissector) {
  Transaction tx;
  tx.id = 12;
  tx.number = 9;
  Envelope e = packet_envelope();
  e.in_iface = "eth\"0";
  e.pcap_filename = "a.pcap";
  constexpr std::string_view kBits[] = {"seen"};
  e.flowbits = kBits;
  e.app_proto = "dns";
  e.app_proto_orig = "http";
  EXPECT_EQ(record({{"pcap-file", "yes"}, {"suricata-version", "yes"}},
                   [&](Recorder& r) {
                     r.event(e, {.protocol = &kDnsProtocol, .tx = &tx, .record = &kDnsRecords[0], .plans = &kDnsPlans});
                   }),
            R"({"timestamp":"2023-11-14T22:13:20.123456+0000","suricata_version":"Lapwing )" LAPWING_VERSION
            R"(","flow_id":42,"in_iface":"eth\"0","pcap_cnt":7,"event_type":"dns",)"
            R"("src_ip":"10.0.0.1","src_port":1234,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","ip_v":4,)"
            R"("pkt_src":"wire/pcap","app_proto":"dns","app_proto_orig":"http","metadata":{"flowbits":["seen"]},)"
            R"("tx_id":9,"dns":{"version":2,"tx_id":9,"type":"query"},"pcap_filename":"a.pcap"})"
            "\n");
}

TEST(RecordText, Anomalies) {
  const uint8_t frame[40] = {1};
  auto all = [&](Recorder& r) {
    Envelope bare;
    bare.time = Timestamp::from_seconds(0, 5'000);
    bare.pcap_cnt = 1;
    r.anomaly(bare, {.type = AnomalyLayer::decode, .event = "decoder.ipv4.trunc_pkt", .packet = frame});
    r.anomaly(packet_envelope(), {.type = AnomalyLayer::applayer,
                                  .event = "X",
                                  .app_proto = "dns",
                                  .layer = "proto_parser",
                                  .has_tx = true,
                                  .tx_id = 2});
  };
  EXPECT_EQ(record({{"types.anomaly.types.decode", "yes"}, {"types.anomaly.packethdr", "yes"}}, all),
            R"({"timestamp":"1970-01-01T00:00:00.000005+0000","pcap_cnt":1,"event_type":"anomaly",)"
            R"("anomaly":{"type":"decode","event":"decoder.ipv4.trunc_pkt"},)"
            R"("packet":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","packet_info":{"linktype":1,)"
            R"("linktype_name":"EN10MB"}})"
            "\n"
            R"({"timestamp":"2023-11-14T22:13:20.123456+0000","flow_id":42,"pcap_cnt":7,"event_type":"anomaly",)"
            R"("src_ip":"10.0.0.1","src_port":1234,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","ip_v":4,)"
            R"("pkt_src":"wire/pcap","tx_id":2,)"
            R"("anomaly":{"app_proto":"dns","type":"applayer","event":"X","layer":"proto_parser"}})"
            "\n");
}

TEST(RecordText, Packet) {
  const uint8_t frame[] = {1, 2, 3};
  EXPECT_EQ(record({}, [&](Recorder& r) { r.packet(packet_envelope(), frame, 101); }),
            R"({"timestamp":"2023-11-14T22:13:20.123456+0000","flow_id":42,"pcap_cnt":7,"event_type":"packet",)"
            R"("src_ip":"10.0.0.1","src_port":1234,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","ip_v":4,)"
            R"("pkt_src":"wire/pcap","packet":"AQID","packet_info":{"linktype":12,"linktype_name":"RAW"}})"
            "\n");
}

TEST(RecordText, StatsNestByPathAndNumberedMembersAreAnArray) {
  Recorder recorder(EveConfig::read(*eve_settings({{"types.stats.deltas", "yes"}, {"types.stats.null-values", "no"}}),
                                    {}, kProtocols));
  auto counters = [](uint64_t packets) {
    CounterSet set;
    set.add("decoder.pkts", packets, "");
    set.add("detect.engines.0.id", 0, "");
    set.add("detect.engines.0.rules_loaded", 3, "");
    set.add("decoder.event.ipv4.trunc_pkt", 1, "");
    return set;
  };
  recorder.stats(Timestamp{}, counters(5), 12.7);
  recorder.stats(Timestamp{}, counters(7), 20.7);
  EXPECT_EQ(text_of(recorder),
            R"({"timestamp":"1970-01-01T00:00:00.000000+0000","event_type":"stats","stats":{"uptime":12,)"
            R"("decoder":{"pkts":5,"pkts_delta":5,"event":{"ipv4":{"trunc_pkt":1,"trunc_pkt_delta":1}}},)"
            R"("detect":{"engines":[{"rules_loaded":3}]}}})"
            "\n"
            R"({"timestamp":"1970-01-01T00:00:00.000000+0000","event_type":"stats","stats":{"uptime":20,)"
            R"("decoder":{"pkts":7,"pkts_delta":2,"event":{"ipv4":{"trunc_pkt":1,"trunc_pkt_delta":0}}},)"
            R"("detect":{"engines":[{"rules_loaded":3}]}}})"
            "\n");
}

TEST(RecordText, ACounterOnTheWayToOthersLeavesTheJsonWhole) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  CounterSet set;
  set.add("tcp", 1, "");
  set.add("tcp.sessions", 2, "");
  recorder.stats(Timestamp{}, set, 0);
  EXPECT_EQ(records_of(recorder).at(0)["stats"], nlohmann::json::parse(R"({"uptime":0,"tcp":{"sessions":2}})"));
}

RuleInfo rule() {
  RuleInfo r{.sid = 5, .gid = 1, .rev = 2, .msg = "say \"hi\"", .category = "Misc activity", .severity = 1};
  r.metadata = {{39, 18}, {68, 6}};
  r.references = {"https://example.com/a"};
  r.target = RuleInfo::Target::destination;
  r.text = "alert tcp any any -> any any (metadata:tag a, , other x ,; metadata:tag  b; sid:5;)";
  return r;
}

TEST(RecordText, AlertWithEverything) {
  RuleInfo r = rule();
  constexpr std::string_view kBits[] = {"seen"};
  const uint8_t payload[] = {'G', 'E', 'T', 0, '\n'}, frame[] = {1, 2, 3};
  Alert alert{.rule = &r, .has_tx = true, .tx_id = 3, .protocol = &kDnsProtocol, .app_layer = R"("dns":{"id":3})"};
  alert.tx_guessed = true;
  alert.direction = Direction::to_client;
  alert.has_flow = true;
  alert.payload = payload;
  alert.packet = frame;
  alert.link_type = 228;
  alert.flow = tcp_summary();
  alert.flow.application = application();
  alert.flow.application.risk_names = {};
  alert.flowbits = kBits;
  alert.context = R"({"list":"x"})";
  Envelope e = packet_envelope();
  std::swap(e.src, e.dest);
  std::swap(e.src_port, e.dest_port);
  const TunnelLayer tunnels[] = {{ip("1.1.1.1"), ip("2.2.2.2"), 5000, 4789, "UDP"},
                                 {ip("3.3.3.3"), ip("4.4.4.4"), 0, 0, "GRE"}};
  e.tunnel = tunnels;
  EXPECT_EQ(record({{"types.alert.payload", "yes"},
                    {"types.alert.payload-printable", "yes"},
                    {"types.alert.payload-length", "yes"},
                    {"types.alert.packet", "yes"},
                    {"types.alert.verdict", "yes"},
                    {"types.alert.metadata.rule.raw", "yes"},
                    {"types.alert.metadata.rule.reference", "yes"}},
                   [&](Recorder& recorder) { recorder.alert(e, alert); }),
            R"({"timestamp":"2023-11-14T22:13:20.123456+0000","flow_id":42,"pcap_cnt":7,"event_type":"alert",)"
            R"("src_ip":"10.0.0.2","src_port":80,"dest_ip":"10.0.0.1","dest_port":1234,"proto":"TCP","ip_v":4,)"
            R"("pkt_src":"wire/pcap","tunnel":{"src_ip":"1.1.1.1","src_port":5000,"dest_ip":"2.2.2.2",)"
            R"("dest_port":4789,"proto":"UDP","depth":2,"pcap_cnt":7,"pkt_src":"wire/pcap"},)"
            R"("metadata":{"flowbits":["seen"]},"tx_id":3,"tx_guessed":true,)"
            R"("alert":{"action":"allowed","gid":1,"signature_id":5,"rev":2,"signature":"say \"hi\"",)"
            R"("category":"Misc activity","severity":1,"source":{"ip":"10.0.0.2","port":80},)"
            R"("target":{"ip":"10.0.0.1","port":1234},"references":["https://example.com/a"],)"
            R"("metadata":{"tag":["a","b"],"other":["x"]},"context":{"list":"x"},)"
            R"x("rule":"alert tcp any any -> any any (metadata:tag a, , other x ,; metadata:tag  b; sid:5;)"},)x"
            R"("dns":{"id":3},"direction":"to_client",)"
            R"("flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":300,"bytes_toclient":200,)"
            R"("start":"2023-11-14T22:11:40.999999+0000","src_ip":"10.0.0.1","dest_ip":"10.0.0.2",)"
            R"("src_port":1234,"dest_port":80},)"
            R"("ndpi":{"proto":"DNS.Google","category":"Network","breed":"Acceptable","confidence":"DPI",)"
            R"("hostname":"dns.google"},)"
            R"("payload":"R0VUAAo=","payload_length":5,"payload_printable":"GET.\n","stream":0,)"
            R"("packet":"AQID","packet_info":{"linktype":228,"linktype_name":"IPv4"},"verdict":{"action":"alert"}})"
            "\n");
}

TEST(RecordText, FrameSaysWhatIsMissing) {
  constexpr FrameKind kKind{"pdu", "a message"};
  MessageFrame frame{.protocol = &kDnsProtocol, .kind = &kKind, .id = 2, .offset = 7, .length = 15};
  frame.bytes = to_bytes("query");
  frame.missing = 3;
  frame.behind = to_bytes("more");
  const auto shown = [&](const char* buffer) {
    EveFrameOptions options{.payload = true, .payload_printable = true, .payload_buffer_size = std::stoul(buffer)};
    std::string out;
    write_frame_member(out, options, frame);
    return out;
  };
  EXPECT_EQ(shown("4096"),
            R"("frame":{"type":"pdu","id":2,"direction":"toserver","stream_offset":7,"length":15,)"
            R"("complete":false,"payload":"cXVlcnk=","payload_printable":"query[3 bytes missing]more"})");
  // A buffer of Suricata ends with a NUL.
  EXPECT_TRUE(shown("4").ends_with(R"("payload":"cXVl","payload_printable":"que"})"));
  EXPECT_TRUE(shown("25").ends_with(R"("payload_printable":"query[3 bytes missing]mo"})"));
}

TEST(RecordText, AlertWithoutFlowAndOptionsIsTheRuleAlone) {
  RuleInfo r{.sid = 1, .msg = "m"};
  Alert alert{.rule = &r};
  EXPECT_EQ(record({}, [&](Recorder& recorder) { recorder.alert(packet_envelope(), alert); }),
            R"({"timestamp":"2023-11-14T22:13:20.123456+0000","flow_id":42,"pcap_cnt":7,"event_type":"alert",)"
            R"("src_ip":"10.0.0.1","src_port":1234,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","ip_v":4,)"
            R"("pkt_src":"wire/pcap","alert":{"action":"allowed","gid":1,"signature_id":1,"rev":0,"signature":"m",)"
            R"("category":"","severity":3}})"
            "\n");
}

TEST(RecordText, RejectedConnectionsAreBlockedAndTheVerdictSaysHow) {
  RuleInfo r{.sid = 1, .msg = "m"};
  Alert alert{.rule = &r, .action = Action::reject_dst};
  Recorder recorder(EveConfig::read(*eve_settings({{"types.alert.verdict", "yes"}}), {}, kProtocols));
  recorder.alert(packet_envelope(), alert);
  auto json = records_of(recorder).at(0);
  EXPECT_EQ(json["alert"]["action"], "blocked");
  EXPECT_EQ(json["verdict"],
            nlohmann::json::parse(R"({"action":"drop","reject":["tcp-reset"],"reject_target":"to_server"})"));
}

TEST(RecordText, WhatARateFilterDropsIsBlockedAndWhatItsRuleDropsIsNot) {
  RuleInfo alerts{.sid = 1, .msg = "m"}, drops{.sid = 2, .action = Action::drop, .msg = "m"};
  Recorder recorder(EveConfig::read(*eve_settings({}), {}, kProtocols));
  recorder.alert(packet_envelope(), {.rule = &alerts, .action = Action::drop});
  recorder.alert(packet_envelope(), {.rule = &drops, .action = Action::drop});
  auto json = records_of(recorder);
  EXPECT_EQ(json.at(0)["alert"]["action"], "blocked");
  EXPECT_EQ(json.at(1)["alert"]["action"], "allowed");
}

TEST(RecordText, OnlyReassembledPayloadIsCutToTheBuffer) {
  RuleInfo r{.sid = 1, .msg = "m"};
  const std::string bytes(20, 'x');
  Alert alert{.rule = &r, .payload = to_bytes(bytes)};
  Recorder recorder(EveConfig::read(
      *eve_settings({{"types.alert.payload-printable", "yes"}, {"types.alert.payload-buffer-size", "8"}}), {},
      kProtocols));
  recorder.alert(packet_envelope(), alert);
  alert.stream = true;
  recorder.alert(packet_envelope(), alert);
  auto records = records_of(recorder);
  EXPECT_EQ(records[0]["payload_printable"], bytes);
  EXPECT_EQ(records[0]["stream"], 0);
  EXPECT_EQ(records[1]["payload_printable"], bytes.substr(0, 7)) << "as of Suricata, whose buffer ends with a NUL";
  EXPECT_EQ(records[1]["stream"], 1);
}

TEST(RecordText, HostileTextStaysOneLineOfValidJson) {
  FlowSummary s = tcp_summary();
  const std::string long_name = std::string(3000, 'n') + "\n\"\\\x01\xff";
  s.application.protocol = long_name;
  s.envelope.app_proto = "a\nb";
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  recorder.flow(s);
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["app_proto"], "a\nb");
  // A byte that is no UTF-8 is shown as \xHH.
  EXPECT_EQ(records[0]["ndpi"]["proto"].get<std::string>().substr(3000), "\n\"\\\x01\\xff");
}

}  // namespace
}  // namespace lapwing
