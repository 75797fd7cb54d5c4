#include "signatures/program/compiled.h"

#include <algorithm>

namespace lapwing::rules {

uint8_t Compiled::protocol_index(const Protocol* protocol) const {
  for (size_t i = 0; protocol && i < protocols.size(); i++) {
    if (protocols[i] == protocol) return static_cast<uint8_t>(i);
  }
  return kMaxProtocols;
}

uint32_t Compiled::frames(const Protocol& protocol) const {
  const uint8_t number = protocol_index(&protocol);
  uint32_t out = 0;
  if (number == kMaxProtocols) return out;
  for (const auto& direction : frame_groups[number]) {
    for (size_t i = 0; i < direction.size(); i++) out |= direction[i].empty() ? 0 : uint32_t{1} << i;
  }
  return out;
}

bool Compiled::reads(std::string_view buffer) const {
  return std::ranges::find(buffers, buffer, &Buffer::name) != buffers.end();
}

}  // namespace lapwing::rules
