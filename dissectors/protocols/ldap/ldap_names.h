// What LDAP's numbers are called.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/named_value.h"

namespace lapwing::ldap {

/// By the tag of the operation (RFC 4511 4.2 to 4.13).
enum class Operation : uint8_t {
  bind_request = 0,
  bind_response = 1,
  unbind_request = 2,
  search_request = 3,
  search_result_entry = 4,
  search_result_done = 5,
  modify_request = 6,
  modify_response = 7,
  add_request = 8,
  add_response = 9,
  del_request = 10,
  del_response = 11,
  mod_dn_request = 12,
  mod_dn_response = 13,
  compare_request = 14,
  compare_response = 15,
  abandon_request = 16,
  search_result_reference = 19,
  extended_request = 23,
  extended_response = 24,
  intermediate_response = 25,
};

std::span<const NamedValue> operation_names();
std::string_view operation_name(uint64_t operation, std::string& scratch);

/// Result codes (RFC 4511 A, IANA registry "LDAP Result Codes", and what client libraries add), as EVE has them.
std::span<const NamedValue> result_names();
std::string_view result_name(uint64_t code, std::string& scratch);
inline constexpr uint32_t kSuccess = 0, kCompareFalse = 5, kCompareTrue = 6, kBindInProgress = 14;

/// What a modification does (RFC 4511 4.6, RFC 4525).
std::string_view change_name(uint64_t change, std::string& scratch);

/// Why Active Directory refuses somebody: the Windows error behind "data" in its message (MS-ERREF 2.2).
std::span<const NamedValue> refusal_names();
std::string_view refusal_name(uint64_t code, std::string& scratch);

/// Extended operations and controls that have a name; empty: it has none.
std::string_view extension_name(std::string_view oid);
std::string_view control_name(std::string_view oid);
inline constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";         // RFC 4511 4.14
inline constexpr std::string_view kPasswordModify = "1.3.6.1.4.1.4203.1.11.1";  // RFC 3062

/// Attributes whose values are passwords, or open what they protect.
bool is_secret(std::string_view attribute);

}  // namespace lapwing::ldap
