// The protocol word of a rule's header.
#pragma once

#include <string_view>

#include "signatures/program/buffers.h"
#include "signatures/program/rule.h"

namespace lapwing::rules {

struct HeaderProtocol {
  enum class Kind : uint8_t { known, missing, unknown } kind = Kind::known;  // missing: no dissector of that name yet
  Header header;
  bool packet_only = false, stream_only = false;
};

HeaderProtocol find_header_protocol(std::string_view name, const BufferTable& buffers);

}  // namespace lapwing::rules
