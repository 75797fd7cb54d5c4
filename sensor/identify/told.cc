#include "sensor/identify/told.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <iterator>
#include <string>

namespace lapwing {
namespace {

struct ToldRow {
  std::string_view name;
  uint16_t protocol;
};
constexpr ToldRow kTold[] = {
    {"dns", NDPI_PROTOCOL_DNS},
    {"http", NDPI_PROTOCOL_HTTP},
    {"tls", NDPI_PROTOCOL_TLS},
};

struct RiskRow {
  Risk risk;
  ndpi_risk_enum number;
};
constexpr RiskRow kRiskRows[] = {
    {Risk::clear_text_credentials, NDPI_CLEAR_TEXT_CREDENTIALS},
    {Risk::dns_large_packet, NDPI_DNS_LARGE_PACKET},
    {Risk::dns_suspicious_traffic, NDPI_DNS_SUSPICIOUS_TRAFFIC},
    {Risk::http_numeric_ip_host, NDPI_HTTP_NUMERIC_IP_HOST},
    {Risk::http_suspicious_header, NDPI_HTTP_SUSPICIOUS_HEADER},
    {Risk::http_suspicious_user_agent, NDPI_HTTP_SUSPICIOUS_USER_AGENT},
    {Risk::binary_application_transfer, NDPI_BINARY_APPLICATION_TRANSFER},
    {Risk::invalid_characters, NDPI_INVALID_CHARACTERS},
    {Risk::malformed_packet, NDPI_MALFORMED_PACKET},
    {Risk::possible_exploit, NDPI_POSSIBLE_EXPLOIT},
    {Risk::tls_certificate_about_to_expire, NDPI_TLS_CERTIFICATE_ABOUT_TO_EXPIRE},
    {Risk::tls_certificate_expired, NDPI_TLS_CERTIFICATE_EXPIRED},
    {Risk::tls_certificate_mismatch, NDPI_TLS_CERTIFICATE_MISMATCH},
    {Risk::tls_certificate_validity_too_long, NDPI_TLS_CERT_VALIDITY_TOO_LONG},
    {Risk::tls_fatal_alert, NDPI_TLS_FATAL_ALERT},
    {Risk::tls_missing_sni, NDPI_TLS_MISSING_SNI},
    {Risk::tls_not_carrying_https, NDPI_TLS_NOT_CARRYING_HTTPS},
    {Risk::tls_obsolete_version, NDPI_TLS_OBSOLETE_VERSION},
    {Risk::tls_selfsigned_certificate, NDPI_TLS_SELFSIGNED_CERTIFICATE},
    {Risk::tls_suspicious_esni_usage, NDPI_TLS_SUSPICIOUS_ESNI_USAGE},
    {Risk::tls_suspicious_extension, NDPI_TLS_SUSPICIOUS_EXTENSION},
};
static_assert(std::size(kRiskRows) == kRisks && std::ranges::is_sorted(kRiskRows, std::less_equal(), &RiskRow::risk),
              "each risk has its row");

/// The protocol of each Sign.
constexpr uint16_t kSigns[] = {NDPI_PROTOCOL_UNKNOWN, NDPI_PROTOCOL_HTTP_PROXY, NDPI_PROTOCOL_OCSP, NDPI_PROTOCOL_OOKLA,
                               NDPI_PROTOCOL_RTSP};

/// One look at a name, which nDPI may write to and wants with a NUL behind it.
using NameText = std::array<char, sizeof(ndpi_flow_struct::host_server_name)>;

/// Of some names only the category is known.
NameVerdict match(const NdpiModule& module, std::string_view name, uint16_t protocol, ndpi_flow_struct& flow) {
  if (name.starts_with("*.")) name.remove_prefix(1);
  NameText text;
  const size_t size = std::min(name.size(), text.size() - 1);
  std::memcpy(text.data(), name.data(), size);
  text[size] = '\0';
  ndpi_protocol_match_result found;
  const uint16_t application =
      ndpi_match_host_subprotocol(module, &flow, text.data(), static_cast<u_int>(size), &found, protocol);
  return {.application = application == protocol ? uint16_t{NDPI_PROTOCOL_UNKNOWN} : application,
          .category = static_cast<uint16_t>(found.protocol_category)};
}

/// What nDPI takes the names of Tor's servers for: www.(random).com or .net.
bool like_tor(std::string_view host) {
  return host.starts_with("www.") && (host.ends_with(".com") || host.ends_with(".net"));
}

/// Of the host that `flow` has. `known`: nobody asks whether the name was made by a machine.
NameVerdict judge_host(const NdpiModule& module, uint16_t protocol, bool known, ndpi_flow_struct& flow) {
  NameVerdict out = match(module, flow.host_server_name, protocol, flow);
  if (out.application == 0 && !known && ndpi_check_dga_name(module, &flow, flow.host_server_name, 1) &&
      protocol == NDPI_PROTOCOL_TLS && like_tor(flow.host_server_name)) {
    out.application = NDPI_PROTOCOL_TOR;
  }
  out.risk = flow.risk;
  return out;
}

void take(const NameVerdict& verdict, ToldFacts& told) {
  told.application = verdict.application;
  if (verdict.category != NDPI_PROTOCOL_CATEGORY_UNSPECIFIED) told.category = verdict.category;
  told.risk |= verdict.risk;
}

}  // namespace

uint16_t told_protocol(std::string_view name) {
  const auto* row = std::ranges::find(kTold, name, &ToldRow::name);
  return row == std::end(kTold) ? 0 : row->protocol;
}

bool tells(uint16_t protocol) {
  return std::ranges::find(kTold, protocol, &ToldRow::protocol) != std::end(kTold);
}

uint16_t application_of(const NdpiModule& module, const FlowEnds& ends) {
  for (size_t end = 0; end < 2; ++end) {
    if (ends.ipv4[end] == 0) continue;
    in_addr address{ends.ipv4[end]};
    const uint16_t found = ndpi_network_port_ptree_match(module, &address, htons(ends.ports[end]));
    if (found != NDPI_PROTOCOL_UNKNOWN) return found;
  }
  return NDPI_PROTOCOL_UNKNOWN;
}

void tell(const NdpiModule& module, NameMemo& memo, const Facts& facts, ndpi_flow_struct& scratch, ToldFacts& told) {
  std::memset(&scratch, 0, sizeof scratch);
  scratch.is_ipv6 = 1;  // what exceptions from risks are by address is not asked
  if (!facts.host.empty()) {
    ndpi_hostname_sni_set(&scratch, reinterpret_cast<const uint8_t*>(facts.host.data()), facts.host.size());
    if (told.application == 0) {
      // Of HTTP an application by its address is known by then.
      const uint16_t known = told.protocol == NDPI_PROTOCOL_HTTP ? told.by_address : uint16_t{0};
      take(memo.find(scratch.host_server_name, told.protocol, known,
                     [&] { return judge_host(module, told.protocol, known != 0, scratch); }),
           told);
    }
  }
  for (const std::string_view name : facts.names) {
    if (told.application != 0) break;
    take(memo.find(name, told.protocol, told.by_address,
                   [&] {
                     // A more general name does not take its place.
                     scratch.detected_protocol_stack[0] = told.by_address;
                     return match(module, name, told.protocol, scratch);
                   }),
         told);
  }
  if (told.application == 0 && told.by_address == 0 && !facts.subject.empty()) {
    std::string subject(facts.subject);
    uint32_t number = 0;
    if (ndpi_match_string_value(module->tls_cert_subject_automa.ac_automa, subject.data(),
                                static_cast<u_int>(subject.size()), &number) == 0) {
      told.application = static_cast<uint16_t>(number);
    }
  }
  const bool weaker = facts.sign == Sign::http_proxy && told.application != 0;
  if (facts.sign != Sign::unknown && !weaker) told.application = kSigns[static_cast<size_t>(facts.sign)];
  if (facts.cipher && ndpi_is_safe_ssl_cipher(*facts.cipher) == NDPI_CIPHER_WEAK) {
    ndpi_set_risk(module, &scratch, NDPI_TLS_WEAK_CIPHER);
  }
  if (std::ranges::any_of(facts.alpns, [&](std::string_view alpn) {
        return is_a_common_alpn(module, alpn.data(), static_cast<u_int>(alpn.size())) == 0;
      })) {
    ndpi_set_risk(module, &scratch, NDPI_TLS_UNCOMMON_ALPN);
  }
  for (const RiskRow& row : kRiskRows) {
    if (facts.risks >> static_cast<unsigned>(row.risk) & 1) ndpi_set_risk(module, &scratch, row.number);
  }
  if (scratch.risk >> NDPI_BINARY_APPLICATION_TRANSFER & 1) {
    told.category = NDPI_PROTOCOL_CATEGORY_DOWNLOAD_FT;
  }
  told.risk |= scratch.risk;
}

Verdict settle(const NdpiModule& module, const ToldFacts& told) {
  Verdict out{.application = told.application ? told.application : told.by_address, .risk = told.risk};
  if (out.application == 0 || out.application == told.protocol) {
    out.application = told.protocol;
  } else {
    out.master = told.protocol;
  }
  out.category = told.category;
  if (out.category == 0) {
    ndpi_protocol protocol{};
    protocol.master_protocol = out.master;
    protocol.app_protocol = out.application;
    out.category = static_cast<uint16_t>(ndpi_get_proto_category(module, protocol));
  }
  switch (ndpi_get_proto_breed(module, out.application)) {
    case NDPI_PROTOCOL_UNSAFE:
    case NDPI_PROTOCOL_POTENTIALLY_DANGEROUS:
    case NDPI_PROTOCOL_DANGEROUS: out.risk |= uint64_t{1} << NDPI_UNSAFE_PROTOCOL; break;
    default: break;
  }
  return out;
}

}  // namespace lapwing
