// flow and netflow records.
#include "export/eve/envelope.h"

namespace lapwing {
namespace {

int64_t age(const FlowSummary& s) { return s.end.seconds() - s.start.seconds(); }

void write_flags_hex(JsonWriter& json, std::string_view key, uint8_t flags) {
  constexpr char kHex[] = "0123456789abcdef";
  const char text[] = {kHex[flags >> 4], kHex[flags & 15]};
  json.member(key, std::string_view(text, 2));
}

void write_flag_names(JsonWriter& json, uint8_t flags) {
  // Bits of RFC 9293's control field, from the lowest; names as Suricata's.
  constexpr std::string_view kNames[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"};
  for (size_t i = 0; i < 8; ++i) {
    if (flags >> i & 1) json.member(kNames[i], true);
  }
}

}  // namespace

void write_flow(JsonWriter& json, const FlowSummary& s) {
  json.begin_object("flow").member("pkts_toserver", s.packets[0]).member("pkts_toclient", s.packets[1]);
  json.member("bytes_toserver", s.bytes[0]).member("bytes_toclient", s.bytes[1]);
  json.member("start", s.start).member("end", s.end).member("age", age(s)).member("state", s.state);
  json.member("reason", s.reason).member("alerted", s.alerted);
  if (s.tx_count) json.member("tx_cnt", s.tx_count);
  if (!s.action.empty()) json.member("action", s.action);
  json.end_object();
  if (!s.is_tcp) return;
  const TcpSummary& t = s.tcp;
  const uint8_t both = t.flags_ts | t.flags_tc;
  json.begin_object("tcp");
  write_flags_hex(json, "tcp_flags", both);
  write_flags_hex(json, "tcp_flags_ts", t.flags_ts);
  write_flags_hex(json, "tcp_flags_tc", t.flags_tc);
  write_flag_names(json, both);
  if (!t.state.empty()) json.member("state", t.state);
  if (t.ts_gap) json.member("ts_gap", true);
  if (t.tc_gap) json.member("tc_gap", true);
  json.member("ts_max_regions", t.ts_max_regions).member("tc_max_regions", t.tc_max_regions);
  if (t.ts_urgent_oob) json.member("ts_urgent_oob_data", t.ts_urgent_oob);
  if (t.tc_urgent_oob) json.member("tc_urgent_oob_data", t.tc_urgent_oob);
  json.end_object();
}

void write_netflow(JsonWriter& json, const FlowSummary& s, size_t direction) {
  json.begin_object("netflow").member("pkts", s.packets[direction]).member("bytes", s.bytes[direction]);
  json.member("start", s.start).member("end", s.end).member("age", age(s));
  json.member("min_ttl", s.min_ttl[direction]).member("max_ttl", s.max_ttl[direction]);
  if (s.tx_count) json.member("tx_cnt", s.tx_count);
  json.end_object();
  if (!s.is_tcp) return;
  const uint8_t flags = direction == 0 ? s.tcp.flags_ts : s.tcp.flags_tc;
  json.begin_object("tcp");
  write_flags_hex(json, "tcp_flags", flags);
  write_flag_names(json, flags);
  json.end_object();
}

}  // namespace lapwing
