// What records and rules show of a login by GSS-API, whoever carries it.
#pragma once

#include "dissectors/contract/columns.h"
#include "dissectors/parts/gss/gss.h"
#include "sensor/base/utc.h"

namespace lapwing::gss {

namespace read {

inline std::optional<std::string> version(const std::optional<ntlmssp::Version>& version) {
  return version ? std::optional(ntlmssp::to_string(*version)) : std::nullopt;
}
inline std::optional<std::string> client_version(const ntlmssp::Exchange& exchange) {
  return version(exchange.version);
}
inline std::optional<std::string> server_version(const ntlmssp::Exchange& exchange) {
  return version(exchange.server_version);
}
/// Who logs in is known, were it nobody.
inline std::optional<std::string_view> domain(const ntlmssp::Exchange& exchange) {
  return exchange.authenticated ? std::optional<std::string_view>(exchange.domain) : std::nullopt;
}
inline std::optional<std::string_view> user(const ntlmssp::Exchange& exchange) {
  return exchange.authenticated ? std::optional<std::string_view>(exchange.user) : std::nullopt;
}
inline std::optional<std::string_view> host(const ntlmssp::Exchange& exchange) {
  return exchange.authenticated ? std::optional<std::string_view>(exchange.host) : std::nullopt;
}
inline std::optional<uint8_t> response_version(const ntlmssp::Exchange& exchange) {
  return exchange.ntlm ? std::optional(exchange.ntlm) : std::nullopt;
}
inline std::string server_time(const ntlmssp::Exchange& exchange) {
  return exchange.server_time ? to_utc(*exchange.server_time) : std::string();
}
inline const ntlmssp::Exchange* server(const ntlmssp::Exchange& exchange) {
  return exchange.challenged ? &exchange : nullptr;
}
inline const ntlmssp::Exchange* exchange(const Login& login) {
  return login.ntlmssp();
}
inline Outcome outcome(const Login& login) {
  return login.outcome();
}
inline auto names(const kerberos::Ticket& ticket) {
  return columns::Numbered(ticket.service.size(), [&ticket](size_t i) { return ticket.service[i]; });
}
std::string encryption(const kerberos::Ticket& ticket);

}  // namespace read

inline constexpr Column kServerColumns[] = {
    columns::text<&ntlmssp::Exchange::target>("target", "domain or server that logs in"),
    columns::text<&ntlmssp::Exchange::server_name>("name", "its name of NetBIOS"),
    columns::text<&ntlmssp::Exchange::server_domain>("domain", "its domain's name of NetBIOS"),
    columns::text<&ntlmssp::Exchange::server_dns_name>("dns_name", "its name of DNS"),
    columns::text<&ntlmssp::Exchange::server_dns_domain>("dns_domain", "its domain's name of DNS"),
    columns::text<&ntlmssp::Exchange::server_dns_forest>("dns_forest", "name of its forest"),
    columns::text<&read::server_time>("time", "its clock (UTC)"),
    columns::text<&read::server_version>("version", "its system, as it says"),
};

/// Columns of an ntlmssp::Exchange.
inline constexpr Column kNtlmsspColumns[] = {
    columns::text<&read::domain>("domain", "domain of the user"),
    columns::text<&read::user>("user", "who logs in"),
    columns::text<&read::host>("host", "name of the client's host"),
    columns::text<&read::client_version>("version", "the client's system, as it says"),
    columns::flag<&ntlmssp::Exchange::unusual>("warning", "names lie over each other, or not in their order"),
    columns::integer<&read::response_version>("ntlm_version", "of the response: 1 or 2"),
    columns::flag<&ntlmssp::Exchange::anonymous>("anonymous", "nobody logs in"),
    columns::flag<&ntlmssp::Exchange::mic>("mic", "a code proves that nobody changed the messages"),
    columns::text<&ntlmssp::Exchange::service>("service", "service that the client means to log in to"),
    columns::object<&read::server>("server", kServerColumns, "what the server says of itself"),
};

/// Columns of a Login by NTLMSSP, in a record of its own.
inline constexpr Column kNtlmColumns[] = {
    columns::object<&read::exchange>("", kNtlmsspColumns, ""),
    columns::flag<&Login::negotiated>("spnego", "the mechanism was agreed upon by SPNEGO"),
    columns::choice<&read::outcome, &outcome_name, &outcomes>("outcome", "how it ended"),
};
template <auto Read>
inline constexpr Column kNtlmRecord[] = {columns::object<Read>("ntlm", kNtlmColumns, "a login by NTLMSSP")};
template <auto Read>
inline constexpr Table kNtlmShapes[] = {kNtlmRecord<Read>};
/// The record of a login by NTLMSSP that a carrier brings where it has none of its own that shows it: `Read` finds the
/// Login in its transaction as columns::object does.
template <auto Read>
constexpr RecordRow ntlm_record() {
  return {.type = "ntlm", .help = "a login by NTLMSSP", .shapes = kNtlmShapes<Read>};
}

/// Columns of a kerberos::Ticket.
inline constexpr Column kKerberosColumns[] = {
    columns::text<&kerberos::Ticket::realm>("realm", "realm of the service"),
    columns::each<&read::names>("snames", "components of the service's name"),
    columns::text<&read::encryption>("ticket_encryption", "type of the ticket's encryption"),
};

}  // namespace lapwing::gss
