#include "dissectors/protocols/rdp/rdp_names.h"

#include <algorithm>
#include <iterator>

#include "dissectors/protocols/rdp/rdp_parser.h"

namespace lapwing::rdp {

namespace {

constexpr std::string_view kUnknown = "unknown";

std::string_view find(std::span<const NamedValue> names, uint64_t value, std::string_view other = {}) {
  const auto found = std::ranges::find(names, value, &NamedValue::value);
  return found == names.end() ? other : found->name;
}

/// The number itself where it has no name.
std::string_view name_or_number(std::span<const NamedValue> names, uint64_t value, std::string& scratch) {
  const std::string_view name = find(names, value);
  return name.empty() ? std::string_view(scratch = std::to_string(value)) : name;
}

/// 2.2.1.3.2: of 4.0 and of 5.0 to 8.1; those of 10.0 on are numbered.
constexpr uint32_t kVersion4 = 0x00080001, kVersion5 = 0x00080004, kVersion10 = 0x00080005, kVersion10_12 = 0x00080011;

/// Of Windows, whose client says it.
constexpr NamedValue kBuilds[] = {
    {"Windows NT 3.1", 528},       {"Windows NT 3.5", 807},        {"Windows NT 3.51", 1057},
    {"Windows NT 4.0", 1381},      {"Windows 2000", 2195},         {"Windows XP", 2600},
    {"Windows Server 2003", 3790}, {"Windows Vista RTM", 6000},    {"Windows Vista SP1", 6001},
    {"Windows Vista SP2", 6002},   {"Windows 7 RTM", 7600},        {"Windows 7 SP1", 7601},
    {"Windows 8", 9200},           {"Windows 8.1", 9600},          {"Windows 10 TH1", 10240},
    {"Windows 10 TH2", 10586},     {"Windows 10 RS1", 14393},      {"Windows 10 RS2", 15063},
    {"Windows 10 RS3", 16299},     {"Windows 10 RS4", 17134},      {"Windows 10 RS5", 17763},
    {"Windows 10 19H1", 18362},    {"Windows 10 19H2", 18363},     {"Windows 10 20H1", 19041},
    {"Windows 10 20H2", 19042},    {"Windows 10 21H1", 19043},     {"Windows 10 21H2", 19044},
    {"Windows 10 22H2", 19045},    {"Windows Server 2022", 20348}, {"Windows 11 21H2", 22000},
    {"Windows 11 22H2", 22621},    {"Windows 11 23H2", 22631},     {"Windows 11 24H2", 26100},
};
constexpr NamedValue kKeyboards[] = {{"xt", 1},   {"ico", 2},  {"at", 3}, {"enhanced", 4},
                                     {"1050", 5}, {"9140", 6}, {"jp", 7}};
constexpr NamedValue kConnections[] = {{"modem", 1}, {"low_broadband", 2}, {"satellite", 3}, {"high_broadband", 4},
                                       {"wan", 5},   {"lan", 6},           {"autodetect", 7}};
constexpr NamedValue kProtocols[] = {{"rdp", kStandardSecurity}, {"ssl", kTls},
                                     {"hybrid", kCredSsp},       {"rds_tls", kRdsTls},
                                     {"hybrid_ex", kCredSspEx},  {"rds_aad", kRdsAad}};
/// T.124 8.7
constexpr NamedValue kResults[] = {{"success", 0},
                                   {"user rejected", 1},
                                   {"resources not available", 2},
                                   {"rejected for symmetry breaking", 3},
                                   {"locked conference not supported", 4}};
/// 2.2.1.4.3
constexpr NamedValue kMethods[] = {{"none", 0}, {"40bit", 1}, {"128bit", 2}, {"56bit", 8}, {"fips", 16}};
constexpr NamedValue kLevels[] = {{"none", 0}, {"low", 1}, {"client compatible", 2}, {"high", 3}, {"fips", 4}};
constexpr NamedValue kReasons[] = {{"ssl required by server", 1},    {"ssl not allowed by server", 2},
                                   {"ssl cert not on server", 3},    {"inconsistent flags", 4},
                                   {"hybrid required by server", 5}, {"ssl with user auth required by server", 6}};

}  // namespace

std::string_view version_name(uint64_t version, std::string& scratch) {
  if (version == kVersion4) return "v4";
  if (version == kVersion5) return "v5";
  if (version < kVersion10 || version > kVersion10_12) return kUnknown;
  return scratch = "v10." + std::to_string(version - kVersion10);
}

std::string_view build_name(uint64_t build, std::string&) {
  return find(kBuilds, build, kUnknown);
}

std::string_view keyboard_name(uint64_t type, std::string& scratch) {
  return name_or_number(kKeyboards, type, scratch);
}

std::string_view connection_name(uint64_t type, std::string& scratch) {
  return name_or_number(kConnections, type, scratch);
}

std::string_view protocol_name(uint64_t protocol, std::string& scratch) {
  return name_or_number(kProtocols, protocol, scratch);
}

std::string_view result_name(uint64_t result, std::string& scratch) {
  return name_or_number(kResults, result, scratch);
}

std::string_view encryption_method_name(uint64_t method, std::string& scratch) {
  return name_or_number(kMethods, method, scratch);
}

std::string_view encryption_level_name(uint64_t level, std::string& scratch) {
  return name_or_number(kLevels, level, scratch);
}

std::string_view failure_reason(uint32_t code) {
  return find(kReasons, code);
}

std::span<const NamedValue> protocols() {
  return kProtocols;
}

std::span<const NamedValue> encryption_methods() {
  return kMethods;
}

std::span<const NamedValue> encryption_levels() {
  return kLevels;
}

}  // namespace lapwing::rdp
