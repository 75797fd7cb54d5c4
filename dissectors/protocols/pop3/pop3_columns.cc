#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/parts/gss/gss_columns.h"
#include "dissectors/parts/mime/mime_columns.h"
#include "dissectors/protocols/pop3/pop3.h"

namespace lapwing::pop3 {

namespace {

using namespace columns;

auto arguments(const Exchange& exchange) {
  return Taken<std::string_view, &next_argument>(to_bytes(exchange.arguments));
}
auto shown_arguments(const Exchange& exchange) {
  const std::string_view shown = std::string_view(exchange.arguments).substr(0, exchange.shown);
  return Taken<std::string_view, &next_argument>(to_bytes(shown));
}
const Exchange* request(const Exchange& exchange) {
  return exchange.asked ? &exchange : nullptr;
}

constexpr Column kRequest[] = {
    text<&Exchange::command>("command", "name of the command, in capitals")
        .rule({.name = "pop3.command", .stage = kCommand}),
    each<&shown_arguments>("args", "what stands behind it, but for what proves who logs in").shown_empty(),
    each<&arguments>("", "what stands behind a command").rule({.name = "pop3.args", .stage = kCommand}),
    flag<&Exchange::redacted>("password_redacted", "the command has something that is not shown"),
};

const Exchange* response(const Exchange& exchange) {
  const bool any = exchange.status != Status::Kind::none || !exchange.header.empty() || exchange.lines.size() > 0;
  return any ? &exchange : nullptr;
}
std::optional<bool> success(const Exchange& exchange) {
  if (exchange.status == Status::Kind::none) return {};
  return exchange.status == Status::Kind::ok;
}
std::string_view status(const Exchange& exchange) {
  switch (exchange.status) {
    case Status::Kind::ok: return "OK";
    case Status::Kind::error: return "ERR";
    default: return {};
  }
}
std::optional<std::string_view> header(const Exchange& exchange) {
  return response(exchange) ? std::optional<std::string_view>(exchange.header) : std::nullopt;
}
std::string_view code(const Exchange& exchange) {
  return response_code(exchange.header);
}
auto lines(const Exchange& exchange) {
  return Numbered(exchange.lines.size(), [&exchange](size_t i) { return exchange.lines[i]; });
}
bool lines_cut(const Exchange& exchange) {
  return exchange.lines.cut();
}

constexpr Column kResponse[] = {
    flag<&success>("success", "it is positive").shown_empty(),
    text<&status>("status", "OK or ERR"),
    text<&header>("header", "the rest of its first line")
        .rule({.name = "pop3.header", .sender = Sender::server, .stage = kStatus}),
    text<&code>("code", "response code that the header begins with, without brackets"),
    each<&lines>("data", "its further lines; of a message the first, as record.message-data says").shown_empty(),
    flag<&lines_cut>("truncated", "not all of them are shown"),
};

const Login* login(const Exchange& exchange) {
  return exchange.login ? &*exchange.login : nullptr;
}
const gss::Login* tokens(const Exchange& exchange) {
  return exchange.login && exchange.login->by_ntlm() ? &*exchange.login->tokens : nullptr;
}
constexpr Column kLogin[] = {
    text<&Login::mechanism>("mechanism", "USER, APOP, or that of SASL as the client names it"),
    text<&Login::user>("user", "who logs in, where the mechanism shows it")
        .rule({.name = "pop3.login.user", .sender = Sender::server, .stage = kStatus}),
    text<&Login::password>("password", "password, where the mechanism shows it").on_request(),
    choice<&Login::outcome, &outcome_name, &outcomes>("outcome", "what the server said of it")
        .rule({.name = "pop3.login.outcome", .sender = Sender::server, .stage = kStatus}),
};

std::optional<Mailbox> mailbox(const Exchange& exchange) {
  const bool told = exchange.verb == Verb::stat && exchange.status == Status::Kind::ok;
  return told ? parse_mailbox(exchange.header) : std::nullopt;
}
const Exchange* with_mailbox(const Exchange& exchange) {
  return mailbox(exchange) ? &exchange : nullptr;
}
std::optional<uint64_t> messages(const Exchange& exchange) {
  const auto box = mailbox(exchange);
  return box ? std::optional(box->messages) : std::nullopt;
}
std::optional<uint64_t> mailbox_bytes(const Exchange& exchange) {
  const auto box = mailbox(exchange);
  return box ? std::optional(box->bytes) : std::nullopt;
}
constexpr Column kMailbox[] = {
    integer<&messages>("messages", "that are in it"),
    integer<&mailbox_bytes>("bytes", "of all of them"),
};

std::string_view user(const Exchange& exchange) {
  return exchange.user ? std::string_view(*exchange.user) : std::string_view();
}
std::optional<uint64_t> message_size(const Exchange& exchange) {
  return exchange.message ? std::optional(exchange.message_size) : std::nullopt;
}

constexpr Column kPop3[] = {
    object<&request>("request", kRequest, "a command"),
    object<&response>("response", kResponse, "what the server says"),
    text<&user>("user", "the latest name that the client logged in with"),
    object<&login>("login", kLogin, "the login that the command completes"),
    object<&with_mailbox>("mailbox", kMailbox, "what STAT tells of the mailbox"),
    integer<&message_size>("message_size", "bytes of the message that was retrieved"),
};

const mime::Message* message(const Exchange& exchange) {
  return exchange.message && exchange.message->begun() ? exchange.message.get() : nullptr;
}
std::span<const file::File> files_at_hand(const Exchange& exchange, const Place& at) {
  return exchange.message ? file::shown(exchange.message->files, at) : std::span<const file::File>();
}
const file::File* file_of_record(const Exchange&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}

constexpr auto& kEmail = mime::kColumns<Sender::server, kHeaders, kText>;
constexpr Column kPop3Record[] = {
    object<&self<Exchange>>("pop3", kPop3, "a command and its reply"),
    object<&message>("email", kEmail, "what is in the message that was retrieved"),
};
constexpr Column kFileRecord[] = {
    object<&self<Exchange>>("pop3", kPop3, "a command and its reply"),
    object<&message>("email", kEmail, "what is in the message that was retrieved"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file that came with it"),
};
constexpr Column kInAlert[] = {
    object<&self<Exchange>>("pop3", kPop3, "a command and its reply"),
    object<&message>("email", kEmail, "what is in the message that was retrieved"),
    objects<&files_at_hand>("files", mime::kFileColumns, "files that came with it").of(Sender::server),
};
constexpr Table kPop3Shapes[] = {kPop3Record}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "pop3", .help = "one POP3 command and its reply, with the message that it has", .shapes = kPop3Shapes},
    {.type = "fileinfo", .help = "one file that came with a message over POP3", .shapes = kFileShapes},
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
  mime::Message* message = static_cast<Exchange&>(tx).message.get();
  const bool there = message && direction == Direction::to_client && number < message->files.size();
  return there ? &message->files[number] : nullptr;
}

/// What a rule matched on, and what carried a file, is shown in full, whatever pop3 records show.
RecordExtent record_extent(const void* config, std::string_view record) {
  static const Config kDefault;
  const Config& options = config ? *static_cast<const Config*>(config) : kDefault;
  RecordExtent out = mime::record_extent(options);
  if (record != "pop3") out.extended = true;
  if (options.passwords) out.names.emplace_back("password");
  return out;
}

}  // namespace lapwing::pop3
