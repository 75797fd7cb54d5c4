#include "export/recorder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace lapwing {
namespace {

using nlohmann::json;

void write_dns(const Event& event, const RecordContext& context, JsonWriter& writer) {
  writer.begin_object("dns").member("id", event.tx->id).member("embedded", context.in_alert).end_object();
}
constexpr RecordRow kRecords[] = {{"dns", write_dns, ""}};
constexpr Protocol kProtocol{.name = "dns", .records = kRecords, .write_in_alert = write_dns};
const Protocol* const kProtocols[] = {&kProtocol};

Setting settings(std::initializer_list<std::pair<const char*, const char*>> values) {
  Setting root;
  root.kind = Setting::Kind::map;
  for (auto [key, value] : values) {
    Setting& node = root.make(key);
    node.kind = Setting::Kind::scalar;
    node.scalar = value;
  }
  return root;
}

std::vector<json> records_of(Recorder& recorder) {
  std::vector<json> out;
  while (auto batch = recorder.take()) {
    uint32_t begin = 0;
    for (const auto& entry : batch->entries) {
      EXPECT_EQ(batch->text[entry.end - 1], '\n');
      out.push_back(json::parse(batch->text.substr(begin, entry.end - begin)));
      begin = entry.end;
    }
    EXPECT_EQ(begin, batch->text.size());
  }
  return out;
}

Envelope envelope() {
  Envelope e;
  e.time = Timestamp::from_seconds(1'700'000'000, 123'456'789);
  e.flow_id = 42;
  e.src = *IpAddress::parse("10.0.0.1");
  e.dest = *IpAddress::parse("10.0.0.2");
  e.src_port = 1234;
  e.dest_port = 80;
  e.has_ports = true;
  e.proto = 6;
  e.pcap_cnt = 7;
  return e;
}

FlowSummary summary() {
  FlowSummary s;
  s.envelope = envelope();
  s.envelope.pcap_cnt = 0;
  s.start = Timestamp::from_seconds(100);
  s.end = Timestamp::from_seconds(161);
  s.packets = {3, 2};
  s.bytes = {300, 200};
  s.min_ttl = {63, 50};
  s.max_ttl = {64, 51};
  s.state = "closed";
  s.reason = "timeout";
  s.is_tcp = true;
  s.tcp.flags_ts = 0x1b;
  s.tcp.flags_tc = 0x12;
  s.tcp.state = "closed";
  return s;
}

TEST(Recorder, FlowRecordHasEnvelopeCountersAndTcp) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  recorder.flow(summary());
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 1u);
  const json& r = records[0];
  EXPECT_EQ(r["timestamp"], "2023-11-14T22:13:20.123456+0000");
  EXPECT_EQ(r["event_type"], "flow");
  EXPECT_EQ(r["flow_id"], 42);
  EXPECT_EQ(r["src_ip"], "10.0.0.1");
  EXPECT_EQ(r["proto"], "TCP");
  EXPECT_EQ(r["ip_v"], 4);
  EXPECT_EQ(r["flow"]["pkts_toserver"], 3);
  EXPECT_EQ(r["flow"]["age"], 61);
  EXPECT_EQ(r["flow"]["alerted"], false);
  EXPECT_EQ(r["tcp"]["tcp_flags"], "1b");
  EXPECT_EQ(r["tcp"]["tcp_flags_tc"], "12");
  EXPECT_EQ(r["tcp"]["syn"], true);
  EXPECT_FALSE(r["tcp"].contains("rst"));
}

TEST(Recorder, NetflowIsOneRecordForEachDirection) {
  std::vector<std::string> only = {"netflow"};
  Recorder recorder(EveConfig::read(Setting{}, only, kProtocols));
  recorder.flow(summary());
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["netflow"]["pkts"], 3);
  EXPECT_EQ(records[1]["netflow"]["pkts"], 2);
  EXPECT_EQ(records[1]["src_ip"], "10.0.0.2");
  EXPECT_EQ(records[1]["src_port"], 80);
  EXPECT_EQ(records[1]["netflow"]["max_ttl"], 51);
}

TEST(Recorder, EventRecordIsTheDissectorsInsideTheEnvelope) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  Transaction tx;
  tx.id = 9;
  recorder.event(envelope(), {.protocol = &kProtocol, .tx = &tx, .record = &kRecords[0]});
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["event_type"], "dns");
  EXPECT_EQ(records[0]["tx_id"], 9);
  EXPECT_EQ(records[0]["pcap_cnt"], 7);
  EXPECT_EQ(records[0]["dns"]["embedded"], false);
}

TEST(Recorder, AlertShowsRuleEvidenceFlowAndTransaction) {
  Setting root = settings({{"sensor-name", "probe"}});
  Setting& types = root.make("outputs");
  types.kind = Setting::Kind::list;
  types.children.push_back(std::make_unique<Setting>());
  Setting& list = types.children[0]->make("eve-log.types");
  list.kind = Setting::Kind::list;
  list.children.push_back(std::make_unique<Setting>());
  for (const char* key : {"payload", "payload-printable", "packet"}) {
    Setting& node = list.children[0]->make(std::string("alert.") + key);
    node.kind = Setting::Kind::scalar;
    node.scalar = "yes";
  }
  Recorder recorder(EveConfig::read(root, {}, kProtocols));
  RuleInfo rule{.sid = 5, .gid = 1, .rev = 2, .msg = "say \"hi\"", .category = "Misc activity", .severity = 1};
  rule.metadata = {{"tag", "a"}, {"other", "x"}, {"tag", "b"}};
  Alert alert{.rule = &rule, .has_tx = true, .tx_id = 3, .protocol = &kProtocol, .app_layer = R"("dns":{"id":3})"};
  const uint8_t bytes[] = {'G', 'E', 'T', 0, '\n'};
  alert.payload = bytes;
  alert.packet = bytes;
  alert.has_flow = true;
  alert.flow = summary();
  recorder.alert(envelope(), alert);
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 1u);
  const json& r = records[0];
  EXPECT_EQ(r["host"], "probe");
  EXPECT_EQ(r["alert"]["signature"], "say \"hi\"");
  EXPECT_EQ(r["alert"]["signature_id"], 5);
  EXPECT_EQ(r["alert"]["action"], "allowed");
  EXPECT_EQ(r["alert"]["metadata"]["tag"], json({"a", "b"}));
  EXPECT_EQ(r["dns"]["id"], 3);
  EXPECT_EQ(r["tx_id"], 3);
  EXPECT_EQ(r["flow"]["dest_port"], 80);
  EXPECT_EQ(r["payload"], "R0VUAAo=");
  EXPECT_EQ(r["payload_printable"], "GET.\n");
  EXPECT_EQ(r["packet_info"]["linktype_name"], "EN10MB");
  EXPECT_EQ(r["direction"], "to_server");
}

TEST(Recorder, AnomaliesAreWrittenByLayerAsConfigured) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  recorder.anomaly(envelope(), {.type = AnomalyLayer::decode, .event = "decoder.ipv4.trunc_pkt"});
  recorder.anomaly(envelope(), {.type = AnomalyLayer::applayer, .event = "x", .app_proto = "dns", .layer = "proto_parser"});
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["anomaly"]["type"], "applayer");
}

TEST(Recorder, StatsPathsBecomeNestedObjects) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  CounterSet counters;
  counters.add("decoder.pkts", 5, "");
  counters.add("flow.total", 2, "");
  counters.add("decoder.event.ipv4.trunc_pkt", 1, "");
  recorder.stats(Timestamp{}, counters, 12.7);
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["stats"]["uptime"], 12);
  EXPECT_EQ(records[0]["stats"]["decoder"]["pkts"], 5);
  EXPECT_EQ(records[0]["stats"]["decoder"]["event"]["ipv4"]["trunc_pkt"], 1);
  EXPECT_EQ(records[0]["stats"]["flow"]["total"], 2);
}

TEST(Recorder, BuffersComeBackFromOtherThreads) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  recorder.flow(summary());
  auto first = recorder.take();
  const char* buffer = first->text.data();
  std::thread([batch = std::move(first)]() mutable { batch.reset(); }).join();
  recorder.flow(summary());
  recorder.take();  // the buffer in use since the first take
  recorder.flow(summary());
  EXPECT_EQ(recorder.take()->text.data(), buffer);
}

}  // namespace
}  // namespace lapwing
