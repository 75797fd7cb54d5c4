// What records, alerts and rules show of a call, whoever carries it.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/parts/gss/gss_columns.h"

namespace lapwing::dcerpc {

namespace read {

std::string_view request(const Call& call);
std::string_view response(const Call& call);
/// Null where it was no call but something about the connection, or is unknown.
const Side* request_data(const Call& call);
const Side* response_data(const Call& call);
std::optional<uint16_t> operation(const Call& call);
/// The object of the columns below, which show the operation as well.
inline const Call* called(const Call& call) {
  return request_data(call) ? &call : nullptr;
}
std::optional<uint32_t> call_id(const Call& call);
std::string_view version(const Call& call);
std::string_view interface_name(const Call& call);
std::string_view operation_name(const Call& call);
std::string_view object(const Call& call, std::string& scratch);
std::optional<uint32_t> status(const Call& call);
const Call* protection(const Call& call);
std::optional<uint16_t> refusal(const Call& call);
Bytes stub(const Call& call, const Place& at);

std::string_view context_uuid(const Context& context, std::string& scratch);
std::string_view context_version(const Context& context, std::string& scratch);
std::string_view context_name(const Context& context);

std::string_view activity_uuid(const Call& call, std::string& scratch);
std::optional<uint32_t> sequence(const Call& call);

std::optional<uint8_t> security_type(const Call& call);
std::optional<uint8_t> security_level(const Call& call);
inline const ntlmssp::Exchange* ntlmssp(const Call& call) {
  return call.login ? call.login->ntlmssp() : nullptr;
}
inline const kerberos::Ticket* kerberos(const Call& call) {
  return call.login ? call.login->kerberos() : nullptr;
}

std::string_view endpoint_uuid(const Endpoint& endpoint, std::string& scratch);
std::string_view endpoint_version(const Endpoint& endpoint, std::string& scratch);
std::string_view endpoint_name(const Endpoint& endpoint);
std::string_view transport(const Endpoint& endpoint);

}  // namespace read

inline constexpr Column kContextColumns[] = {
    columns::text<&read::context_uuid>("uuid", "UUID of the interface"),
    columns::text<&read::context_version>("version", "version of the interface"),
    columns::integer<&Context::result>("ack_result", "what the server made of it (C706 12.6.3.1); 0: accepted"),
    columns::integer<&Context::reason>("ack_reason", "why it was refused"),
    columns::text<&read::context_name>("service", "name of the interface"),
};
inline constexpr Column kSideColumns[] = {
    columns::integer<&Side::fragments>("frag_cnt", "fragments"),
    columns::integer<&Side::size>("stub_data_size", "bytes of its data"),
};
inline constexpr Column kRequestColumns[] = {
    columns::integer<&Call::operation>("opnum", "number of the operation"),
    columns::object<&read::request_data>("", kSideColumns, "what is sent with it"),
};
inline constexpr Column kProtectionColumns[] = {
    columns::choice<&read::security_type, &security_type_name, nullptr>("type", "by what (MS-RPCE 2.2.1.1.7)"),
    columns::choice<&read::security_level, &security_level_name, nullptr>("level", "how far (MS-RPCE 2.2.1.1.8)"),
    columns::choice<&Call::outcome, &outcome_name, &outcomes>("outcome",
                                                              "how the login ended, which shows by this call"),
    columns::object<&read::ntlmssp>("ntlmssp", gss::kNtlmsspColumns, "a login by NTLMSSP"),
    columns::object<&read::kerberos>("kerberos", gss::kKerberosColumns, "a login by Kerberos"),
};
inline constexpr Column kEndpointColumns[] = {
    columns::text<&read::endpoint_uuid>("uuid", "UUID of the interface"),
    columns::text<&read::endpoint_version>("version", "version of the interface"),
    columns::text<&read::endpoint_name>("service", "name of the interface"),
    columns::text<&read::transport>("transport", "tcp or udp"),
    columns::integer<&Endpoint::port>("port", "where it is to be had"),
    columns::address<&Endpoint::address>("address", "of which host"),
};

/// Columns of a Call beyond Suricata's, and what rules ask of it. `whole`: the carrier's stage of a side that is.
template <uint8_t whole>
inline constexpr Column kOwnColumns[] = {
    columns::text<&read::interface_name>("interface", "name of the interface that is called")
        .rule({.name = "dcerpc.interface", .sender = Sender::either, .stage = whole}),
    columns::text<&read::operation_name>("operation", "name of the operation that is called")
        .rule({.name = "dcerpc.operation", .sender = Sender::either, .stage = whole}),
    columns::text<&read::object>("object", "UUID of the object that is called"),
    columns::object<&read::protection>("auth", kProtectionColumns, "how it is protected"),
    columns::choice<&read::status, &status_name, nullptr>("fault", "why the call failed (C706 E, MS-ERREF)"),
    columns::integer<&read::refusal>("bind_nak_reason", "why the connection was refused (C706 12.6.4.5)"),
    columns::flag<&Call::cancelled>("cancelled", "the client asked for its end"),
    columns::flag<&Call::orphaned>("orphaned", "the client does not want the answer any more"),
    columns::objects<&Call::endpoints>("endpoints", kEndpointColumns,
                                       "where the interface is to be had, or the objects of DCOM"),

    columns::text<&read::stub>("", "stub data of one side of the call")
        .rule({.name = "dcerpc.stub_data", .sender = Sender::either, .stage = whole, .aliases = {"dce_stub_data"}}),
};

namespace made {

/// What rules ask of it.
template <uint8_t whole>
constexpr Column operation(std::string_view member) {
  return columns::integer<&read::operation>(member, "number of the operation")
      .rule({.name = "dcerpc.opnum",
             .sender = Sender::either,
             .stage = whole,
             .aliases = {"dce_opnum"},
             .form = NumberForm::list});
}

template <uint8_t whole>
inline constexpr Column kAlone[] = {
    columns::text<&read::request>("request", "type of the request, or REQUEST_LOST"),
    columns::object<&read::called>("req", kRequestColumns, "what is called"),
    columns::objects<&Call::contexts>("interfaces", kContextColumns, "what is offered, or called"),
    columns::text<&read::response>("response", "type of the answer, or UNREPLIED"),
    columns::object<&read::response_data>("res", kSideColumns, "the answer"),
    columns::text<&read::activity_uuid>("activityuuid", "of calls by datagrams: whose calls"),
    columns::integer<&read::sequence>("seqnum", "of calls by datagrams: which of them"),
    columns::integer<&read::call_id>("call_id", "which call of the connection"),
    columns::text<&read::version>("rpc_version", "5.0 or 5.1, by datagrams 4.0"),
    operation<whole>(""),
};

template <uint8_t whole>
inline constexpr Column kCarried[] = {
    columns::text<&read::request>("request", "type of the request, or REQUEST_LOST"),
    operation<whole>("opnum"),
    columns::object<&read::request_data>("req", kSideColumns, "what is called"),
    columns::objects<&Call::contexts>("interfaces", kContextColumns, "what is offered, or called"),
    columns::text<&read::response>("response", "type of the answer, or UNREPLIED"),
    columns::object<&read::response_data>("res", kSideColumns, "the answer"),
    columns::integer<&read::call_id>("call_id", "which call of the pipe"),
};

template <size_t A, size_t B>
constexpr std::array<Column, A + B> joined(const Column (&a)[A], const Column (&b)[B]) {
  std::array<Column, A + B> out;
  std::copy(std::begin(b), std::end(b), std::copy(std::begin(a), std::end(a), out.begin()));
  return out;
}

}  // namespace made

/// Columns of a Call of a protocol that is nothing else.
template <uint8_t whole>
inline constexpr auto kColumns = made::joined(made::kAlone<whole>, kOwnColumns<whole>);

/// Columns of a Call within a record of its carrier.
template <uint8_t whole>
inline constexpr auto kCarriedColumns = made::joined(made::kCarried<whole>, kOwnColumns<whole>);

}  // namespace lapwing::dcerpc
