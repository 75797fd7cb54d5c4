// Runs tests/rules/*.yaml: what each keyword must hit and what it must not.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

int number(const YAML::Node& node, const char* key, int fallback) {
  return node[key] ? node[key].as<int>() : fallback;
}

uint8_t tcp_flags(const std::string& letters) {
  constexpr std::string_view kLetters = "FSRPAUEC";
  uint8_t bits = 0;
  for (char c : letters) bits = static_cast<uint8_t>(bits | 1u << kLetters.find(c));
  return bits;
}

LabPacket::Step read_step(const YAML::Node& node) {
  LabPacket::Step step;
  step.protocol = node["protocol"] ? node["protocol"].as<std::string>() : "http";
  step.tx = number(node, "id", 0);
  step.direction = node["to"] && node["to"].as<std::string>() == "client" ? Direction::to_client : Direction::to_server;
  step.progress = static_cast<uint8_t>(number(node, "progress", kComplete));
  step.little_endian = number(node, "little_endian", 0) != 0;
  if (node["anomalies"]) step.anomalies.push_back(static_cast<uint8_t>(node["anomalies"].as<int>()));
  for (const auto& field : node["fields"]) {
    auto& values = step.fields[field.first.as<std::string>()];
    if (field.second.IsSequence())
      values = field.second.as<std::vector<std::string>>();
    else
      values.push_back(field.second.as<std::string>());
  }
  return step;
}

Spoken spoken(const std::string& name) {
  if (name == "failed") return {nullptr, true};
  for (const Protocol* protocol : lab_protocols()) {
    if (protocol->name == name) return {protocol, false};
  }
  return {};
}

LabPacket read_packet(const YAML::Node& node) {
  LabPacket packet;
  packet.flow = number(node, "flow", 0);
  if (node["detected"]) {
    packet.protocol = lab_protocols()[node["detected"].as<std::string>() == "dns"];
    packet.detection = {{packet.protocol}, {Spoken{packet.protocol}, Spoken{packet.protocol}}};
  }
  if (node["ts"]) packet.detection.sides[0] = spoken(node["ts"].as<std::string>());
  if (node["tc"]) packet.detection.sides[1] = spoken(node["tc"].as<std::string>());
  if (node["final"]) packet.detection.final = spoken(node["final"].as<std::string>());
  if (node["original"]) packet.detection.original = spoken(node["original"].as<std::string>()).protocol;
  packet.detection.just_judged = node["fresh"].IsDefined();
  if (node["end"]) {
    packet.ends_flow = true;
    return packet;
  }
  packet.from_server = node["from"] && node["from"].as<std::string>() == "server";
  packet.time_ms = static_cast<int64_t>(1000 * (node["time"] ? node["time"].as<double>() : 0));
  const bool v6 = node["icmpv6"] || node["ipv6"];
  std::string client = node["client"] ? node["client"].as<std::string>() : v6 ? "2001:db8::1" : "10.0.0.1";
  std::string server = node["server"] ? node["server"].as<std::string>() : v6 ? "2001:db8::2" : "10.0.0.2";
  auto client_port = static_cast<uint16_t>(number(node, "client_port", 40000));
  auto server_port = static_cast<uint16_t>(number(node, "port", 9999));
  std::string& src = packet.from_server ? server : client;
  std::string& dst = packet.from_server ? client : server;
  uint16_t src_port = packet.from_server ? server_port : client_port;
  uint16_t dst_port = packet.from_server ? client_port : server_port;
  PacketBuilder& b = packet.layers;
  b.ether();
  for (const auto& id : node["vlan"]) b.vlan(id.as<uint16_t>());
  if (v6)
    b.ipv6(src, dst);
  else
    b.ipv4(src, dst);
  if (node["ttl"]) b.ttl(static_cast<uint8_t>(number(node, "ttl", 64)));
  if (node["tos"]) b.tos(static_cast<uint8_t>(number(node, "tos", 0)));
  if (node["ip_id"]) b.id(static_cast<uint16_t>(number(node, "ip_id", 0)));
  if (node["dont_fragment"]) b.dont_fragment();
  if (node["ip_options"]) b.ip_options(from_hex(node["ip_options"].as<std::string>()));
  if (node["fragment"]) {
    b.fragment(static_cast<uint16_t>(number(node, "fragment", 0)), true);
    packet.flow = -1;
  }
  std::string kind;
  for (const char* key : {"udp", "tcp", "icmp", "icmpv6", "ip"}) {
    if (node[key]) kind = key;
  }
  if (node["bad_ip_checksum"]) b.bad_ip_checksum();
  if (kind == "udp") {
    b.udp(src_port, dst_port);
    if (node["no_checksum"]) b.no_udp_checksum();
  } else if (kind == "tcp") {
    b.tcp(src_port, dst_port);
    b.flags(tcp_flags(node["flags"] ? node["flags"].as<std::string>() : "PA"));
    if (node["seq"]) b.seq(node["seq"].as<uint32_t>());
    if (node["ack"]) b.ack(node["ack"].as<uint32_t>());
    if (node["window"]) b.window(static_cast<uint16_t>(number(node, "window", 0)));
    if (node["tcp_options"]) b.tcp_options(from_hex(node["tcp_options"].as<std::string>()));
    packet.in_stream = number(node, "in_stream", 1) != 0;
    packet.encrypted_at = static_cast<int>(number(node, "encrypted_at", -1));
    packet.fin = number(node, "fin", 0) != 0;
  } else if (kind == "icmp" || kind == "icmpv6") {
    auto type = static_cast<uint8_t>(number(node, "type", kind == "icmp" ? 8 : 128));
    auto code = static_cast<uint8_t>(number(node, "code", 0));
    auto id = static_cast<uint16_t>(number(node, "icmp_id", 0)),
         seq = static_cast<uint16_t>(number(node, "icmp_seq", 0));
    if (kind == "icmp")
      b.icmp(type, code, id, seq);
    else
      b.icmpv6(type, code, id, seq);
  } else if (kind == "ip") {
    b.proto(static_cast<uint8_t>(number(node, "proto", 47)));
    packet.flow = -1;
  }
  if (node["bad_checksum"]) b.bad_l4_checksum();
  packet.payload = unhex(node[kind].as<std::string>());
  packet.established = number(node, "established", 1) != 0;
  if (node["event"]) packet.stream_events.push_back("pkt_broken_ack");
  for (const auto& event : node["detection"]) {
    auto names = recognition_anomaly_names();
    auto found = std::ranges::find(names, "applayer_" + event.as<std::string>());
    if (found == names.end()) throw std::runtime_error("no such event: " + event.as<std::string>());
    packet.stream_events.push_back(*found);
  }
  for (const auto& step : node["tx"]) packet.steps.push_back(read_step(step));
  return packet;
}

class RuleFile : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(RuleFile, HitsWhatItMustAndNothingElse) {
  YAML::Node cases = YAML::LoadFile(GetParam().string());
  ASSERT_GT(cases.size(), 0u);
  for (const YAML::Node& node : cases) {
    SCOPED_TRACE(GetParam().filename().string() + ": " + node["name"].as<std::string>());
    RuleLab lab;
    if (node["packet_alert_max"]) lab.config.packet_alert_max = node["packet_alert_max"].as<uint64_t>();
    if (node["action_order"]) lab.config.action_order = node["action_order"].as<std::vector<std::string>>();
    lab.load(node["rules"].as<std::string>());
    std::map<uint32_t, std::string> messages;
    for (const RuleMessage& message : lab.messages) {
      messages[message.sid] += (message.level == RuleMessage::Level::error ? "error: " : "skipped: ") + message.text;
      EXPECT_GT(message.mark.line, 0u) << message.text;
      EXPECT_GT(message.mark.column, 0u) << message.text;
    }
    for (const auto& refused : node["refused"]) {
      auto sid = refused.first.as<uint32_t>();
      EXPECT_NE(messages[sid].find(refused.second.as<std::string>()), std::string::npos)
          << "sid " << sid << ": \"" << messages[sid] << '"';
      messages.erase(sid);
    }
    for (const auto& [sid, text] : messages) ADD_FAILURE() << "sid " << sid << ": " << text;
    for (const auto& packet : node["packets"]) lab.run(read_packet(packet));
    lab.tell();
    std::map<uint32_t, std::vector<uint64_t>> expected;
    for (const auto& alert : node["alerts"]) {
      if (alert.second.size() > 0) expected[alert.first.as<uint32_t>()] = alert.second.as<std::vector<uint64_t>>();
    }
    EXPECT_EQ(lab.alerts(), expected);
    for (const auto& context : node["contexts"]) {
      auto sid = context.first.as<uint32_t>();
      auto seen = std::ranges::find(lab.seen(), sid, &RuleLab::Seen::sid);
      ASSERT_NE(seen, lab.seen().end()) << sid;
      EXPECT_EQ(seen->context, context.second.as<std::string>()) << sid;
    }
    if (node["tagged"]) {
      EXPECT_EQ(lab.tagged(), node["tagged"].as<std::vector<uint64_t>>());
    }
    if (node["unrecorded"]) {
      EXPECT_EQ(lab.unrecorded(), node["unrecorded"].as<std::vector<uint64_t>>());
    }
    if (node["variables"]) {
      std::vector<std::string> variables;
      for (const auto& seen : lab.seen()) {
        std::string text = std::to_string(seen.sid) + ":";
        for (const auto& [name, value] : seen.flowvars) text += " flow " + name + "=" + value;
        for (const auto& [name, value] : seen.pktvars) text += " pkt " + name + "=" + value;
        variables.push_back(text + (seen.context.empty() ? "" : " " + seen.context));
      }
      EXPECT_EQ(variables, node["variables"].as<std::vector<std::string>>());
    }
    if (node["order"]) {
      std::vector<uint32_t> sids;
      for (const auto& seen : lab.seen()) sids.push_back(seen.sid);
      EXPECT_EQ(sids, node["order"].as<std::vector<uint32_t>>());
    }
  }
}

std::vector<std::filesystem::path> rule_files() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator("tests/rules")) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleFile, testing::ValuesIn(rule_files()), [](const auto& test) {
  std::string name = test.param.stem().string();
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace

}  // namespace lapwing::test
