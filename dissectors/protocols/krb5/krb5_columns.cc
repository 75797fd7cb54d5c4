#include "dissectors/contract/columns.h"
#include "dissectors/parts/kerberos/kerberos_names.h"
#include "dissectors/protocols/krb5/krb5.h"
#include "sensor/base/utc.h"
#include "sensor/event/sighting.h"

namespace lapwing::krb5 {

namespace {

using namespace columns;
using kerberos::Principal;
using kerberos::Ticket;

constexpr NamedValue kTypes[] = {{"as_req", Type::as_request},   {"as_rep", Type::as_reply},
                                 {"tgs_req", Type::tgs_request}, {"tgs_rep", Type::tgs_reply},
                                 {"ap_req", Type::ap_request},   {"ap_rep", Type::ap_reply},
                                 {"safe", Type::safe},           {"priv", Type::priv},
                                 {"cred", Type::cred},           {"error", Type::error}};
std::span<const NamedValue> types() {
  return kTypes;
}

// Numbers below zero are kept in 64 bits.
std::string_view message_name(uint64_t type, std::string& scratch) {
  return kerberos::message_name(static_cast<uint32_t>(type), scratch);
}
std::string_view encryption_name(uint64_t type, std::string& scratch) {
  return kerberos::encryption_name(static_cast<int32_t>(type), scratch);
}
std::string_view error_name(uint64_t code, std::string& scratch) {
  return kerberos::error_name(static_cast<int32_t>(code), scratch);
}

bool is_request(Type type) {
  return type == Type::as_request || type == Type::tgs_request;
}
bool is_reply(Type type) {
  return type == Type::as_reply || type == Type::tgs_reply;
}
/// Where the message says nothing it stands for that.
std::string_view or_empty(std::string_view text) {
  return text.empty() ? "<empty>" : text;
}

Type type(const MessageTransaction& tx) {
  return tx.message.type;
}
std::optional<std::string_view> failed_request(const MessageTransaction& tx, std::string& scratch) {
  if (!tx.message.error) return {};
  return tx.request ? message_name(static_cast<uint64_t>(tx.request->type), scratch) : "UNKNOWN";
}
std::optional<int32_t> error(const MessageTransaction& tx) {
  return tx.message.error;
}
std::string_view cname(const MessageTransaction& tx) {
  return or_empty(tx.message.client.text);
}
std::string_view realm(const MessageTransaction& tx) {
  const Message& said = tx.message;
  return or_empty(is_reply(said.type) || said.type == Type::error ? said.client_realm : said.realm);
}
std::string_view sname(const MessageTransaction& tx) {
  return or_empty(tx.message.service.text);
}
std::string_view encryption(const MessageTransaction& tx, std::string& scratch) {
  const auto& type = tx.message.encryption;
  return type && is_reply(tx.message.type) ? kerberos::encryption_name(*type, scratch) : "<none>";
}
bool weak(const MessageTransaction& tx) {
  const auto& type = tx.message.encryption;
  return type && is_reply(tx.message.type) && kerberos::weak_encryption(*type);
}
const Ticket* reply_ticket(const MessageTransaction& tx) {
  return is_reply(tx.message.type) && tx.message.ticket.encryption ? &tx.message.ticket : nullptr;
}
bool weak_ticket(const Ticket& ticket) {
  return ticket.encryption && kerberos::weak_encryption(*ticket.encryption);
}

auto components(const Principal& name) {
  return Numbered(name.size(), [&name](size_t i) { return name[i]; });
}
auto client_components(const MessageTransaction& tx) {
  return components(tx.message.client);
}
auto service_components(const MessageTransaction& tx) {
  return components(tx.message.service);
}

// Ours.

/// A request's own words, or those of the one that an answer is about.
const Message* request(const MessageTransaction& tx) {
  return is_request(tx.message.type) ? &tx.message : tx.request;
}
std::string_view request_type(const Message& asked) {
  return asked.type == Type::as_request ? "AS" : "TGS";
}
std::string principal(const Principal& name, std::string_view realm) {
  if (name.empty()) return {};
  return realm.empty() ? name.text : name.text + '@' + std::string(realm);
}
/// In an AS exchange the realm is that of both (RFC 4120 5.4.1).
std::string client(const MessageTransaction& tx) {
  const Message& said = tx.message;
  if (!said.client.empty()) return principal(said.client, is_request(said.type) ? said.realm : said.client_realm);
  return tx.request ? principal(tx.request->client, tx.request->realm) : std::string();
}
/// That a KDC asks for proof, or to be asked over TCP, is neither.
std::optional<bool> success(const MessageTransaction& tx) {
  constexpr int32_t kProofRequired = 25, kTooBig = 52, kMoreRequired = 91;
  if (is_reply(tx.message.type)) return true;
  const auto& error = tx.message.error;
  const bool neither = !error || *error == kProofRequired || *error == kTooBig || *error == kMoreRequired;
  return neither ? std::nullopt : std::optional(false);
}
template <auto Member>
std::string date(const Message& said) {
  const std::optional<int64_t>& time = said.*Member;
  return time ? to_utc(*time) : std::string();
}
template <uint8_t Bit>
bool option(const Message& asked) {
  return asked.options.value_or(0) >> (31 - Bit) & 1;
}
std::vector<std::string_view> options(const Message& asked) {
  return kerberos::option_names(asked.options.value_or(0));
}
std::vector<std::string> encryption_names(const Message& said) {
  std::vector<std::string> out;
  std::string scratch;
  for (const int32_t type : said.encryptions) out.emplace_back(kerberos::encryption_name(type, scratch));
  return out;
}
std::vector<std::string> preauthentication_names(const Message& said) {
  std::vector<std::string> out;
  std::string scratch;
  for (const int32_t type : said.preauthentication) {
    out.emplace_back(kerberos::preauthentication_name(type, scratch));
  }
  return out;
}
std::string on_behalf(const Message& asked) {
  return principal(asked.on_behalf, asked.on_behalf_realm);
}
std::optional<uint32_t> additional_tickets(const Message& asked) {
  return asked.additional_tickets ? std::optional(asked.additional_tickets) : std::nullopt;
}
const Ticket* presented(const Message& asked) {
  return asked.type == Type::tgs_request && !asked.ticket.empty() ? &asked.ticket : nullptr;
}
const Message* with_error(const MessageTransaction& tx) {
  return tx.message.error ? &tx.message : nullptr;
}
std::string status(const Message& said) {
  if (!said.status) return {};
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) out += kDigits[*said.status >> shift & 0xf];
  return out;
}
std::string_view service(const Ticket& ticket) {
  return ticket.service.text;
}

constexpr Column kTicket[] = {
    choice<&Ticket::encryption, &encryption_name, nullptr>("ticket_encryption", "type of the ticket's encryption"),
    flag<&weak_ticket>("ticket_weak_encryption", "that is none of AES and Camellia").shown_empty(),
};
constexpr Column kPresented[] = {
    text<&Ticket::realm>("realm", "realm of the service that it is for"),
    text<&service>("sname", "service that it is for"),
    choice<&Ticket::encryption, &encryption_name, nullptr>("encryption", "type of its encryption"),
};
constexpr Column kRequest[] = {
    text<&request_type>("request_type", "AS or TGS"),
    text<&date<&Message::from>>("from", "when the ticket shall begin (UTC)"),
    text<&date<&Message::till>>("till", "when it shall end (UTC)"),
    text<&date<&Message::renew_till>>("renew_till", "until when it shall be renewed (UTC)"),
    flag<&option<1>>("forwardable", "a forwardable ticket is asked for").shown_empty(),
    flag<&option<8>>("renewable", "a renewable ticket is asked for").shown_empty(),
    each<&options>("options", "options of the request that are set (RFC 4120 5.4.1)"),
    each<&encryption_names>("requested_encryption", "types of encryption that the client would like, in its order"),
    each<&preauthentication_names>("preauthentication", "types of the request's preauthentication data"),
    choice<&Message::timestamp_encryption, &encryption_name, nullptr>(
        "preauthentication_encryption", "type of the encryption that proves the client's key"),
    text<&on_behalf>("on_behalf_of", "user for whom a service asks for a ticket to itself (MS-SFU 2.2.1)"),
    integer<&additional_tickets>("additional_tickets", "tickets that the request brings besides"),
    object<&presented>("presented_ticket", kPresented, "ticket with which another is asked for"),
    text<&Message::netbios_name>("client_host", "name of NetBIOS of the host that asks"),
};
constexpr Column kError[] = {
    text<&Message::error_text>("error_msg", "why it failed, in words"),
    text<&status>("status", "the same as NTSTATUS (MS-KILE 2.2.1)"),
    text<&date<&Message::server_time>>("server_time", "clock of the server (UTC)"),
    each<&encryption_names>("offered_encryption", "types of encryption that the server has a key for"),
    each<&preauthentication_names>("offered_preauthentication", "types of preauthentication data in the error"),
};
constexpr Column kKrb5[] = {
    choice<&type, &message_name, &types>("msg_type", "type of the message")
        .rule({.name = "krb5_msg_type", .sender = Sender::either, .stage = kMessage}),
    text<&failed_request>("failed_request", "type of the request that an error is about, or UNKNOWN"),
    choice<&error, &error_name, nullptr>("error_code", "why it failed (RFC 4120 7.5.9)")
        .rule({.name = "krb5_err_code", .sender = Sender::server, .stage = kMessage}),
    text<&cname>("cname", "the client's name, or <empty>"),
    text<&realm>("realm", "the client's realm, of a request the service's, or <empty>"),
    text<&sname>("sname", "the service's name, or <empty>"),
    text<&encryption>("encryption", "type of a reply's encryption, or <none>"),
    flag<&weak>("weak_encryption", "that is none of AES and Camellia").shown_empty(),
    object<&reply_ticket>("", kTicket, ""),
    text<&client>("client", "client and realm, of an error those that asked"),
    flag<&success>("success", "the request was granted").shown_empty(),
    object<&with_error>("", kError, ""),
    object<&request>("", kRequest, ""),
    each<&client_components>("", "each component of the client's name")
        .rule({.name = "krb5.cname", .sender = Sender::server, .stage = kMessage, .aliases = {"krb5_cname"}}),
    each<&service_components>("", "each component of the service's name")
        .rule({.name = "krb5.sname", .sender = Sender::server, .stage = kMessage, .aliases = {"krb5_sname"}}),
};
constexpr Column kRecord[] = {object<&self<MessageTransaction>>("krb5", kKrb5, "a message")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {{.type = "krb5", .help = "a message of Kerberos 5", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

bool login(const Event& event, LoginSeen& out) {
  const auto& tx = static_cast<const MessageTransaction&>(*event.tx);
  if (!tx.login) return false;
  const Principal& own = tx.message.client;
  out.user = own.empty() && tx.request ? tx.request->client.text : own.text;
  out.outcome = *tx.login;
  return true;
}

void sightings(const Event& event, SightingSink& sink) {
  if (!event.record) return;
  const Message& said = static_cast<const MessageTransaction&>(*event.tx).message;
  if (said.netbios_name.empty()) return;
  sink.binding({.kind = BindingKind::kerberos, .side = Side::client, .name = said.netbios_name});
}

}  // namespace lapwing::krb5
