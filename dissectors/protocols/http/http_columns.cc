#include <algorithm>
#include <array>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/parts/gss/gss_columns.h"
#include "dissectors/protocols/http/http.h"
#include "dissectors/protocols/http/http_files.h"
#include "dissectors/protocols/http/http_headers.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

using namespace columns;

constexpr auto kRequest = Direction::to_server;
constexpr auto kResponse = Direction::to_client;

// Texts of libhtp live as long as the transaction. One that is there is a value, even if it is empty.
using Text = std::optional<Bytes>;

Text there(const bstr* text) {
  return text ? Text(view(text)) : std::nullopt;
}
template <bstr* htp_tx_t::*Member>
Text of(const HttpTransaction& t) {
  return there(t.tx->*Member);
}

/// A name within a template's arguments.
template <size_t N>
struct Literal {
  constexpr Literal(const char (&text)[N]) { std::copy_n(text, N, name); }  // NOLINT: meant to be made of a literal
  char name[N];
};
Text find(const HttpTransaction& t, Direction direction, const char* name) {
  const htp_header_t* found = t.find(direction, name);
  return found ? there(found->value) : std::nullopt;
}
template <Direction Whose, Literal Name>
Text header_of(const HttpTransaction& t) {
  return find(t, Whose, Name.name);
}
template <Literal Name>
Text header_at_hand(const HttpTransaction& t, const Place& at) {
  return find(t, at.direction, Name.name);
}

// First lines.

std::optional<int> port(const HttpTransaction& t) {
  return t.tx->request_port_number > 0 ? std::optional(t.tx->request_port_number) : std::nullopt;
}
std::optional<int> status(const HttpTransaction& t) {
  return t.tx->response_status_number > 0 ? std::optional(t.tx->response_status_number) : std::nullopt;
}
Text odd_status(const HttpTransaction& t) {
  return status(t) ? Text() : there(t.tx->response_status);
}

/// The target of a CONNECT is all authority (RFC 9112 3.2.3): one that is no host's name, such as "/", names none.
bool names_no_host(const htp_tx_t& tx) {
  return tx.request_method_number == HTP_M_CONNECT && (tx.flags & HTP_HOSTU_INVALID) != 0;
}
std::optional<std::string> lower_host(const HttpTransaction& t) {
  const bstr* host = t.tx->request_hostname;
  if (!host || names_no_host(*t.tx)) return {};
  return to_lower(to_text(view(host)));
}
/// The host of an absolute URI counts before the Host header (RFC 9112 3.2.2).
Text raw_host(const HttpTransaction& t) {
  const htp_uri_t* uri = t.tx->parsed_uri;
  if (uri && uri->hostname && !names_no_host(*t.tx)) return there(uri->hostname);
  return header_of<kRequest, "host">(t);
}

// Headers as a whole.

void each_header(const HttpTransaction& t, Direction d, auto&& each) {
  const htp_table_t* headers = t.headers(d);
  for (size_t i = 0, n = headers ? htp_table_size(headers) : 0; i < n; ++i) {
    const auto* h = static_cast<const htp_header_t*>(htp_table_get_index(headers, i, nullptr));
    each(to_text(view(h->name)), to_text(view(h->value)));
  }
}
void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string_view headers(const HttpTransaction& t, const Place& at, std::string& scratch) {
  scratch.clear();
  const std::string_view cookie = at.direction == kRequest ? "cookie" : "set-cookie";
  each_header(t, at.direction, [&](std::string_view name, std::string_view value) {
    if (!equal_nocase(name, cookie)) append_line(scratch, name, value);
  });
  return scratch;
}
std::string_view raw_headers(const HttpTransaction& t, const Place& at) {
  if (!t.headers_whole[index(at.direction)]) return {};
  return t.raw_headers[index(at.direction)];
}
std::string_view header_names(const HttpTransaction& t, const Place& at, std::string& scratch) {
  scratch = "\r\n";
  each_header(t, at.direction, [&](std::string_view name, std::string_view) { scratch.append(name).append("\r\n"); });
  if (scratch.size() == 2) return {};
  return scratch.append("\r\n");
}
std::string_view start(const HttpTransaction& t, const Place& at, std::string& scratch) {
  const bstr* line = at.direction == kRequest ? t.tx->request_line : t.tx->response_line;
  if (!line) return {};
  scratch.assign(to_text(view(line))).append("\r\n");
  each_header(t, at.direction,
              [&](std::string_view name, std::string_view value) { append_line(scratch, name, value); });
  return scratch.append("\r\n");
}

struct Header {
  Bytes name, value;
};
template <Direction Whose>
std::vector<Header> shown_headers(const HttpTransaction& t) {
  const Config& config = *t.config;
  const bool all = (config.dumped & (Whose == kRequest ? kRequestHeaders : kResponseHeaders)) != 0;
  std::vector<Header> out;
  each_header(t, Whose, [&](std::string_view name, std::string_view value) {
    const auto is_it = [&](const std::string& custom) { return equal_nocase(name, custom); };
    if (all || std::ranges::any_of(config.custom, is_it)) out.push_back({to_bytes(name), to_bytes(value)});
  });
  return out;
}
template <Direction Whose>
auto header_lines(const HttpTransaction& t) {
  const htp_table_t* headers = t.headers(Whose);
  return Numbered(headers ? htp_table_size(headers) : 0, [headers](size_t i) {
    const auto* h = static_cast<const htp_header_t*>(htp_table_get_index(headers, i, nullptr));
    return std::string(to_text(view(h->name))).append(": ").append(to_text(view(h->value)));
  });
}
Text name_of(const Header& header) {
  return header.name;
}
Text value_of(const Header& header) {
  return header.value;
}
constexpr Column kHeader[] = {text<&name_of>("name", "as sent"), text<&value_of>("value", "as sent")};

// Bodies and files.

template <Direction Whose>
std::string_view body(const HttpTransaction& t) {
  return t.body(Whose).bytes;
}
/// What there is of one under way depends on how TCP cut it.
template <Direction Whose>
std::string_view whole_body(const HttpTransaction& t) {
  return t.body(Whose).final ? std::string_view(t.body(Whose).bytes) : std::string_view();
}
std::span<const file::File> files_at_hand(const HttpTransaction& t, const Place& at) {
  return file::shown(t.files[index(at.direction)], at);
}
const file::File* file_of_record(const HttpTransaction&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}
auto file_contents(const HttpTransaction& t) {
  const auto& files = t.files[index(kRequest)];
  return Numbered(files.size(), [&files](size_t i) { return files[i].seen(); });
}

/// Bytes of the response's body on the wire. While it is under way that number depends on how TCP cut it.
int64_t response_length(const HttpTransaction& t) {
  if (t.progress[index(kResponse)] == kComplete) return t.tx->response_message_len;
  return t.body(kResponse).final ? static_cast<int64_t>(t.body(kResponse).size) : 0;
}
Text content_type(const HttpTransaction& t) {
  const Text whole = header_of<kResponse, "content-type">(t);
  if (!whole) return {};
  const std::string_view text = to_text(*whole);
  return to_bytes(text.substr(0, text.find(';')));
}

Text content_range(const HttpTransaction& t) {
  return header_of<kResponse, "content-range">(t);
}
const HttpTransaction* with_content_range(const HttpTransaction& t) {
  return content_range(t).value_or(Bytes()).empty() ? nullptr : &t;
}
template <std::optional<uint64_t> ContentRange::*Number>
std::optional<uint64_t> range_number(const HttpTransaction& t) {
  const auto range = parse_content_range(to_text(content_range(t).value_or(Bytes())));
  return range ? *range.*Number : std::nullopt;
}
constexpr Column kContentRange[] = {
    text<&content_range>("raw", "as sent"),
    integer<&range_number<&ContentRange::start>>("start", "first byte of the whole that this part is"),
    integer<&range_number<&ContentRange::end>>("end", "last byte of the whole that this part is"),
    integer<&range_number<&ContentRange::size>>("size", "bytes of the whole"),
};

constexpr Column kHttp[] = {
    text<&of<&htp_tx_t::request_hostname>>("hostname", "host that the request names"),
    integer<&port>("http_port", "port that the request names"),
    text<&of<&htp_tx_t::request_uri>>("url", "URI as sent")
        .rule({.name = "http.uri.raw", .stage = kLine, .modifier = "http_raw_uri", .pcre_letter = 'I'}),
    text<&header_of<kRequest, "user-agent">>("http_user_agent", "User-Agent")
        .rule({.name = "http.user_agent", .stage = kHeaders, .modifier = "http_user_agent", .pcre_letter = 'V'}),
    text<&header_of<kRequest, "x-forwarded-for">>("xff", "X-Forwarded-For"),
    text<&content_type>("http_content_type", "type of the response, without parameters"),
    object<&with_content_range>("content_range", kContentRange, "Content-Range of the response"),
    objects<&shown_headers<kRequest>>("request_headers", kHeader, "headers of the request").on_request(),
    objects<&shown_headers<kResponse>>("response_headers", kHeader, "headers of the response").on_request(),
    text<&header_of<kRequest, "referer">>("http_refer", "Referer")
        .extended()
        .rule({.name = "http.referer", .stage = kHeaders, .aliases = {"http_referer"}}),
    text<&of<&htp_tx_t::request_method>>("http_method", "request method")
        .extended()
        .rule({.name = "http.method", .stage = kLine, .modifier = "http_method", .pcre_letter = 'M', .rarity = 4}),
    text<&of<&htp_tx_t::request_protocol>>("protocol", "HTTP/1.1")
        .extended()
        .rule({.name = "http.protocol", .stage = kLine, .aliases = {"http_protocol"}}),
    integer<&status>("status", "status code").extended(),
    text<&odd_status>("status_string", "status code that is no number").extended(),
    text<&header_of<kResponse, "location">>("redirect", "Location")
        .extended()
        .rule({.name = "http.location", .sender = Sender::server, .stage = kHeaders}),
    integer<&response_length>("length", "bytes of the response's body").extended(),
    printable<&whole_body<kRequest>>("http_request_body_printable", "decoded body of the request").on_request(),
    base64<&whole_body<kRequest>>("http_request_body", "decoded body of the request").on_request(),
    printable<&whole_body<kResponse>>("http_response_body_printable", "decoded body of the response").on_request(),
    base64<&whole_body<kResponse>>("http_response_body", "decoded body of the response").on_request(),

    text<&header_of<kRequest, "accept">>("", "Accept")
        .rule({.name = "http.accept", .stage = kHeaders, .aliases = {"http_accept"}}),
    text<&header_of<kRequest, "accept-encoding">>("", "Accept-Encoding")
        .rule({.name = "http.accept_enc", .stage = kHeaders, .aliases = {"http_accept_enc"}}),
    text<&header_of<kRequest, "accept-language">>("", "Accept-Language")
        .rule({.name = "http.accept_lang", .stage = kHeaders, .aliases = {"http_accept_lang"}}),
    text<&header_of<kResponse, "server">>("", "Server")
        .rule({.name = "http.server", .sender = Sender::server, .stage = kHeaders}),
    text<&HttpTransaction::uri>("", "normalised path, query and fragment")
        .rule({.name = "http.uri", .stage = kLine, .modifier = "http_uri", .pcre_letter = 'U'}),
    text<&of<&htp_tx_t::response_protocol>>("", "HTTP/1.1")
        .rule({.name = "http.protocol", .sender = Sender::server, .stage = kLine}),
    text<&of<&htp_tx_t::request_line>>("", "request line without its end")
        .rule({.name = "http.request_line", .stage = kLine, .aliases = {"http_request_line"}}),
    text<&of<&htp_tx_t::response_line>>("", "status line without its end")
        .rule({.name = "http.response_line",
               .sender = Sender::server,
               .stage = kLine,
               .aliases = {"http_response_line"}}),
    text<&of<&htp_tx_t::response_status>>("", "status code")
        .rule({.name = "http.stat_code",
               .sender = Sender::server,
               .stage = kLine,
               .modifier = "http_stat_code",
               .pcre_letter = 'S',
               .rarity = 4}),
    text<&of<&htp_tx_t::response_message>>("", "text behind the status code")
        .rule({.name = "http.stat_msg",
               .sender = Sender::server,
               .stage = kLine,
               .modifier = "http_stat_msg",
               .pcre_letter = 'Y',
               .rarity = 3}),
    text<&lower_host>("", "host name in lower case, without port")
        .rule(
            {.name = "http.host", .stage = kHeaders, .modifier = "http_host", .pcre_letter = 'W', .lowercased = true}),
    text<&raw_host>("", "host as sent")
        .rule({.name = "http.host.raw", .stage = kHeaders, .modifier = "http_raw_host", .pcre_letter = 'Z'}),
    text<&header_at_hand<"connection">>("", "Connection")
        .rule({.name = "http.connection", .sender = Sender::either, .stage = kHeaders, .aliases = {"http_connection"}}),
    text<&header_at_hand<"content-type">>("", "Content-Type")
        .rule({.name = "http.content_type",
               .sender = Sender::either,
               .stage = kHeaders,
               .aliases = {"http_content_type"}}),
    text<&header_at_hand<"content-length">>("", "Content-Length")
        .rule(
            {.name = "http.content_len", .sender = Sender::either, .stage = kHeaders, .aliases = {"http_content_len"}}),
    text<&header_of<kRequest, "cookie">>("", "Cookie or Set-Cookie")
        .rule({.name = "http.cookie", .stage = kHeaders, .modifier = "http_cookie", .pcre_letter = 'C'}),
    text<&header_of<kResponse, "set-cookie">>("", "Set-Cookie")
        .rule({.name = "http.cookie", .sender = Sender::server, .stage = kHeaders}),
    text<&headers>("", "headers in normal form, without cookies")
        .rule({.name = "http.header",
               .sender = Sender::either,
               .stage = kHeaders,
               .modifier = "http_header",
               .pcre_letter = 'H'}),
    text<&raw_headers>("", "headers as sent")
        .rule({.name = "http.header.raw",
               .sender = Sender::either,
               .stage = kHeaders,
               .modifier = "http_raw_header",
               .pcre_letter = 'D'}),
    text<&header_names>("", "names of the headers, in lines")
        .rule({.name = "http.header_names",
               .sender = Sender::either,
               .stage = kHeaders,
               .aliases = {"http_header_names"}}),
    text<&start>("", "first line and headers in normal form")
        .rule({.name = "http.start", .sender = Sender::either, .stage = kHeaders, .aliases = {"http_start"}}),
    each<&header_lines<kRequest>>("", "one header: name and value")
        .rule({.name = "http.request_header", .stage = kHeaders}),
    each<&header_lines<kResponse>>("", "one header: name and value")
        .rule({.name = "http.response_header", .sender = Sender::server, .stage = kHeaders}),
    text<&body<kRequest>>("", "decoded body of the request")
        .rule({.name = "http.request_body", .stage = kBody, .modifier = "http_client_body", .pcre_letter = 'P'}),
    text<&body<kResponse>>("", "decoded body of the response")
        .rule({.name = "http.response_body",
               .sender = Sender::server,
               .stage = kBody,
               .modifier = "http_server_body",
               .pcre_letter = 'Q'})
        // A response's body is inspected whether it is taken for a file or not; of a request its files.
        .rule({.name = "file.data",
               .sender = Sender::server,
               .stage = kBody,
               .aliases = {"file_data"},
               .help = "content of a file, or of a response"}),
    each<&file_contents>("", "content of a file, or of a response").rule({.name = "file.data", .stage = kBody}),
};

const gss::Login* login(const HttpTransaction& t) {
  return t.login && t.login->ntlmssp() ? t.login.get() : nullptr;
}

constexpr Column kHttpRecord[] = {object<&self<HttpTransaction>>("http", kHttp, "one request and its response")};
constexpr Column kFileRecord[] = {
    object<&self<HttpTransaction>>("http", kHttp, "the request and its response"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file that came with either"),
};
constexpr Column kInAlert[] = {
    object<&self<HttpTransaction>>("http", kHttp, "the request and its response"),
    objects<&files_at_hand>("files", file::kColumns, "files that came with it"),
};
constexpr Table kHttpShapes[] = {kHttpRecord}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "http", .help = "one HTTP request and its response", .shapes = kHttpShapes},
    {.type = "fileinfo", .help = "one file that HTTP carried", .shapes = kFileShapes},
    gss::ntlm_record<&login>(),
};

}  // namespace

std::string_view HttpTransaction::header(Direction direction, const char* name) const {
  return to_text(http::find(*this, direction, name).value_or(Bytes()));
}

std::string_view request_header(const Transaction& tx, std::string_view name) {
  const htp_table_t* headers = static_cast<const HttpTransaction&>(tx).tx->request_headers;
  const auto* found =
      static_cast<const htp_header_t*>(headers ? htp_table_get_mem(headers, name.data(), name.size()) : nullptr);
  return found ? to_text(view(found->value)) : std::string_view{};
}

CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number) {
  auto& files = static_cast<HttpTransaction&>(tx).files[index(direction)];
  return number < files.size() ? &files[number] : nullptr;
}

Table columns() {
  return kInAlert;
}

std::span<const RecordRow> records() {
  return kRecords;
}

/// What a rule matched on, and what carried a file, is shown in full, whatever http records show.
RecordExtent record_extent(const void* config, std::string_view record) {
  static const Config kDefault;
  const Config& options = config ? *static_cast<const Config*>(config) : kDefault;
  if (record != "http") {
    RecordExtent out;
    for (std::string body : {"http_request_body", "http_response_body"}) {
      if (record.empty() && options.alert_body) out.names.push_back(body);
      if (record.empty() && options.alert_body_printable) out.names.push_back(body + "_printable");
    }
    return out;
  }
  RecordExtent out{.extended = options.extended};
  const bool named = !options.custom.empty();
  if (named || options.dumped & kRequestHeaders) out.names.emplace_back("request_headers");
  if (named || options.dumped & kResponseHeaders) out.names.emplace_back("response_headers");
  return out;
}

}  // namespace lapwing::http
