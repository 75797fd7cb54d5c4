#include "dissectors/contract/columns.h"
#include "dissectors/parts/gss/gss_columns.h"
#include "dissectors/protocols/ldap/ldap.h"

namespace lapwing::ldap {

namespace {

using namespace columns;

constexpr auto kClient = Direction::to_server, kServer = Direction::to_client;

// Texts that came are shown, were they empty.
using Shown = std::optional<Bytes>;

Shown shown(const Exchange& exchange, Direction side, Text text) {
  return text.there() ? Shown(exchange.of(side).of(text)) : std::nullopt;
}
template <Text Message::*Which>
Shown said(const Message& message, const Exchange& exchange) {
  return shown(exchange, message.side, message.*Which);
}
template <Operation Which>
const Message* as(const Message& message) {
  return message.operation == Which ? &message : nullptr;
}

// Lists.
std::span<const Attribute> attributes(const Message& message, const Exchange& exchange) {
  const Contents& contents = exchange.of(message.side);
  return contents.of(contents.attributes, message.attributes);
}
std::span<const Control> controls(const Message& message, const Exchange& exchange) {
  const Contents& contents = exchange.of(message.side);
  return contents.of(contents.controls, message.controls);
}
auto texts(const Contents& contents, Range range) {
  const std::span<const Text> list = contents.of(range);
  return Numbered(list.size(), [&contents, list](size_t i) { return contents.of(list[i]); });
}
auto uris(const Message& message, const Exchange& exchange) {
  return texts(exchange.of(message.side), message.uris);
}
auto attribute_types(const Message& message, const Exchange& exchange) {
  const Contents& contents = exchange.of(message.side);
  const auto list = contents.of(contents.attributes, message.attributes);
  return Numbered(list.size(), [&contents, list](size_t i) { return contents.of(list[i].type); });
}
/// Of entries alone: rules look for nothing else.
auto answered_types(const Message& message, const Exchange& exchange) {
  const Contents& contents = exchange.of(message.side);
  const bool entry = message.operation == Operation::search_result_entry;
  const auto list = contents.of(contents.attributes, entry ? message.attributes : Range());
  return Numbered(list.size(), [&contents, list](size_t i) { return contents.of(list[i].type); });
}

Shown type(const Attribute& attribute, const Exchange& exchange) {
  return shown(exchange, attribute.side, attribute.type);
}
auto values(const Attribute& attribute, const Exchange& exchange) {
  const bool hidden = attribute.secret && !exchange.open;
  return texts(exchange.of(attribute.side), hidden ? Range() : attribute.values);
}
bool redacted_values(const Attribute& attribute, const Exchange& exchange) {
  return attribute.secret && attribute.values.count > 0 && !exchange.open;
}
std::optional<uint8_t> change(const Attribute& attribute) {
  return attribute.change;
}
/// A modification has its attribute within.
const Attribute& modification(const Attribute& attribute) {
  return attribute;
}

const Attribute* assertion(const Message& message, const Exchange& exchange) {
  const auto list = attributes(message, exchange);
  return list.empty() ? nullptr : &list.front();
}
Shown asserted(const Attribute& attribute, const Exchange& exchange) {
  if (attribute.values.count == 0 || (attribute.secret && !exchange.open)) return {};
  const Contents& contents = exchange.of(attribute.side);
  return contents.of(contents.of(attribute.values).front());
}

Shown control_type(const Control& control, const Exchange& exchange) {
  return shown(exchange, control.side, control.type);
}
std::string_view control_title(const Control& control, const Exchange& exchange) {
  return control_name(to_text(exchange.of(control.side).of(control.type)));
}
Shown control_value(const Control& control, const Exchange& exchange) {
  return shown(exchange, control.side, control.value);
}

// Requests.
const Message* request(const Exchange& exchange) {
  return exchange.asked ? &exchange.request : nullptr;
}
/// The name that a request is about.
Shown request_dn(const Message& message, const Exchange& exchange) {
  return shown(exchange, kClient, message.dn);
}
std::string_view authentication(const Message& message) {
  switch (message.proof) {
    case Proof::simple: return message.proved ? "simple" : message.dn.size > 0 ? "unauthenticated" : "anonymous";
    case Proof::sasl: return "sasl";
    case Proof::negotiation: return "sicily";
    default: return {};
  }
}
const Message* sasl(const Message& message) {
  return message.proof == Proof::sasl ? &message : nullptr;
}
/// What has the secret in it is shown to nobody.
Shown credentials(const Message& message, const Exchange& exchange) {
  const bool hidden = exchange.login && exchange.login->said.seen().clear && !exchange.open;
  return hidden ? std::nullopt : shown(exchange, message.side, message.credentials);
}
std::string_view extension(const Message& message, const Exchange& exchange) {
  return extension_name(to_text(exchange.of(message.side).of(message.name)));
}
/// A change of password has passwords, the old, the new, or the one that the server made.
Shown extended_value(const Message& message, const Exchange& exchange) {
  const Bytes name = exchange.of(kClient).of(exchange.request.name);
  const bool hidden = to_text(name) == kPasswordModify && !exchange.open;
  return hidden ? std::nullopt : shown(exchange, message.side, message.value);
}

// Responses.
std::span<const Message> responses(const Exchange& exchange) {
  return exchange.responses;
}
/// A record with a request says its id there.
std::optional<uint32_t> own_id(const Message& message, const Exchange& exchange) {
  return exchange.asked ? std::nullopt : std::optional(message.id);
}
/// Of a response that has none it is empty.
Bytes response_dn(const Message& message, const Exchange& exchange) {
  return exchange.of(kServer).of(message.dn);
}
Shown response_dn_even_empty(const Message& message, const Exchange& exchange) {
  return response_dn(message, exchange);
}
Shown response_message(const Message& message, const Exchange& exchange) {
  return exchange.of(kServer).of(message.message);
}
std::optional<uint32_t> result(const Message& message) {
  return message.result;
}

// The exchange.
const Login* login(const Exchange& exchange) {
  return exchange.login.get();
}
std::optional<uint8_t> login_protection(const Login& login) {
  return login.protection ? std::optional(static_cast<uint8_t>(*login.protection)) : std::nullopt;
}
const std::string& mechanism(const Login& login) {
  return login.said.mechanism;
}
const std::string& user(const Login& login) {
  return login.said.user;
}
const std::string& password(const Login& login) {
  return login.said.password;
}
std::optional<uint8_t> outcome(const Login& login, const Exchange& exchange) {
  const bool told = login.over && exchange.asked && exchange.request.operation == Operation::bind_request;
  return told ? std::optional(static_cast<uint8_t>(login.said.outcome)) : std::nullopt;
}
std::string_view within(const Login& login) {
  return login.said.tokens ? login.said.tokens->mechanism() : std::string_view();
}
const ntlmssp::Exchange* ntlm(const Login& login) {
  return login.said.tokens ? login.said.tokens->ntlmssp() : nullptr;
}
const kerberos::Ticket* ticket(const Login& login) {
  return login.said.tokens ? login.said.tokens->kerberos() : nullptr;
}
std::optional<int32_t> kerberos_error(const Login& login) {
  return login.said.tokens ? login.said.tokens->kerberos_error() : std::nullopt;
}
const Refusal* refusal(const Exchange& exchange) {
  return exchange.refusal ? &*exchange.refusal : nullptr;
}
const Netlogon* netlogon(const Exchange& exchange) {
  return exchange.netlogon.get();
}
const Layer* layer(const Exchange& exchange) {
  return exchange.layer ? &*exchange.layer : nullptr;
}
std::optional<uint64_t> responses_counted(const Exchange& exchange) {
  return exchange.layer ? std::nullopt : std::optional(exchange.count);
}
/// Where some of them are not there.
std::optional<uint64_t> responses_in_all(const Exchange& exchange) {
  return exchange.count > exchange.responses.size() ? std::optional(exchange.count) : std::nullopt;
}
std::optional<uint64_t> found(const Exchange& exchange, uint64_t number) {
  const bool search = exchange.asked ? exchange.request.operation == Operation::search_request : number > 0;
  return search && exchange.count > 0 ? std::optional(number) : std::nullopt;
}
std::optional<uint64_t> entries(const Exchange& exchange) {
  return found(exchange, exchange.entries);
}
std::optional<uint64_t> references(const Exchange& exchange) {
  return exchange.references > 0 ? found(exchange, exchange.references) : std::nullopt;
}

constexpr Column kControl[] = {
    text<&control_type>("control_type", "object identifier of the control"),
    text<&control_title>("name", "what it is called, where that is known"),
    flag<&Control::critical>("criticality", "who does not know it is to refuse").shown_empty(),
    hex<&control_value>("control_value", "what it says"),
};

constexpr Column kEntryAttribute[] = {
    text<&type>("type", "of the attribute"),
    each<&values>("values", "its values; of passwords none"),
    flag<&redacted_values>("redacted", "its values are passwords"),
};
constexpr Column kAddedAttribute[] = {
    text<&type>("name", "type of the attribute"),
    each<&values>("values", "its values; of passwords none"),
    flag<&redacted_values>("redacted", "its values are passwords"),
};
constexpr Column kModification[] = {
    text<&type>("attribute_type", "of the attribute that changes"),
    each<&values>("attribute_values", "values that come, go or replace the old; of passwords none"),
    flag<&redacted_values>("redacted", "its values are passwords"),
};
constexpr Column kChange[] = {
    choice<&change, &change_name, nullptr>("operation", "add, delete, replace or increment"),
    object<&modification>("modification", kModification, "what changes"),
};
constexpr Column kAssertion[] = {
    text<&type>("description", "attribute that is compared"),
    text<&asserted>("value", "with this; passwords are not shown"),
};

constexpr Column kSasl[] = {
    text<&said<&Message::mechanism>>("mechanism", "as the client names it"),
    hex<&credentials>("credentials", "what it says by that mechanism, unless that is a password"),
};
constexpr Column kBind[] = {
    integer<&Message::version>("version", "of LDAP"),
    text<&said<&Message::dn>>("name", "who logs in"),
    text<&authentication>("authentication",
                          "anonymous, unauthenticated (a name without a password), simple, sasl or sicily"),
    text<&said<&Message::password>>("password", "of a simple login").on_request(),
    object<&sasl>("sasl", kSasl, "a login by SASL"),
};
constexpr Column kSearch[] = {
    text<&said<&Message::dn>>("base_object", "entry below which is searched"),
    integer<&Message::scope>("scope", "0: that entry, 1: those right below it, 2: all"),
    integer<&Message::aliases>("deref_alias", "which aliases are followed (RFC 4511 4.5.1.3)"),
    integer<&Message::size_limit>("size_limit", "entries that the client takes; 0: any number"),
    integer<&Message::time_limit>("time_limit", "seconds that it may take; 0: any"),
    flag<&Message::types_only>("types_only", "attributes shall come without values").shown_empty(),
    text<&said<&Message::filter>>("filter", "what is searched for (RFC 4515)")
        .rule({.name = "ldap.request.filter", .stage = kRequest}),
    each<&attribute_types>("attributes", "that are asked for"),
};
constexpr Column kModify[] = {
    text<&said<&Message::dn>>("object", "entry that changes"),
    objects<&attributes>("changes", kChange, "what changes"),
};
constexpr Column kAdd[] = {
    text<&said<&Message::dn>>("entry", "that is new"),
    objects<&attributes>("attributes", kAddedAttribute, "of it"),
};
constexpr Column kDelete[] = {text<&said<&Message::dn>>("dn", "entry that shall be gone")};
constexpr Column kModDn[] = {
    text<&said<&Message::dn>>("entry", "that gets another name, or place"),
    text<&said<&Message::new_rdn>>("new_rdn", "its name"),
    flag<&Message::delete_old>("delete_old_rdn", "the old name goes").shown_empty(),
    text<&said<&Message::new_superior>>("new_superior", "entry that it comes below"),
};
constexpr Column kCompare[] = {
    text<&said<&Message::dn>>("entry", "that is compared"),
    object<&assertion>("attribute_value_assertion", kAssertion, "what it may have"),
};
constexpr Column kAbandon[] = {integer<&Message::abandoned>("message_id", "request that needs no answer any more")};
constexpr Column kExtended[] = {
    text<&said<&Message::name>>("name", "object identifier of the operation"),
    text<&extension>("operation", "what it is called, where that is known"),
    text<&extended_value>("value", "what it says; of a change of password nothing"),
};
constexpr Column kRequestColumns[] = {
    integer<&Message::id>("message_id", "of the request"),
    choice<&Message::operation, &operation_name, &operation_names>("operation", "what is asked for")
        .rule({.name = "ldap.request.operation", .stage = kRequest}),
    text<&request_dn>("", "name that the request is about").rule({.name = "ldap.request.dn", .stage = kRequest}),
    each<&attribute_types>("", "type of each attribute that the request names")
        .rule({.name = "ldap.request.attribute_type", .stage = kRequest}),
    object<&as<Operation::bind_request>>("bind_request", kBind, "a login"),
    object<&as<Operation::search_request>>("search_request", kSearch, "a search"),
    object<&as<Operation::modify_request>>("modify_request", kModify, "a change of an entry"),
    object<&as<Operation::add_request>>("add_request", kAdd, "a new entry"),
    object<&as<Operation::del_request>>("del_request", kDelete, "the end of an entry"),
    object<&as<Operation::mod_dn_request>>("mod_dn_request", kModDn, "another name of an entry"),
    object<&as<Operation::compare_request>>("compare_request", kCompare, "a question after a value"),
    object<&as<Operation::abandon_request>>("abandon_request", kAbandon, "the end of another request"),
    object<&as<Operation::extended_request>>("extended_request", kExtended, "an operation of its own kind"),
    objects<&controls>("controls", kControl, "what the operation is done with"),
    flag<&Message::cut>("truncated", "not all that it says is here"),
};

constexpr Column kResult[] = {
    choice<&result, &result_name, &result_names>("result_code", "how it ended"),
    text<&said<&Message::dn>>("matched_dn", "the last entry that was found of the name asked for"),
    text<&said<&Message::message>>("message", "the same in words"),
    each<&uris>("referrals", "where to ask instead"),
};
constexpr Column kBound[] = {
    object<&as<Operation::bind_response>>("", kResult, "how it ended"),
    hex<&said<&Message::credentials>>("server_sasl_creds", "what the server says by the client's mechanism"),
};
constexpr Column kEntry[] = {
    text<&said<&Message::dn>>("base_object", "name of the entry"),
    objects<&attributes>("attributes", kEntryAttribute, "of the entry"),
};
constexpr Column kReference[] = {each<&uris>("uris", "where to search on")};
constexpr Column kExtendedResult[] = {
    object<&as<Operation::extended_response>>("", kResult, "how it ended"),
    text<&said<&Message::name>>("name", "object identifier of the operation"),
    text<&extension>("operation", "what it is called, where that is known"),
    text<&extended_value>("value", "what it says; of a change of password nothing"),
};
constexpr Column kIntermediate[] = {
    text<&said<&Message::name>>("name", "object identifier of the response"),
    text<&extension>("operation", "what it is called, where that is known"),
    text<&said<&Message::value>>("value", "what it says"),
};
constexpr Column kResponseColumns[] = {
    choice<&Message::operation, &operation_name, &operation_names>("operation", "what is answered")
        .rule({.name = "ldap.responses.operation", .sender = Sender::server, .stage = kComplete}),
    integer<&own_id>("message_id", "of the response, where no request explains it"),
    text<&response_dn_even_empty>("", "name in each response")
        .rule({.name = "ldap.responses.dn", .sender = Sender::server, .stage = kComplete}),
    text<&response_message>("", "what each response says in words")
        .rule({.name = "ldap.responses.message", .sender = Sender::server, .stage = kComplete}),
    each<&answered_types>("", "type of each attribute of entries that were found")
        .rule({.name = "ldap.responses.attribute_type", .sender = Sender::server, .stage = kComplete}),
    object<&as<Operation::bind_response>>("bind_response", kBound, "of a login"),
    object<&as<Operation::search_result_entry>>("search_result_entry", kEntry, "an entry that was found"),
    object<&as<Operation::search_result_done>>("search_result_done", kResult, "the end of a search"),
    object<&as<Operation::search_result_reference>>("search_result_reference", kReference, "another server to search"),
    object<&as<Operation::modify_response>>("modify_response", kResult, "of a change"),
    object<&as<Operation::add_response>>("add_response", kResult, "of a new entry"),
    object<&as<Operation::del_response>>("del_response", kResult, "of the end of an entry"),
    object<&as<Operation::mod_dn_response>>("mod_dn_response", kResult, "of another name"),
    object<&as<Operation::compare_response>>("compare_response", kResult, "of a comparison"),
    object<&as<Operation::extended_response>>("extended_response", kExtendedResult, "of an operation of its own kind"),
    object<&as<Operation::intermediate_response>>("intermediate_response", kIntermediate, "on the way to the last one"),
    objects<&controls>("controls", kControl, "what the operation was done with"),
    flag<&Message::cut>("truncated", "not all that it says is here"),
};

constexpr Column kLogin[] = {
    text<&mechanism>("mechanism", "of SASL, as the client names it; none where it is a name and a password"),
    text<&within>("by", "what is within a negotiating mechanism: ntlmssp, krb5 ..."),
    text<&user>("user", "who logs in, where that shows")
        .rule({.name = "ldap.login.user", .sender = Sender::server, .stage = kComplete}),
    text<&password>("password", "password, where it shows").on_request(),
    choice<&outcome, &outcome_name, &outcomes>("outcome", "how it ended, by what the server answered")
        .rule({.name = "ldap.login.outcome", .sender = Sender::server, .stage = kComplete}),
    choice<&login_protection, &protection_name, &protection_names>(
        "security_layer", "none, signed or sealed: what was agreed on for what follows, where that shows"),
    object<&ntlm>("ntlmssp", gss::kNtlmsspColumns, "what NTLMSSP says"),
    object<&ticket>("kerberos", gss::kKerberosColumns, "the ticket"),
    integer<&kerberos_error>("kerberos_error", "code of Kerberos's error (RFC 4120 7.5.9)"),
};
constexpr Column kRefusal[] = {
    integer<&Refusal::code>("code",
                            "Windows error, which Active Directory writes in hexadecimal digits behind \"data\""),
    choice<&Refusal::code, &refusal_name, &refusal_names>("name", "what that means (MS-ERREF 2.2)")
        .rule({.name = "ldap.refusal.name", .sender = Sender::server, .stage = kComplete}),
};
constexpr Column kNetlogon[] = {
    flag<&Netlogon::user_known>("user_known", "the user that was asked for is known, or none was").shown_empty(),
    integer<&Netlogon::flags>("flags", "what the domain controller is and can (MS-ADTS 6.3.1.2)"),
    text<&Netlogon::domain_guid>("domain_guid", "of the domain"),
    text<&Netlogon::forest>("forest", "name of the forest"),
    text<&Netlogon::domain>("domain", "name of the domain"),
    text<&Netlogon::host>("host", "name of the domain controller"),
    text<&Netlogon::netbios_domain>("netbios_domain", "the domain's name of NetBIOS"),
    text<&Netlogon::netbios_host>("netbios_host", "the domain controller's name of NetBIOS"),
    text<&Netlogon::user>("user", "that was asked for"),
    text<&Netlogon::server_site>("server_site", "site of the domain controller"),
    text<&Netlogon::client_site>("client_site", "site of the client"),
};
constexpr Column kLayer[] = {
    choice<&Layer::protection, &protection_name, &protection_names>("protection", "signed, or sealed")
        .rule({.name = "ldap.security_layer.protection", .sender = Sender::server, .stage = kComplete}),
    text<&Layer::mechanism>("mechanism", "by which messages are wrapped, where that shows"),
};
constexpr Column kLdap[] = {
    object<&request>("request", kRequestColumns, "what was asked for").of(Sender::client),
    objects<&responses>("responses", kResponseColumns, "what was answered").of(Sender::server),
    integer<&responses_counted>("", "responses to a request")
        .rule({.name = "ldap.responses.count", .sender = Sender::server, .stage = kComplete}),
    integer<&responses_in_all>("responses_count", "responses that came, where they are more than are shown"),
    integer<&entries>("entries", "that a search found, by the responses that came")
        .rule({.name = "ldap.entries", .sender = Sender::server, .stage = kComplete}),
    integer<&references>("references", "to other servers that a search found"),
    flag<&Exchange::abandoned>("abandoned", "the client took back its request"),
    object<&login>("login", kLogin, "an attempt to log in"),
    object<&refusal>("refusal", kRefusal, "why Active Directory refuses a login"),
    object<&netlogon>("netlogon", kNetlogon, "what a domain controller answers who looks for one (MS-ADTS 6.3.1.9)"),
    object<&layer>("security_layer", kLayer, "what follows a login is wrapped: told when the first of it comes"),
};

constexpr Column kRecord[] = {object<&self<Exchange>>("ldap", kLdap, "a request of LDAP and its responses")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {
    {.type = "ldap", .help = "one request of LDAP and its responses", .shapes = kShapes},
};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

RecordExtent record_extent(const void* config, std::string_view) {
  RecordExtent out;
  if (config && static_cast<const Config*>(config)->passwords) out.names.emplace_back("password");
  return out;
}

}  // namespace lapwing::ldap
