#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/parts/gss/gss_columns.h"
#include "dissectors/parts/mime/mime_columns.h"
#include "dissectors/protocols/smtp/smtp.h"

namespace lapwing::smtp {

namespace {

using namespace columns;

const mime::Message* message(const Mail& mail) {
  return mail.message.begun() ? &mail.message : nullptr;
}
const Login* login(const Mail& mail) {
  return mail.login ? &*mail.login : nullptr;
}
const gss::Login* tokens(const Mail& mail) {
  return mail.login && mail.login->by_ntlm() ? &*mail.login->tokens : nullptr;
}
std::optional<uint64_t> size(const Mail& mail) {
  return mail.size ? std::optional(mail.size) : std::nullopt;
}
std::span<const file::File> files_at_hand(const Mail& mail, const Place& at) {
  return file::shown(mail.message.files, at);
}
const file::File* file_of_record(const Mail&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}

constexpr Column kLogin[] = {
    text<&Login::mechanism>("mechanism", "SASL mechanism, as the client names it"),
    text<&Login::user>("user", "who logs in, where the mechanism shows it")
        .rule({.name = "smtp.auth.user", .sender = Sender::server, .stage = kLoginDone}),
    text<&Login::password>("password", "password, where the mechanism shows it").on_request(),
    choice<&Login::outcome, &outcome_name, &outcomes>("outcome", "how it ended, by what the server said")
        .rule({.name = "smtp.auth.outcome", .sender = Sender::server, .stage = kLoginDone}),
};
constexpr Column kSmtp[] = {
    text<&Mail::helo>("helo", "what the client calls itself")
        .rule({.name = "smtp.helo", .sender = Sender::client, .stage = kHello}),
    text<&Mail::from>("mail_from", "sender of the envelope")
        .rule({.name = "smtp.mail_from", .sender = Sender::client, .stage = kSender}),
    each<&Mail::to>("rcpt_to", "recipients of the envelope")
        .rule({.name = "smtp.rcpt_to", .sender = Sender::client, .stage = kRecipients}),
    text<&Mail::server>("server", "how the server greeted"),
    object<&login>("auth", kLogin, "the session's last login"),
    integer<&size>("size", "bytes of the text as it was sent"),
    flag<&Mail::chunked>("chunked", "the text came by BDAT"),
    flag<&Mail::tls>("tls", "the session went over to TLS"),
    text<&Mail::last_reply>("last_reply", "what the server said last of the mail"),
};

constexpr Column kSmtpRecord[] = {
    object<&self<Mail>>("smtp", kSmtp, "the envelope of a mail"),
    object<&message>("email", mime::kColumns<Sender::client, kHeaders, kText>, "what is in it"),
};
constexpr Column kFileRecord[] = {
    object<&self<Mail>>("smtp", kSmtp, "the envelope of the mail"),
    object<&message>("email", mime::kColumns<Sender::client, kHeaders, kText>, "what is in it"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file that came with it"),
};
constexpr Column kInAlert[] = {
    object<&self<Mail>>("smtp", kSmtp, "the envelope of the mail"),
    object<&message>("email", mime::kColumns<Sender::client, kHeaders, kText>, "what is in it"),
    objects<&files_at_hand>("files", mime::kFileColumns, "files that came with it").of(Sender::client),
};
constexpr Table kSmtpShapes[] = {kSmtpRecord}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "smtp", .help = "one mail: its envelope and what is in it", .shapes = kSmtpShapes},
    {.type = "fileinfo", .help = "one file that SMTP carried", .shapes = kFileShapes},
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
  auto& files = static_cast<Mail&>(tx).message.files;
  return direction == Direction::to_server && number < files.size() ? &files[number] : nullptr;
}

/// What a rule matched on, and what carried a file, is shown in full, whatever smtp records show.
RecordExtent record_extent(const void* config, std::string_view record) {
  static const Config kDefault;
  const Config& options = config ? *static_cast<const Config*>(config) : kDefault;
  RecordExtent out = mime::record_extent(options);
  if (record != "smtp") out.extended = true;
  if (options.passwords) out.names.emplace_back("password");
  return out;
}

}  // namespace lapwing::smtp
