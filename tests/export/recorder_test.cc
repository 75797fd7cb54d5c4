#include "export/eve/recorder.h"

#include <deque>
#include <fstream>
#include <mutex>
#include <thread>

#include "tests/export/allocations.h"
#include "tests/export/eve_support.h"

namespace lapwing {
namespace {

TEST(Recorder, TypesThatAreOffAreNotWritten) {
  std::vector<std::string> only = {"dns"};
  Recorder recorder(EveConfig::read(Setting{}, only, kProtocols));
  recorder.flow(tcp_summary());
  EXPECT_EQ(recorder.take(), nullptr);
}

TEST(Recorder, AnomaliesAreWrittenByLayerAsConfigured) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  recorder.anomaly(packet_envelope(), {.type = AnomalyLayer::decode, .event = "decoder.ipv4.trunc_pkt"});
  recorder.anomaly(packet_envelope(), {.type = AnomalyLayer::applayer, .event = "x", .app_proto = "dns"});
  auto records = records_of(recorder);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["anomaly"]["type"], "applayer");
}

TEST(Recorder, CountsWhatItWroteByTopic) {
  auto config = EveConfig::read(Setting{}, {}, kProtocols);
  Recorder recorder(config);
  recorder.flow(tcp_summary());
  recorder.flow(tcp_summary());
  Transaction tx;
  recorder.event(packet_envelope(),
                 {.protocol = &kDnsProtocol, .tx = &tx, .record = &kDnsRecords[0], .plans = &kDnsPlans});
  auto topics = config->topics();
  for (size_t i = 0; i < topics.size(); ++i) {
    EXPECT_EQ(recorder.written()[i], topics[i] == "flow" ? 2u : topics[i] == "dns" ? 1u : 0u) << topics[i];
  }
}

TEST(Recorder, OnlyAlertsMakeABatchUrgent) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  recorder.flow(tcp_summary());
  EXPECT_FALSE(recorder.take()->urgent);
  RuleInfo rule{.sid = 1, .msg = "m"};
  recorder.alert(packet_envelope(), {.rule = &rule});
  EXPECT_TRUE(recorder.take()->urgent);
  recorder.flow(tcp_summary());
  EXPECT_FALSE(recorder.take()->urgent);
}

TEST(Recorder, BuffersComeBackFromOtherThreads) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  recorder.flow(tcp_summary());
  auto first = recorder.take();
  const char* buffer = first->text.data();
  std::thread([batch = std::move(first)]() mutable { batch.reset(); }).join();
  recorder.flow(tcp_summary());
  recorder.take();  // the buffer in use since the first take
  recorder.flow(tcp_summary());
  EXPECT_EQ(recorder.take()->text.data(), buffer);
}

TEST(Recorder, WritesAndHandsOverWithoutAllocating) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  FlowSummary summary = tcp_summary();
  Transaction tx;
  RuleInfo rule{.sid = 1, .msg = "m"};
  Alert alert{.rule = &rule, .has_flow = true, .flow = summary};
  std::vector<std::shared_ptr<const RecordBatch>> in_flight(8);
  auto burst = [&](size_t i) {
    for (int n = 0; n < 16; ++n) recorder.flow(summary);
    recorder.event(packet_envelope(),
                   {.protocol = &kDnsProtocol, .tx = &tx, .record = &kDnsRecords[0], .plans = &kDnsPlans});
    recorder.alert(packet_envelope(), alert);
    in_flight[i % in_flight.size()] = recorder.take();
  };
  for (size_t i = 0; i < 40; ++i) burst(i);
  const uint64_t before = allocations();
  for (size_t i = 0; i < 400; ++i) burst(i);
  EXPECT_EQ(allocations() - before, 0u);
}

TEST(Recorder, AnAlertIsAFindingBesideItsRecord) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  RuleInfo rule;
  rule.sid = 4711;
  rule.severity = 2;
  Alert alert;
  alert.rule = &rule;
  Envelope envelope;
  envelope.time = Timestamp::from_seconds(9);
  envelope.flow_id = 77;
  envelope.src = ip("10.0.0.1");
  envelope.dest = ip("10.0.0.2");
  recorder.flow(tcp_summary());
  recorder.alert(envelope, alert);
  const auto batch = recorder.take();
  ASSERT_EQ(batch->findings.size(), 1u);
  const Finding& finding = batch->findings[0];
  EXPECT_EQ(finding.time, envelope.time);
  EXPECT_EQ(finding.flow_id, 77u);
  EXPECT_EQ(finding.src, envelope.src);
  EXPECT_EQ(finding.dest, envelope.dest);
  EXPECT_EQ(finding.severity, 2);
  EXPECT_EQ(finding.id, 4711u);
  const size_t begin = batch->entries[finding.entry - 1].end;
  EXPECT_NE(batch->text.substr(begin, batch->entries[finding.entry].end - begin).find("\"alert\""), std::string::npos);
}

TEST(Recorder, BatchesOutliveTheirRecorder) {
  std::shared_ptr<const RecordBatch> batch;
  {
    Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
    recorder.flow(tcp_summary());
    batch = recorder.take();
    recorder.flow(tcp_summary());  // and one that was never taken
  }
  EXPECT_EQ(batch->entries.size(), 1u);
  EXPECT_EQ(batch->text.back(), '\n');
}

TEST(Recorder, BuffersGoRoundBetweenThreads) {
  Recorder recorder(EveConfig::read(Setting{}, {}, kProtocols));
  FlowSummary summary = tcp_summary();
  std::mutex mutex;
  std::deque<std::shared_ptr<const RecordBatch>> queue;
  constexpr uint64_t kBursts = 5000;
  uint64_t records[2] = {};
  std::vector<std::thread> readers;
  for (uint64_t& read : records) {
    readers.emplace_back([&] {
      for (bool last = false; !last;) {
        std::unique_lock lock(mutex);
        if (queue.empty()) continue;
        auto batch = std::move(queue.front());
        if (batch) queue.pop_front();  // a null batch ends all readers
        lock.unlock();
        last = batch == nullptr;
        if (batch) read += batch->entries.size();
      }
    });
  }
  for (uint64_t i = 0; i < kBursts; ++i) {
    recorder.flow(summary);
    auto batch = recorder.take();
    std::lock_guard lock(mutex);
    queue.push_back(std::move(batch));
  }
  {
    std::lock_guard lock(mutex);
    queue.push_back(nullptr);
  }
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(records[0] + records[1], kBursts);
}

/// Every record type, each with every option.
std::string all_records() {
  auto root = eve_settings({{"ethernet", "yes"},
                            {"pcap-file", "yes"},
                            {"suricata-version", "yes"},
                            {"/sensor-name", "probe"},
                            {"types.alert.payload", "yes"},
                            {"types.alert.payload-printable", "yes"},
                            {"types.alert.payload-length", "yes"},
                            {"types.alert.packet", "yes"},
                            {"types.alert.verdict", "yes"},
                            {"types.alert.metadata.rule.raw", "yes"},
                            {"types.alert.metadata.rule.reference", "yes"},
                            {"types.anomaly.types.decode", "yes"},
                            {"types.anomaly.types.stream", "yes"},
                            {"types.anomaly.packethdr", "yes"},
                            {"types.flow", ""},
                            {"types.netflow", ""},
                            {"types.dns", ""},
                            {"types.stats", ""}});
  Recorder recorder(EveConfig::read(*root, {}, kProtocols));
  const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const uint16_t vlan[] = {5};
  constexpr std::string_view kBits[] = {"seen", "traffic/id/a", "traffic/label/b"};
  const TunnelLayer tunnel[] = {{ip("1.1.1.1"), ip("2.2.2.2"), 1, 2, "GRE"}};
  Envelope e = packet_envelope();
  e.parent_id = 7;
  e.in_iface = "eth0";
  e.vlan = vlan;
  e.tunnel = tunnel;
  e.flowbits = kBits;
  e.ether_src = bytes;
  e.ether_dest = bytes + 6;
  e.ether_type = 0x800;
  e.pcap_filename = "x.pcap";
  e.community_id = "1:x";
  e.app_proto = e.app_proto_ts = e.app_proto_tc = e.app_proto_orig = e.app_proto_expected = "dns";
  FlowSummary s = tcp_summary();
  s.envelope = e;
  s.action = "pass";
  s.flowbits = kBits;
  s.application = application();
  s.tcp.tc_gap = true;
  s.tcp.ts_urgent_oob = 1;
  recorder.flow(s);
  Transaction tx;
  recorder.event(e, {.protocol = &kDnsProtocol, .tx = &tx, .record = &kDnsRecords[0], .plans = &kDnsPlans});
  for (AnomalyLayer layer : {AnomalyLayer::decode, AnomalyLayer::stream, AnomalyLayer::applayer}) {
    recorder.anomaly(
        e, {.type = layer, .event = "x", .app_proto = "dns", .layer = "proto_parser", .has_tx = true, .packet = bytes});
  }
  recorder.packet(e, bytes, 1);
  RuleInfo rule{.sid = 1,
                .rev = 1,
                .msg = "m",
                .category = "c",
                .metadata = {{38, 5}},
                .references = {"https://a"},
                .target = RuleInfo::Target::source,
                .text = "alert ip any any -> any any (metadata:tag x; sid:1;)"};
  Alert alert{.rule = &rule, .has_tx = true, .app_layer = R"("dns":{"version":2})", .has_flow = true, .flow = s};
  alert.payload = alert.packet = bytes;
  alert.flowbits = kBits;
  alert.context = "{}";
  for (Action action : {Action::alert, Action::pass, Action::drop, Action::reject, Action::reject_both}) {
    alert.action = action;
    recorder.alert(e, alert);
  }
  e.has_ports = false;
  e.proto = 1;
  e.has_icmp = e.has_icmp_response = true;
  recorder.packet(e, bytes, 1);
  e.has_icmp = e.has_icmp_response = false;
  e.has_spi = true;
  recorder.packet(e, bytes, 1);
  CounterSet counters;
  counters.add("decoder.pkts", 5, "");
  counters.add("detect.engines.0.rules_loaded", 5, "");
  counters.add("publisher.records", 5, "");
  recorder.stats(e.time, counters, 1);
  return text_of(recorder);
}

TEST(Recorder, EveryRecordFitsTheSchema) {
  std::string path = testing::TempDir() + "lapwing-records.json";
  std::ofstream(path) << all_records();
  int status = std::system(("/usr/bin/python3 scripts/validate_eve " + path).c_str());
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no schema or no jsonschema module here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace lapwing
