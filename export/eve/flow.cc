// flow and netflow records.
#include <algorithm>
#include <utility>

#include "export/eve/envelope.h"

namespace lapwing {
namespace {

/// Only the flags that are set are written, in this order.
void write_flag_members(Line& line, uint8_t flags) {
  if (flags & 0x02) line << ",\"syn\":true";
  if (flags & 0x01) line << ",\"fin\":true";
  if (flags & 0x04) line << ",\"rst\":true";
  if (flags & 0x08) line << ",\"psh\":true";
  if (flags & 0x10) line << ",\"ack\":true";
  if (flags & 0x20) line << ",\"urg\":true";
  if (flags & 0x40) line << ",\"ecn\":true";
  if (flags & 0x80) line << ",\"cwr\":true";
}

void write_tcp(Line& line, const TcpSummary& tcp) {
  auto both = static_cast<uint8_t>(tcp.flags_ts | tcp.flags_tc);
  line << ",\"tcp\":{\"tcp_flags\":\"";
  line.hex_byte(both) << "\",\"tcp_flags_ts\":\"";
  line.hex_byte(tcp.flags_ts) << "\",\"tcp_flags_tc\":\"";
  line.hex_byte(tcp.flags_tc) << "\"";
  write_flag_members(line, both);
  if (!tcp.state.empty()) {
    line << ",\"state\":\"";
    line.name(tcp.state) << "\"";
    if (tcp.ts_gap) line << ",\"ts_gap\":true";
    if (tcp.tc_gap) line << ",\"tc_gap\":true";
    line << ",\"ts_max_regions\":" << uint64_t{tcp.ts_max_regions};
    line << ",\"tc_max_regions\":" << uint64_t{tcp.tc_max_regions};
    if (tcp.ts_urgent_oob) line << ",\"ts_urgent_oob_data\":" << uint64_t{tcp.ts_urgent_oob};
    if (tcp.tc_urgent_oob) line << ",\"tc_urgent_oob_data\":" << uint64_t{tcp.tc_urgent_oob};
  }
  line << "}";
}

/// Why nothing was found of the flow; policies that changed nothing only where the options ask.
void write_exception_policies(Line& line, std::span<const AppliedPolicy> policies, bool with_ignored) {
  bool any = false;
  for (const AppliedPolicy& applied : policies) {
    if (applied.policy == AppliedPolicy::kIgnore && !with_ignored) continue;
    line.name(std::exchange(any, true) ? ",{\"target\":\"" : ",\"exception_policy\":[{\"target\":\"");
    line.name(applied.target) << "\",\"policy\":\"";
    line.name(applied.policy) << "\"}";
  }
  if (any) line << "]";
}

/// Whole seconds between the seconds of both times, as Suricata counts.
uint64_t age(const FlowSummary& summary) {
  return static_cast<uint64_t>(std::max<int64_t>(0, summary.end.seconds() - summary.start.seconds()));
}

bool has_app_layer(const FlowSummary& summary) {
  std::string_view app = summary.envelope.app_proto;
  return summary.tx_count > 0 || (!app.empty() && app != "failed" && app != "unknown");
}

}  // namespace

void write_flow_counts(Line& line, const FlowSummary& summary) {
  line << "\"pkts_toserver\":" << summary.packets[0] << ",\"pkts_toclient\":" << summary.packets[1];
  line << ",\"bytes_toserver\":" << summary.bytes[0] << ",\"bytes_toclient\":" << summary.bytes[1];
  line << ",\"start\":\"" << summary.start << "\"";
}

void write_application(Line& line, const Application& application) {
  if (application.protocol.empty()) return;
  line << ",\"ndpi\":{\"proto\":";
  line.text(application.protocol);
  line.optional(",\"category\":", application.category);
  line.optional(",\"breed\":", application.breed);
  line.optional(",\"confidence\":", application.confidence);
  line.optional(",\"hostname\":", application.hostname);
  if (!application.risk_names.empty()) {
    for (size_t i = 0; i < application.risk_names.size(); ++i) {
      line.name(i ? "," : ",\"risks\":[").text(application.risk_names[i]);
    }
    line << "],\"risk_score\":{\"total\":" << uint64_t{application.risk_score};
    line << ",\"client\":" << uint64_t{application.risk_score_client};
    line << ",\"server\":" << uint64_t{application.risk_score_server} << "}";
  }
  line << "}";
}

void write_flow_record(Line& line, const RecordTools& tools, const FlowSummary& summary) {
  write_envelope(line, tools, summary.envelope, "flow", View::flow);
  line << ",\"flow\":{";
  write_flow_counts(line, summary);
  line << ",\"end\":\"" << summary.end << "\",\"age\":" << age(summary) << ",\"state\":\"";
  line.name(summary.state) << "\",\"reason\":\"";
  line.name(summary.reason);
  line.name(summary.alerted ? "\",\"alerted\":true" : "\",\"alerted\":false");
  line.optional(",\"action\":", summary.action);
  write_exception_policies(line, summary.exception_policies, tools.options.flow.exception_policy);
  if (has_app_layer(summary)) line << ",\"tx_cnt\":" << summary.tx_count;
  line << "}";
  write_common(line, tools, summary.envelope, summary.flowbits, View::flow);
  if (summary.is_tcp) write_tcp(line, summary.tcp);
  write_application(line, summary.application);
  write_end(line, tools, summary.envelope);
}

void write_netflow_record(Line& line, const RecordTools& tools, const FlowSummary& summary, Direction direction) {
  bool reversed = direction == Direction::to_client;
  size_t side = index(direction);
  Envelope envelope = summary.envelope;
  // The two ways are two records: each has its own message.
  if (reversed && envelope.has_icmp_response) {
    envelope.icmp_type = envelope.response_icmp_type;
    envelope.icmp_code = envelope.response_icmp_code;
  }
  envelope.has_icmp_response = false;
  write_envelope(line, tools, envelope, "netflow", View::flow, reversed);
  if (summary.envelope.app_proto.empty()) line << ",\"app_proto\":\"unknown\"";
  line << ",\"netflow\":{\"pkts\":" << summary.packets[side] << ",\"bytes\":" << summary.bytes[side];
  line << ",\"start\":\"" << summary.start << "\",\"end\":\"" << summary.end << "\",\"age\":" << age(summary);
  line << ",\"min_ttl\":" << uint64_t{summary.min_ttl[side]} << ",\"max_ttl\":" << uint64_t{summary.max_ttl[side]};
  if (has_app_layer(summary)) line << ",\"tx_cnt\":" << summary.tx_count;
  line << "}";
  if (summary.is_tcp) {
    uint8_t flags = reversed ? summary.tcp.flags_tc : summary.tcp.flags_ts;
    line << ",\"tcp\":{\"tcp_flags\":\"";
    line.hex_byte(flags) << "\"";
    write_flag_members(line, flags);
    line << "}";
  }
  write_common(line, tools, summary.envelope, summary.flowbits, View::flow, reversed);
  write_end(line, tools, summary.envelope);
}

}  // namespace lapwing
