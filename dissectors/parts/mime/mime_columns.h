// What records, alerts and rules show of a message, whoever carries it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/parts/mime/mime.h"
#include "dissectors/parts/mime/mime_header.h"

namespace lapwing::mime {

namespace read {

std::string_view status(const Message& message);
inline auto addresses(const std::optional<std::string>& list) {
  return columns::Taken<std::string_view, &next_address>(list ? to_bytes(*list) : Bytes());
}
inline auto to(const Message& message) {
  return addresses(message.to);
}
inline auto cc(const Message& message) {
  return addresses(message.cc);
}
inline auto bcc(const Message& message) {
  return addresses(message.bcc);
}
/// Where it says more than the header as it came.
std::optional<std::string> subject_text(const Message& message);
inline auto newest_urls(const Message& message) {
  return columns::Numbered(message.urls.size(), [&message](size_t i) -> std::string_view {
    return message.urls[message.urls.size() - 1 - i];
  });
}
std::string subject_md5(const Message& message);
std::vector<std::string_view> path(const Message& message);

inline const file::File& itself(const file::File& file) {
  return file;
}
Bytes content(const file::File& file);

}  // namespace read

/// Columns of a Message that `sender` sends, whose headers are final at the stage `headers` of the carrier's
/// transaction and all else at `text`.
template <Sender sender, uint8_t headers, uint8_t text>
inline constexpr Column kColumns[] = {
    columns::text<&read::status>("status", "how far it was read: HEADER_STARTED, BODY_STARTED or PARSE_DONE"),
    columns::text<&Message::from>("from", "From").rule({.name = "email.from", .sender = sender, .stage = headers}),
    columns::each<&read::to>("to", "addresses of To"),
    columns::each<&read::cc>("cc", "addresses of Cc"),
    columns::each<&read::bcc>("bcc", "addresses of Bcc").extended(),
    columns::text<&Message::subject>("subject", "Subject")
        .extended()
        .rule({.name = "email.subject", .sender = sender, .stage = headers}),
    columns::text<&read::subject_text>("subject_text", "Subject with its encoded words (RFC 2047) undone").extended(),
    columns::text<&Message::date>("date", "Date")
        .on_request()
        .rule({.name = "email.date", .sender = sender, .stage = headers}),
    columns::text<&Message::message_id>("message_id", "Message-ID")
        .extended()
        .rule({.name = "email.message_id", .sender = sender, .stage = headers}),
    columns::text<&Message::x_mailer>("x_mailer", "X-Mailer")
        .extended()
        .rule({.name = "email.x_mailer", .sender = sender, .stage = headers}),
    columns::text<&Message::user_agent>("user_agent", "User-Agent").extended(),
    columns::each<&Message::received>("received", "Received, latest hop first")
        .on_request()
        .rule({.name = "email.received", .sender = sender, .stage = headers}),
    columns::each<&read::path>("path", "addresses of the hosts that Received names, latest hop first").extended(),
    columns::text<&Message::reply_to>("reply_to", "Reply-To").on_request(),
    columns::text<&Message::x_originating_ip>("x_originating_ip", "X-Originating-IP").on_request(),
    columns::text<&Message::in_reply_to>("in_reply_to", "In-Reply-To").on_request(),
    columns::text<&Message::references>("references", "References").on_request(),
    columns::text<&Message::importance>("importance", "Importance").on_request(),
    columns::text<&Message::priority>("priority", "Priority").on_request(),
    columns::text<&Message::sensitivity>("sensitivity", "Sensitivity").on_request(),
    columns::text<&Message::organization>("organization", "Organization").on_request(),
    columns::text<&Message::content_md5>("content_md5", "Content-MD5").on_request(),
    columns::text<&Message::relays>("relays", "Relays").on_request(),
    columns::each<&Message::attachments>("attachment", "names of the files"),
    columns::each<&read::newest_urls>("url", "URLs of the text, the last first")
        .rule({.name = "email.url", .sender = sender, .stage = text}),
    columns::text<&Message::body_md5>("body_md5", "MD5 of the body as it was sent").on_request(),
    columns::text<&read::subject_md5>("subject_md5", "MD5 of the subject").on_request(),

    columns::text<&Message::to>("", "To").rule({.name = "email.to", .sender = sender, .stage = headers}),
    columns::text<&Message::cc>("", "Cc").rule({.name = "email.cc", .sender = sender, .stage = headers}),
};

/// Columns of a message's File, with what rules see of it.
inline constexpr Column kFileColumns[] = {
    columns::object<&read::itself>("", file::kColumns, "a file"),
    columns::text<&read::content>("", "content of a file")
        .rule({.name = "file.data", .sender = Sender::either, .file_stage = FileStage::over, .aliases = {"file_data"}}),
};

}  // namespace lapwing::mime
