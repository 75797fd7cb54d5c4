#include "dissectors/contract/columns.h"
#include "dissectors/protocols/ftp/ftp.h"

namespace lapwing::ftp {

namespace {

using namespace columns;

std::string_view shown_argument(const Exchange& exchange) {
  return exchange.secret ? std::string_view() : exchange.argument;
}
bool redacted_password(const Exchange& exchange) {
  return exchange.secret && !exchange.argument.empty();
}
std::optional<bool> command_cut(const Exchange& exchange) {
  return exchange.argument.empty() ? std::nullopt : std::optional(exchange.command_cut);
}

template <Texts Exchange::*Member>
auto texts(const Exchange& exchange) {
  const Texts& all = exchange.*Member;
  return Numbered(all.size(), [&all](size_t i) { return all[i]; });
}
bool replied(const Exchange& exchange) {
  return exchange.lines.size() > 0;
}
constexpr NamedValue kReplied[] = {{"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}};
std::span<const NamedValue> replied_names() {
  return kReplied;
}
std::string_view replied_name(uint64_t number, std::string&) {
  return kReplied[number == 0].name;
}

constexpr NamedValue kModes[] = {{"passive", 0}, {"active", 1}};
std::span<const NamedValue> mode_names() {
  return kModes;
}
std::string_view mode_name(uint64_t number, std::string&) {
  return kModes[number].name;
}
std::optional<bool> mode(const Exchange& exchange) {
  return exchange.listener ? std::optional(exchange.active) : std::nullopt;
}
std::optional<uint16_t> port(const Exchange& exchange) {
  return exchange.listener ? std::optional(exchange.listener->port) : std::nullopt;
}
std::optional<IpAddress> listening_address(const Exchange& exchange) {
  const bool told = exchange.listener && exchange.listener->address.version != 0;
  return told ? std::optional(exchange.listener->address) : std::nullopt;
}

const Exchange* login(const Exchange& exchange) {
  return exchange.outcome ? &exchange : nullptr;
}
constexpr Column kLogin[] = {
    choice<&Exchange::outcome, &outcome_name, &outcomes>("outcome", "how the attempt ended, by the reply")
        .rule({.name = "ftp.login.outcome", .sender = Sender::server, .stage = kComplete}),
};

std::string_view user(const Exchange& exchange) {
  return exchange.session ? std::string_view(exchange.session->user) : std::string_view();
}
std::string_view directory(const Exchange& exchange) {
  return exchange.session ? std::string_view(exchange.session->directory) : std::string_view();
}

constexpr Column kExchange[] = {
    text<&Exchange::command>("command", "name of the command, in capitals")
        .rule({.name = "ftp.command", .stage = kCommand}),
    redacted<&Exchange::argument, &shown_argument>("command_data", "what stands behind it; passwords as options say")
        .rule({.name = "ftp.command_data", .stage = kCommand}),
    flag<&redacted_password>("password_redacted", "behind the command stands a password that is not shown"),
    flag<&command_cut>("command_truncated", "the command was longer than is kept").shown_empty(),
    each<&texts<&Exchange::codes>>("completion_code", "code of each reply")
        .rule({.name = "ftp.completion_code", .sender = Sender::server, .stage = kComplete}),
    each<&texts<&Exchange::lines>>("reply", "lines of the replies, without codes")
        .rule({.name = "ftp.reply", .sender = Sender::server, .stage = kComplete}),
    integer<&port>("dynamic_port", "where one side listens for the data connection")
        .rule({.name = "ftp.dynamic_port", .sender = Sender::either, .stage = kComplete}),
    address<&listening_address>("dynamic_address",
                                "the address beside that port, which need be nobody's who takes part"),
    choice<&mode, &mode_name, &mode_names>("mode", "passive where the server listens, active where the client does")
        .rule({.name = "ftp.mode", .sender = Sender::either, .stage = kComplete}),
    choice<&replied, &replied_name, &replied_names>("reply_received", "yes, or no")
        .rule({.name = "ftp.reply_received", .sender = Sender::server, .stage = kComplete}),
    flag<&Exchange::reply_cut>("reply_truncated", "a line of the replies was longer than is kept").shown_empty(),
    object<&login>("login", kLogin, "the end of an attempt to log in"),
    integer<&Exchange::file_size>("file_size", "bytes of the file that is asked for or about, as the server tells it"),
    text<&user>("user", "the latest name that the client logged in with"),
    text<&directory>("cwd", "the directory in which the command is carried out, where replies told it"),
};
constexpr Column kRecord[] = {object<&self<Exchange>>("ftp", kExchange, "a command and its replies")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {{.type = "ftp", .help = "one FTP command and its replies", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::ftp
