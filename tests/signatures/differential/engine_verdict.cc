#include "tests/signatures/differential/engine_verdict.h"

#include <algorithm>

namespace lapwing::test {

namespace {

constexpr uint64_t kAllAlerts = 255;          // packet-alert-max: no rule's alert may be crowded out
constexpr uint64_t kAllPlaces = 100'000'000;  // inspection-recursion-limit: nothing is left untried

LabPacket lab_packet(int flow, bool tcp) {
  LabPacket out;
  out.flow = flow;
  out.layers.ether().ipv4();
  const auto port = static_cast<uint16_t>(1024 + flow % 50000);
  if (tcp)
    out.layers.tcp(port, 9999).flags(0x18);
  else
    out.layers.udp(port, 9999);
  return out;
}

std::vector<LabPacket> segments(const SamplePacket& sample, int flow) {
  std::vector<LabPacket> out;
  size_t begin = 0;
  std::vector<size_t> ends = sample.cuts;
  ends.push_back(sample.payload.size());
  for (size_t end : ends) {
    LabPacket packet = lab_packet(flow, true);
    packet.payload = sample.payload.substr(begin, end - begin);
    packet.in_stream = true;
    out.push_back(packet);
    begin = end;
  }
  // Half of the streams end with their last bytes, the others after them.
  if (flow % 2 == 0) out.push_back(lab_packet(flow, true));
  out.back().fin = true;
  return out;
}

}  // namespace

SampleEngine::SampleEngine(const std::vector<std::string>& rules) {
  lab_.config.packet_alert_max = kAllAlerts;
  lab_.config.inspection_recursion_limit = kAllPlaces;
  std::string text;
  for (const std::string& rule : rules) text += rule + '\n';
  lab_.load(text);
  for (const RuleMessage& message : lab_.messages) refused_[message.sid] += message.text;
}

std::set<uint32_t> SampleEngine::verdict(const std::vector<LabPacket>& packets) {
  std::map<uint32_t, size_t> before;
  for (const auto& [sid, numbers] : lab_.alerts()) before[sid] = numbers.size();
  for (const LabPacket& packet : packets) lab_.run(packet);
  std::set<uint32_t> out;
  for (const auto& [sid, numbers] : lab_.alerts()) {
    if (numbers.size() > before[sid]) out.insert(sid);
  }
  return out;
}

std::set<uint32_t> SampleEngine::verdict(const SamplePacket& sample, SampleKind kind) {
  const int flow = next_flow();
  if (kind == SampleKind::stream) return verdict(segments(sample, flow));
  LabPacket packet = lab_packet(flow, kind == SampleKind::request);
  if (kind != SampleKind::request) packet.payload = sample.payload;
  if (kind == SampleKind::query || kind == SampleKind::request) {
    LabPacket::Step step;
    step.protocol = kind == SampleKind::query ? "dns" : "http";
    packet.protocol = lab_protocols()[kind == SampleKind::query];
    for (const auto& [name, values] : sample.fields) {
      for (const std::string& value : values) step.fields[name].push_back('|' + hex_text(value) + '|');
    }
    packet.steps.push_back(step);
  }
  return verdict(std::vector{packet});
}

}  // namespace lapwing::test
