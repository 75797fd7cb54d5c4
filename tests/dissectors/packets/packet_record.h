// What packet dissectors say of some bytes.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "dissectors/registry.h"

namespace lapwing::test {

inline const PacketDissectorRow& packet_row(std::string_view name) {
  for (const PacketDissectorRow* row : packet_dissectors()) {
    if (row->protocol->name == name) return *row;
  }
  std::abort();
}

/// The record's members, or, of what has none, what detectors see; or "none".
inline std::string packet_record(const PacketDissectorRow& row, Bytes bytes, uint8_t ip_version) {
  Transaction* tx = row.read(bytes, ip_version);
  if (!tx) return "none";
  Protocol protocol = *row.protocol;
  const RecordRow observed{.type = {}, .help = {}, .shapes = {&protocol.observed, 1}};
  if (protocol.records.empty()) protocol.records = {&observed, 1};
  const RecordPlans plans(protocol, nullptr);
  const Event event{
      .protocol = &protocol, .tx = tx, .record = protocol.records.data(), .message = bytes.size(), .plans = &plans};
  std::string text, scratch;
  JsonWriter json(text);
  json.begin_object();
  write_record(event, scratch, json);
  json.end_object();
  return text;
}

}  // namespace lapwing::test
