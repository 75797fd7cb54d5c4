#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/parts/gss/gss_columns.h"
#include "dissectors/parts/mime/mime_columns.h"
#include "dissectors/protocols/imap/imap.h"

namespace lapwing::imap {

namespace {

using namespace columns;

// A message shows the command that it came with; rules find that in the command's own transaction alone.
std::string_view shown_mailbox(const Exchange& exchange) {
  if (!exchange.mailbox.empty() || !exchange.session) return exchange.mailbox;
  return exchange.session->mailbox;
}
std::string_view shown_arguments(const Exchange& exchange) {
  return exchange.secret() ? std::string_view() : exchange.arguments;
}
std::string_view own_command(const Exchange& exchange) {
  return exchange.mail ? std::string_view() : exchange.command;
}
std::string_view own_mailbox(const Exchange& exchange) {
  return exchange.mail ? std::string_view() : shown_mailbox(exchange);
}
std::string_view user(const Exchange& exchange) {
  return exchange.session ? std::string_view(exchange.session->user) : std::string_view();
}
const Login* login(const Exchange& exchange) {
  return exchange.login ? &*exchange.login : nullptr;
}
const gss::Login* tokens(const Exchange& exchange) {
  return exchange.login && exchange.login->by_ntlm() ? &*exchange.login->tokens : nullptr;
}
std::string_view status(const Exchange& exchange) {
  return status_name(exchange.status);
}

/// Words between blanks.
bool next_word(Bytes& rest, std::string_view& word) {
  std::string_view text = to_text(rest);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  word = text.substr(0, text.find(' '));
  rest = to_bytes(text.substr(word.size()));
  return !word.empty();
}
auto capabilities(const Exchange& exchange) {
  return Taken<std::string_view, &next_word>(to_bytes(exchange.told.capabilities));
}
const std::string& id(const Exchange& exchange) {
  return exchange.told.id;
}

template <std::optional<uint64_t> Told::*Number>
std::optional<uint64_t> told(const Exchange& exchange) {
  return exchange.told.*Number;
}
template <uint64_t Told::*Number>
std::optional<uint64_t> counted(const Exchange& exchange) {
  const uint64_t number = exchange.told.*Number;
  return number ? std::optional(number) : std::nullopt;
}

const Mail* mail(const Exchange& exchange) {
  return exchange.mail.get();
}
std::optional<uint64_t> offset(const Mail& mail) {
  return mail.partial ? std::optional(mail.offset) : std::nullopt;
}
/// Of a part nothing but its files.
const mime::Message* message(const Exchange& exchange) {
  return exchange.mail && exchange.mail->headers ? &exchange.mail->message : nullptr;
}
std::span<const file::File> files_at_hand(const Exchange& exchange, const Place& at) {
  if (!exchange.mail || exchange.mail->direction != at.direction) return {};
  return file::shown(exchange.mail->message.files, at);
}
const file::File* file_of_record(const Exchange&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}

constexpr Column kLogin[] = {
    text<&Login::mechanism>("mechanism", "SASL mechanism, as the client names it; none where the command is LOGIN"),
    text<&Login::user>("user", "who logs in, where the mechanism shows it")
        .rule({.name = "imap.login.user", .sender = Sender::server, .stage = kComplete}),
    text<&Login::password>("password", "password, where the mechanism shows it").on_request(),
    choice<&Login::outcome, &outcome_name, &outcomes>("outcome", "how it ended, by what the server answered")
        .rule({.name = "imap.login.outcome", .sender = Sender::server, .stage = kComplete}),
};
constexpr Column kMail[] = {
    integer<&Mail::number>("number", "of the message in its mailbox"),
    integer<&Mail::uid>("uid", "of the message in its mailbox"),
    text<&Mail::section>("section", "what of it was fetched, as the server names it"),
    flag<&Mail::partial>("partial", "it is not all there is of the section"),
    integer<&offset>("offset", "where in the section a part begins"),
    integer<&Mail::size>("size", "bytes that came"),
};
constexpr Column kImap[] = {
    text<&Exchange::tag>("tag", "the command's"),
    redacted<&own_command, &Exchange::command>("command", "name of the command, in capitals")
        .rule({.name = "imap.command", .stage = kCommand}),
    redacted<&Exchange::arguments, &shown_arguments>("arguments", "what stands behind it; of logins nothing")
        .rule({.name = "imap.arguments", .stage = kCommand}),
    flag<&Exchange::arguments_cut>("arguments_truncated", "they were longer than is kept"),
    text<&user>("user", "who is logged in"),
    redacted<&own_mailbox, &shown_mailbox>("mailbox", "that the command names, or else that is selected")
        .rule({.name = "imap.mailbox", .stage = kComplete}),
    object<&login>("login", kLogin, "an attempt to log in"),
    text<&status>("status", "OK, NO or BAD; of what no command asked for PREAUTH or BYE as well")
        .rule({.name = "imap.status", .sender = Sender::server, .stage = kComplete}),
    text<&Exchange::code>("code", "what the answer says in brackets"),
    text<&Exchange::text>("response", "what it says to people")
        .rule({.name = "imap.response", .sender = Sender::server, .stage = kComplete}),
    integer<&told<&Told::exists>>("exists", "messages in the mailbox"),
    integer<&told<&Told::recent>>("recent", "messages that nobody saw"),
    integer<&counted<&Told::fetched>>("fetched", "messages of which the answer tells")
        .rule({.name = "imap.fetched", .sender = Sender::server, .stage = kComplete}),
    integer<&counted<&Told::expunged>>("expunged", "messages that are gone"),
    integer<&counted<&Told::listed>>("listed", "mailboxes of which the answer tells"),
    integer<&told<&Told::found>>("found", "messages that a search found"),
    each<&capabilities>("capabilities", "of the server"),
    text<&id>("id", "what the server calls itself (RFC 2971)"),
    flag<&Exchange::tls>("tls", "the session goes over to TLS"),
    flag<&Exchange::compressed>("compressed", "the session goes on compressed, and unread (RFC 4978)"),
    object<&mail>("message", kMail, "a message that came with the command or its answer"),
};

constexpr Column kRecord[] = {
    object<&self<Exchange>>("imap", kImap, "a command and its answers, or a message that came with them"),
    object<&message>("email", mime::kColumns<Sender::either, kHeaders, kText>, "what is in the message"),
};
constexpr Column kFileRecord[] = {
    object<&self<Exchange>>("imap", kImap, "the message"),
    object<&message>("email", mime::kColumns<Sender::either, kHeaders, kText>, "what is in it"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file that came with it"),
};
constexpr Column kInAlert[] = {
    object<&self<Exchange>>("imap", kImap, "a command and its answers, or a message that came with them"),
    object<&message>("email", mime::kColumns<Sender::either, kHeaders, kText>, "what is in the message"),
    objects<&files_at_hand>("files", mime::kFileColumns, "files that came with it"),
};
constexpr Table kShapes[] = {kRecord}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "imap", .help = "one IMAP command and its answers, or one message", .shapes = kShapes},
    {.type = "fileinfo", .help = "one file that IMAP carried", .shapes = kFileShapes},
    gss::ntlm_record<&tokens>(),
};

}  // namespace

Table columns() {
  return kInAlert;
}

std::span<const RecordRow> records() {
  return kRecords;
}

CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number) {
  const auto& mail = static_cast<Exchange&>(tx).mail;
  if (!mail || mail->direction != direction || number >= mail->message.files.size()) return nullptr;
  return &mail->message.files[number];
}

/// What a rule matched on, and what carried a file, is shown in full, whatever imap records show.
RecordExtent record_extent(const void* config, std::string_view record) {
  static const Config kDefault;
  const Config& options = config ? *static_cast<const Config*>(config) : kDefault;
  RecordExtent out = mime::record_extent(options);
  if (record != "imap") out.extended = true;
  if (options.passwords) out.names.emplace_back("password");
  return out;
}

}  // namespace lapwing::imap
