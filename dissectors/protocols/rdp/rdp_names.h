// What records call the numbers of RDP (MS-RDPBCGR 2.2.1): where Suricata has a name for one, that.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/named_value.h"

namespace lapwing::rdp {

// Of columns::choice: a number without a name is "unknown", or its digits in `scratch`.
std::string_view version_name(uint64_t version, std::string& scratch);
std::string_view build_name(uint64_t build, std::string& scratch);
std::string_view layout_name(uint64_t layout, std::string& scratch);
std::string_view keyboard_name(uint64_t type, std::string& scratch);
std::string_view connection_name(uint64_t type, std::string& scratch);
std::string_view protocol_name(uint64_t protocol, std::string& scratch);
std::string_view result_name(uint64_t result, std::string& scratch);
std::string_view encryption_method_name(uint64_t method, std::string& scratch);
std::string_view encryption_level_name(uint64_t level, std::string& scratch);

/// What a client is told that the server refuses (2.2.1.2.2); empty where that is no code of it.
std::string_view failure_reason(uint32_t code);

// What rules may call them.
std::span<const NamedValue> protocols();
std::span<const NamedValue> encryption_methods();
std::span<const NamedValue> encryption_levels();

}  // namespace lapwing::rdp
