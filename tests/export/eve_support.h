// What the tests of records share: configuration from YAML-like paths, one well-filled flow, and reading records back.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "export/eve/members.h"
#include "export/eve/recorder.h"

namespace lapwing {

template <bool in_alert>
void write_dns(const Shown&, const Place& at, RecordWriter& out) {
  out.json.begin_object("dns").member("version", 2).member("tx_id", at.tx->number);
  out.json.member("type", in_alert ? "alert" : "query").end_object();
}
inline constexpr Column kDnsRecord[] = {{.member = "dns", .shape = Shape::custom, .write = &write_dns<false>}};
inline constexpr Column kDnsInAlert[] = {{.member = "dns", .shape = Shape::custom, .write = &write_dns<true>}};
inline constexpr Table kDnsShapes[] = {kDnsRecord};
inline constexpr RecordRow kDnsRecords[] = {{"dns", "", kDnsShapes}};
inline const Protocol kDnsProtocol{.name = "dns", .records = kDnsRecords, .in_alert = kDnsInAlert};
inline const RecordPlans kDnsPlans(kDnsProtocol, nullptr);
inline const Protocol* const kProtocols[] = {&kDnsProtocol};

/// A section: outputs: [eve-log: {...}]; dotted keys are below eve-log, those that begin with '/' below the root.
/// "types" is written as a map ("types.alert.payload"), which is read like the list.
inline std::unique_ptr<Setting> eve_settings(std::vector<std::pair<std::string, std::string>> values) {
  auto root = std::make_unique<Setting>();
  root->kind = Setting::Kind::map;
  Setting& outputs = root->make("outputs");
  outputs.kind = Setting::Kind::list;
  outputs.children.push_back(std::make_unique<Setting>());
  Setting& section = outputs.children[0]->make("eve-log");
  section.kind = Setting::Kind::map;
  for (auto& [key, value] : values) {
    Setting& node = key[0] == '/' ? root->make(key.substr(1)) : section.make(key);
    node.kind = value.empty() ? Setting::Kind::null : Setting::Kind::scalar;
    node.scalar = value;
    node.mark = {"t.yaml", 3, 5};
  }
  return root;
}

/// Every member of an object is one of the list, which names the object `path`, unless it lists nothing within it.
inline void expect_listed(const nlohmann::json& object, const std::string& path, std::span<const RecordMember> list) {
  const std::string around = path.empty() ? path : path + ".";
  if (std::ranges::none_of(list, [&](const RecordMember& m) { return m.path.starts_with(around); })) return;
  for (const auto& [name, value] : object.items()) {
    const std::string mark = value.is_array() ? "[]" : "";
    auto known = std::ranges::find(list, around + name + mark, &RecordMember::path);
    if (known == list.end()) known = std::ranges::find(list, around + "*" + mark, &RecordMember::path);
    ASSERT_NE(known, list.end()) << around << name;
    for (const auto& element : value.is_array() ? value : nlohmann::json::array({value})) {
      const JsonType type = known->type;
      EXPECT_TRUE(type == JsonType::object    ? element.is_object()
                  : type == JsonType::string  ? element.is_string()
                  : type == JsonType::boolean ? element.is_boolean()
                  : type == JsonType::integer ? element.is_number_integer()
                                              : element.is_number())
          << known->path << ": " << element;
      if (element.is_object()) expect_listed(element, known->path, list);
    }
  }
}
/// What a record holds is what `lapwing list records` says; tests make up their counters.
inline void expect_listed(const nlohmann::json& record) {
  static const std::vector<RecordMember> all = record_members(kProtocols, {});
  const std::string type = record.value("event_type", "");
  if (type == "stats" || type == "loss") return;
  std::vector<RecordMember> own;
  std::ranges::copy_if(all, std::back_inserter(own), [&](const RecordMember& m) { return m.record == type; });
  expect_listed(record, "", own);
}

inline std::string text_of(Recorder& recorder) {
  std::string out;
  while (auto batch = recorder.take()) {
    EXPECT_EQ(batch->entries.empty() ? 0 : batch->entries.back().end, batch->text.size());
    size_t begin = 0;
    for (const auto& entry : batch->entries) {
      EXPECT_EQ(batch->text[entry.end - 1], '\n');
      expect_listed(nlohmann::json::parse(batch->text.substr(begin, entry.end - begin)));
      begin = entry.end;
    }
    out += batch->text;
  }
  return out;
}

inline std::vector<nlohmann::json> records_of(Recorder& recorder) {
  std::vector<nlohmann::json> out;
  std::string text = text_of(recorder);
  for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = text.find('\n', begin);
    out.push_back(nlohmann::json::parse(text.substr(begin, end - begin)));
  }
  return out;
}

inline IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

inline Envelope packet_envelope() {
  Envelope e;
  e.time = Timestamp::from_seconds(1'700'000'000, 123'456'789);
  e.flow_id = 42;
  e.src = ip("10.0.0.1");
  e.dest = ip("10.0.0.2");
  e.src_port = 1234;
  e.dest_port = 80;
  e.has_ports = true;
  e.proto = 6;
  e.pcap_cnt = 7;
  e.pkt_src = "wire/pcap";
  return e;
}

inline FlowSummary tcp_summary() {
  FlowSummary s;
  s.envelope = packet_envelope();
  s.envelope.app_proto = "dns";
  s.start = Timestamp::from_seconds(1'699'999'900, 999'999'999);
  s.end = Timestamp::from_seconds(1'699'999'961);
  s.packets = {3, 2};
  s.bytes = {300, 200};
  s.min_ttl = {63, 50};
  s.max_ttl = {64, 51};
  s.state = "closed";
  s.reason = "timeout";
  s.tx_count = 1;
  s.is_tcp = true;
  s.tcp = {.flags_ts = 0x1b,
           .flags_tc = 0x52,
           .state = "closed",
           .ts_gap = true,
           .ts_max_regions = 1,
           .tc_max_regions = 2,
           .tc_urgent_oob = 3};
  return s;
}

inline Application application() {
  static constexpr std::string_view kRisks[] = {"Known Protocol on Non Standard Port"};
  Application a;
  a.protocol = "DNS.Google";
  a.category = "Network";
  a.breed = "Acceptable";
  a.confidence = "DPI";
  a.hostname = "dns.google";
  a.risk = 1 << 5;
  a.risk_names = kRisks;
  a.risk_score = 60;
  a.risk_score_client = 50;
  a.risk_score_server = 10;
  return a;
}

}  // namespace lapwing
