#include "dissectors/contract/columns.h"
#include "dissectors/parts/x509/x509_columns.h"
#include "dissectors/protocols/rdp/rdp.h"
#include "dissectors/protocols/rdp/rdp_names.h"

namespace lapwing::rdp {

namespace {

using namespace columns;

// Flags, in the order in which records show them.

struct Flag {
  uint32_t bit;
  std::string_view name;
};
constexpr Flag kRequestFlags[] = {{1, "restricted_admin_mode_required"},
                                  {2, "redirected_authentication_mode_required"},
                                  {8, "correlation_info_present"}};
constexpr Flag kResponseFlags[] = {
    {1, "extended_client_data"}, {2, "dynvc_gfx"}, {8, "restricted_admin"}, {16, "redirected_authentication"}};
constexpr Flag kProtocols[] = {
    {kTls, "ssl"}, {kCredSsp, "hybrid"}, {kRdsTls, "rds_tls"}, {kCredSspEx, "hybrid_ex"}, {kRdsAad, "rds_aad"}};
constexpr Flag kCapabilities[] = {
    {0x0001, "support_errinfo_pdf"},        {0x0002, "want_32bpp_session"},
    {0x0004, "support_statusinfo_pdu"},     {0x0008, "strong_asymmetric_keys"},
    {0x0020, "valid_connection_type"},      {0x0040, "support_monitor_layout_pdu"},
    {0x0080, "support_netchar_autodetect"}, {0x0100, "support_dynvc_gfx_protocol"},
    {0x0200, "support_dynamic_time_zone"},  {0x0400, "support_heartbeat_pdu"},
    {0x0800, "support_skip_channeljoin"},
};
constexpr Flag kMethods[] = {{1, "40bit"}, {2, "128bit"}, {8, "56bit"}, {16, "fips"}};
constexpr Flag kRedirection[] = {{1, "supported"}, {2, "session_id_valid"}, {0x40, "smartcard"}};

std::vector<std::string_view> names_of(std::span<const Flag> flags, uint32_t bits) {
  std::vector<std::string_view> out;
  for (const Flag& flag : flags) {
    if (bits & flag.bit) out.push_back(flag.name);
  }
  return out;
}

/// Nothing where it is 0.
template <auto Member>
struct Nonzero;
template <class Object, class Value, Value Object::*Member>
struct Nonzero<Member> {
  static std::optional<Value> read(const Object& object) {
    return object.*Member != 0 ? std::optional(object.*Member) : std::nullopt;
  }
};

// Messages.

uint64_t tx_id(const Message& message) {
  return message.number + 1;
}
std::string_view event_type(const Message& message) {
  constexpr std::string_view kTypes[] = {"initial_request", "initial_response", "connect_request", "connect_response",
                                         "tls_handshake"};
  return kTypes[message.said.index()];
}
template <class Said>
const Said* as(const Message& message) {
  return std::get_if<Said>(&message.said);
}

std::vector<std::string_view> request_flags(const Request& request) {
  return names_of(kRequestFlags, request.negotiation ? request.negotiation->flags : 0);
}
std::vector<std::string_view> asked_protocols(const Request& request) {
  if (request.negotiation && request.negotiation->value == kStandardSecurity) return {"rdp"};
  return names_of(kProtocols, request.negotiation ? request.negotiation->value : 0);
}
std::optional<std::string_view> cookie(const Request& request) {
  return request.cookie ? std::optional<std::string_view>(*request.cookie) : std::nullopt;
}

std::vector<std::string_view> response_flags(const Confirm& confirm) {
  return names_of(kResponseFlags, confirm.response ? confirm.response->flags : 0);
}
std::optional<uint32_t> protocol(const Confirm& confirm) {
  return confirm.response ? std::optional(confirm.response->value) : std::nullopt;
}
std::optional<uint32_t> error_code(const Confirm& confirm) {
  return confirm.failure ? std::optional(confirm.failure->value) : std::nullopt;
}
std::string_view reason(const Confirm& confirm) {
  return confirm.failure ? failure_reason(confirm.failure->value) : std::string_view();
}

const ClientCore* core(const ClientData& data) {
  return data.core ? &*data.core : nullptr;
}
std::vector<std::string_view> capabilities(const ClientCore& core) {
  return names_of(kCapabilities, core.capabilities.value_or(0));
}
std::vector<std::string_view> asked_methods(const ClientData& data) {
  return names_of(kMethods, data.encryption_methods.value_or(0));
}
std::vector<std::string_view> redirection(const ClientData& data) {
  return names_of(kRedirection, data.redirection.value_or(0));
}
std::optional<uint32_t> redirected_session(const ClientData& data) {
  constexpr uint32_t kValid = 2;
  const bool valid = data.redirection && *data.redirection & kValid;
  return valid ? std::optional(data.redirected_session) : std::nullopt;
}

const ServerData* with_certificate(const ServerData& data) {
  return data.certificate_type != CertificateType::none ? &data : nullptr;
}
std::string_view certificate_type(const ServerData& data) {
  return data.certificate_type == CertificateType::x509 ? "x509" : "rsa";
}
template <class Said>
const x509::Certificate* certificate(const Said& said) {
  return said.certificate.get();
}

std::optional<std::span<const std::string>> serials(const Message& message) {
  const auto* handshake = as<Handshake>(message);
  return handshake && handshake->shown ? std::optional<std::span<const std::string>>(handshake->serials) : std::nullopt;
}
template <std::string Handshake::*Hash>
const Handshake* with(const Handshake& handshake) {
  return (handshake.*Hash).empty() ? nullptr : &handshake;
}

// Columns.

constexpr Column kCertificate[] = {
    x509::kSubject,   x509::kIssuer,
    x509::kSerial,    x509::kFingerprint,
    x509::kNotBefore, x509::kNotAfter,
    x509::kNames,     object<&self<x509::Certificate>>("x509", x509::kKey, "key and signature of the certificate"),
};

constexpr Column kRequest[] = {
    text<&cookie>("cookie", "who logs in, as the cookie has it: mostly its first nine letters")
        .rule({.name = "rdp.cookie", .stage = kComplete}),
    each<&request_flags>("flags", "that the client asks for beside the protocols"),
    text<&Request::routing_token>("routing_token", "by which a load balancer finds the server")
        .rule({.name = "rdp.routing_token", .stage = kComplete}),
    each<&asked_protocols>("protocols",
                           "of security that the client offers: rdp, ssl, hybrid, rds_tls, hybrid_ex, "
                           "rds_aad"),
    hex<&Request::correlation_id>("correlation_id", "of the client's connection, 16 bytes"),
};
constexpr Column kConfirm[] = {
    each<&response_flags>("server_supports", "what else the server can do"),
    choice<&protocol, &protocol_name, &protocols>("protocol", "of security that the server chose")
        .rule({.name = "rdp.protocol", .sender = Sender::server, .stage = kComplete}),
    integer<&error_code>("error_code", "why it chose none (MS-RDPBCGR 2.2.1.2.2)")
        .rule({.name = "rdp.error_code", .sender = Sender::server, .stage = kComplete}),
    text<&reason>("reason", "the same in words"),
};
constexpr Column kClient[] = {
    choice<&ClientCore::version, &version_name, nullptr>("version", "of the protocol: v4, v5, v10.0 to v10.12"),
    integer<&ClientCore::desktop_width>("desktop_width", "pixels"),
    integer<&ClientCore::desktop_height>("desktop_height", "pixels"),
    integer<&ClientCore::color_depth>("color_depth", "bits of a pixel"),
    choice<&ClientCore::keyboard_layout, &layout_name, nullptr>("keyboard_layout", "language of the keyboard: en-US"),
    choice<&ClientCore::build, &build_name, nullptr>("build", "what the client runs on, by the number of its build"),
    text<&ClientCore::name>("client_name", "name of the client's host")
        .rule({.name = "rdp.client_name", .stage = kComplete}),
    choice<&Nonzero<&ClientCore::keyboard_type>::read, &keyboard_name, nullptr>("keyboard_type", "enhanced, jp"),
    integer<&Nonzero<&ClientCore::keyboard_subtype>::read>("keyboard_subtype", "by its manufacturer"),
    integer<&Nonzero<&ClientCore::function_keys>::read>("function_keys", "of the keyboard"),
    text<&ClientCore::ime>("ime", "file name of its input method editor"),
    integer<&ClientCore::product_id>("product_id", "1"),
    integer<&Nonzero<&ClientCore::serial>::read>("serial_number", "of the client"),
    each<&capabilities>("capabilities", "of the client"),
    text<&ClientCore::product>("id", "of the client's product"),
    choice<&Nonzero<&ClientCore::connection>::read, &connection_name, nullptr>(
        "connection_hint", "what the network is like: lan, wan, autodetect"),
    integer<&ClientCore::physical_width>("physical_width", "millimetres"),
    integer<&ClientCore::physical_height>("physical_height", "millimetres"),
    integer<&ClientCore::orientation>("desktop_orientation", "degrees"),
    integer<&ClientCore::scale>("scale_factor", "of the desktop, percent"),
    integer<&ClientCore::device_scale>("device_scale_factor", "percent"),
    integer<&ClientCore::build>("build_number", "of the client"),
    integer<&ClientCore::keyboard_layout>("keyboard_layout_id", "of the keyboard, whose lower half is its language"),
};
constexpr Column kClientData[] = {
    object<&core>("client", kClient, "what the client says of itself"),
    each<&ClientData::channels>("channels", "static channels that the client asks for")
        .rule({.name = "rdp.channel", .stage = kComplete}),
    each<&asked_methods>("encryption_methods", "of standard security that the client offers"),
    each<&redirection>("redirection",
                       "what it knows of being sent to another server: supported, session_id_valid, "
                       "smartcard"),
    integer<&redirected_session>("redirected_session", "that it was sent to"),
    integer<&Nonzero<&ClientData::monitors>::read>("monitors", "of the client"),
};
constexpr Column kServerCertificate[] = {
    text<&certificate_type>("type", "rsa: a bare key that is signed by one that everybody has; x509"),
    integer<&ServerData::certificates>("count", "certificates of the chain"),
    flag<&ServerData::temporary>("temporary", "no license server has issued one"),
    integer<&Nonzero<&ServerData::key_bits>::read>("key_bits", "of a bare key"),
    object<&certificate<ServerData>>("", kCertificate, "the last of the chain"),
};
constexpr Column kServer[] = {
    choice<&ServerData::version, &version_name, nullptr>("version", "of the protocol"),
    integer<&ServerData::refused>("mcs_result", "why MCS refuses (T.125 7)"),
    choice<&ServerData::result, &result_name, nullptr>("result", "of creating the conference (T.124 8.7): success"),
    choice<&ServerData::encryption_method, &encryption_method_name, &encryption_methods>(
        "encryption_method", "of standard security: none, 40bit, 56bit, 128bit, fips")
        .rule({.name = "rdp.encryption_method", .sender = Sender::server, .stage = kComplete}),
    choice<&ServerData::encryption_level, &encryption_level_name, &encryption_levels>(
        "encryption_level", "none, low, client compatible, high, fips")
        .rule({.name = "rdp.encryption_level", .sender = Sender::server, .stage = kComplete}),
    object<&with_certificate>("certificate", kServerCertificate, "by which the client knows the server"),
    integer<&ServerData::channels>("channels", "that the server opens"),
};
constexpr Column kJa3[] = {
    text<&Handshake::ja3_hash>("hash", "JA3 fingerprint of the client, MD5 in hex"),
    text<&Handshake::ja3>("string", "JA3 fingerprint of the client before hashing"),
};
constexpr Column kJa3s[] = {
    text<&Handshake::ja3s_hash>("hash", "JA3S fingerprint of the server, MD5 in hex"),
    text<&Handshake::ja3s>("string", "JA3S fingerprint of the server before hashing"),
};
constexpr Column kTlsHandshake[] = {
    choice<&Handshake::version, &tls::version_name, nullptr>("version",
                                                             "offered by the client, or chosen by the server"),
    text<&Handshake::sni>("sni", "server name the client asks for"),
    object<&certificate<Handshake>>("", kCertificate, "of the server"),
    integer<&Nonzero<&Handshake::certificates>::read>("certificates", "in the chain"),
    object<&with<&Handshake::ja3_hash>>("ja3", kJa3, "JA3 fingerprint of the client"),
    object<&with<&Handshake::ja3s_hash>>("ja3s", kJa3s, "JA3S fingerprint of the server"),
    text<&Handshake::ja4>("ja4", "JA4 fingerprint of the client"),
};
constexpr Column kMessage[] = {
    integer<&tx_id>("tx_id", "number of the message, from 1 on"),
    text<&event_type>("event_type",
                      "initial_request, initial_response, connect_request, connect_response or tls_handshake"),
    object<&as<Request>>("", kRequest, "the first request"),
    object<&as<Confirm>>("", kConfirm, "its answer"),
    object<&as<ClientData>>("", kClientData, "the request of a connection"),
    object<&as<ServerData>>("server", kServer, "what the server says of itself"),
    each<&serials>("x509_serials", "serial number of each certificate of the server, in lower-case hex").shown_empty(),
    object<&as<Handshake>>("tls", kTlsHandshake, "what else TLS says in the clear"),
};
constexpr Column kRecord[] = {object<&self<Message>>("rdp", kMessage, "a message of an opening")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {
    {.type = "rdp", .help = "a message of the opening of a remote desktop", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::rdp
