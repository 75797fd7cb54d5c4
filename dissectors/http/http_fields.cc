#include <array>

#include "dissectors/file/file_fields.h"
#include "dissectors/http/http.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

constexpr auto kRequest = Direction::to_server;

const HttpTransaction& of(const Transaction& tx) {
  return static_cast<const HttpTransaction&>(tx);
}

/// Most values are one byte string of libhtp, which lives as long as the transaction.
bool give(const bstr* text, uint32_t index, Value& out) {
  if (index > 0 || !text) return false;
  out.bytes = view(text);
  return true;
}

template <bstr* htp_tx_t::*Member>
bool get(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  return give(of(tx).tx->*Member, index, out);
}

template <bstr* htp_tx_t::*Request, bstr* htp_tx_t::*Response>
bool get_both(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
  return give(d == kRequest ? of(tx).tx->*Request : of(tx).tx->*Response, index, out);
}

template <const char* const& Name>
bool get_header(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
  const htp_table_t* headers = of(tx).headers(d);
  const auto* found = static_cast<const htp_header_t*>(headers ? htp_table_get_c(headers, Name) : nullptr);
  return found && give(found->value, index, out);
}
#define LAPWING_HEADER(constant, text) constexpr const char* constant = text
LAPWING_HEADER(kUserAgent, "user-agent");
LAPWING_HEADER(kReferer, "referer");
LAPWING_HEADER(kAccept, "accept");
LAPWING_HEADER(kAcceptEncoding, "accept-encoding");
LAPWING_HEADER(kAcceptLanguage, "accept-language");
LAPWING_HEADER(kConnection, "connection");
LAPWING_HEADER(kContentType, "content-type");
LAPWING_HEADER(kContentLength, "content-length");
LAPWING_HEADER(kLocation, "location");
LAPWING_HEADER(kServer, "server");
LAPWING_HEADER(kCookie, "cookie");
LAPWING_HEADER(kSetCookie, "set-cookie");

bool get_cookie(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  return d == kRequest ? get_header<kCookie>(tx, d, index, scratch, out)
                       : get_header<kSetCookie>(tx, d, index, scratch, out);
}

bool get_uri(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  if (index > 0 || of(tx).uri.empty()) return false;
  out.bytes = to_bytes(of(tx).uri);
  return true;
}

bool get_uri_length(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  if (index > 0) return false;
  out.integer = of(tx).uri.size();
  return true;
}

bool get_raw_uri_length(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  if (index > 0 || !of(tx).tx->request_uri) return false;
  out.integer = view(of(tx).tx->request_uri).size();
  return true;
}

/// The target of a CONNECT is all authority (RFC 9112 3.2.3): one that is no host's name, such as "/", names none.
bool names_no_host(const htp_tx_t& tx) {
  return tx.request_method_number == HTP_M_CONNECT && (tx.flags & HTP_HOSTU_INVALID) != 0;
}

bool get_host(const Transaction& tx, Direction, uint32_t index, std::string& scratch, Value& out) {
  const bstr* host = of(tx).tx->request_hostname;
  if (index > 0 || !host || names_no_host(*of(tx).tx)) return false;
  scratch = to_lower(to_text(view(host)));
  out.bytes = to_bytes(scratch);
  return true;
}

/// The host of an absolute URI counts before the Host header (RFC 9112 3.2.2).
bool get_raw_host(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  static constexpr const char* kHost = "host";
  const htp_uri_t* uri = of(tx).tx->parsed_uri;
  if (uri && uri->hostname && !names_no_host(*of(tx).tx)) return give(uri->hostname, index, out);
  return get_header<kHost>(tx, d, index, scratch, out);
}

template <class Each>
void each_header(const HttpTransaction& t, Direction d, Each each) {
  const htp_table_t* headers = t.headers(d);
  for (size_t i = 0, n = headers ? htp_table_size(headers) : 0; i < n; ++i) {
    const auto* h = static_cast<const htp_header_t*>(htp_table_get_index(headers, i, nullptr));
    each(to_text(view(h->name)), to_text(view(h->value)));
  }
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool finish(const std::string& scratch, Value& out) {
  out.bytes = to_bytes(scratch);
  return !scratch.empty();
}

bool get_headers(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  if (index > 0) return false;
  scratch.clear();
  const std::string_view cookie = d == kRequest ? kCookie : kSetCookie;
  each_header(of(tx), d, [&](std::string_view name, std::string_view value) {
    if (!equal_nocase(name, cookie)) append_line(scratch, name, value);
  });
  return finish(scratch, out);
}

bool get_raw_headers(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
  if (index > 0 || !of(tx).headers_whole[lapwing::index(d)]) return false;
  out.bytes = to_bytes(of(tx).raw_headers[lapwing::index(d)]);
  return !out.bytes.empty();
}

bool get_header_names(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  if (index > 0) return false;
  scratch = "\r\n";
  each_header(of(tx), d, [&](std::string_view name, std::string_view) { scratch.append(name).append("\r\n"); });
  if (scratch.size() == 2) return false;
  scratch.append("\r\n");
  return finish(scratch, out);
}

bool get_start(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  const HttpTransaction& t = of(tx);
  const bstr* line = d == kRequest ? t.tx->request_line : t.tx->response_line;
  if (index > 0 || !line) return false;
  scratch.assign(to_text(view(line))).append("\r\n");
  each_header(t, d, [&](std::string_view name, std::string_view value) { append_line(scratch, name, value); });
  scratch.append("\r\n");
  return finish(scratch, out);
}

bool get_one_header(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  const htp_table_t* headers = of(tx).headers(d);
  if (!headers || index >= htp_table_size(headers)) return false;
  const auto* h = static_cast<const htp_header_t*>(htp_table_get_index(headers, index, nullptr));
  scratch.assign(to_text(view(h->name))).append(": ").append(to_text(view(h->value)));
  return finish(scratch, out);
}

bool get_body(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
  const std::string& bytes = of(tx).body(d).bytes;
  if (index > 0 || bytes.empty()) return false;
  out.bytes = to_bytes(bytes);
  return true;
}

const file::File* file_at(const Transaction& tx, Direction d, uint32_t index) {
  const auto& files = of(tx).files[lapwing::index(d)];
  return index < files.size() ? &files[index] : nullptr;
}

/// A response's body is inspected whether it is taken for a file or not; of a request its files.
bool get_file_data(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  if (d != kRequest) return get_body(tx, d, index, scratch, out);
  const file::File* file = file_at(tx, d, index);
  if (!file) return false;
  out.bytes = file->content();
  return true;
}

constexpr auto bytes = FieldKind::bytes;
constexpr auto integer = FieldKind::integer;
constexpr auto server = Side::to_server;
constexpr auto client = Side::to_client;
constexpr auto both = Side::both;

constexpr std::array kOwn{
    Field{"http.method",
          bytes,
          server,
          kLine,
          &get<&htp_tx_t::request_method>,
          "request method",
          false,
          false,
          'M',
          4,
          {},
          "http_method"},
    Field{"http.uri",
          bytes,
          server,
          kLine,
          &get_uri,
          "normalised path, query and fragment",
          false,
          false,
          'U',
          2,
          {},
          "http_uri"},
    Field{"http.uri.raw",
          bytes,
          server,
          kLine,
          &get<&htp_tx_t::request_uri>,
          "URI as sent",
          false,
          false,
          'I',
          2,
          {},
          "http_raw_uri"},
    Field{"urilen", integer, server, kLine, &get_uri_length, "length of the normalised URI"},
    Field{"urilen.raw", integer, server, kLine, &get_raw_uri_length, "length of the URI as sent"},
    Field{"http.protocol",
          bytes,
          both,
          kLine,
          &get_both<&htp_tx_t::request_protocol, &htp_tx_t::response_protocol>,
          "HTTP/1.1",
          false,
          false,
          0,
          2,
          {"http_protocol"}},
    Field{"http.request_line",
          bytes,
          server,
          kLine,
          &get<&htp_tx_t::request_line>,
          "request line without its end",
          false,
          false,
          0,
          2,
          {"http_request_line"}},
    Field{"http.response_line",
          bytes,
          client,
          kLine,
          &get<&htp_tx_t::response_line>,
          "status line without its end",
          false,
          false,
          0,
          2,
          {"http_response_line"}},
    Field{"http.stat_code",
          bytes,
          client,
          kLine,
          &get<&htp_tx_t::response_status>,
          "status code",
          false,
          false,
          'S',
          4,
          {},
          "http_stat_code"},
    Field{"http.stat_msg",
          bytes,
          client,
          kLine,
          &get<&htp_tx_t::response_message>,
          "text behind the status code",
          false,
          false,
          'Y',
          3,
          {},
          "http_stat_msg"},
    Field{"http.host",
          bytes,
          server,
          kHeaders,
          &get_host,
          "host name in lower case, without port",
          false,
          true,
          'W',
          2,
          {},
          "http_host"},
    Field{"http.host.raw",
          bytes,
          server,
          kHeaders,
          &get_raw_host,
          "host as sent",
          false,
          false,
          'Z',
          2,
          {},
          "http_raw_host"},
    Field{"http.user_agent",
          bytes,
          server,
          kHeaders,
          &get_header<kUserAgent>,
          "User-Agent",
          false,
          false,
          'V',
          2,
          {},
          "http_user_agent"},
    Field{"http.referer",
          bytes,
          server,
          kHeaders,
          &get_header<kReferer>,
          "Referer",
          false,
          false,
          0,
          2,
          {"http_referer"}},
    Field{"http.accept", bytes, server, kHeaders, &get_header<kAccept>, "Accept", false, false, 0, 2, {"http_accept"}},
    Field{"http.accept_enc",
          bytes,
          server,
          kHeaders,
          &get_header<kAcceptEncoding>,
          "Accept-Encoding",
          false,
          false,
          0,
          2,
          {"http_accept_enc"}},
    Field{"http.accept_lang",
          bytes,
          server,
          kHeaders,
          &get_header<kAcceptLanguage>,
          "Accept-Language",
          false,
          false,
          0,
          2,
          {"http_accept_lang"}},
    Field{"http.connection",
          bytes,
          both,
          kHeaders,
          &get_header<kConnection>,
          "Connection",
          false,
          false,
          0,
          2,
          {"http_connection"}},
    Field{"http.content_type",
          bytes,
          both,
          kHeaders,
          &get_header<kContentType>,
          "Content-Type",
          false,
          false,
          0,
          2,
          {"http_content_type"}},
    Field{"http.content_len",
          bytes,
          both,
          kHeaders,
          &get_header<kContentLength>,
          "Content-Length",
          false,
          false,
          0,
          2,
          {"http_content_len"}},
    Field{"http.location", bytes, client, kHeaders, &get_header<kLocation>, "Location"},
    Field{"http.server", bytes, client, kHeaders, &get_header<kServer>, "Server"},
    Field{"http.cookie",
          bytes,
          both,
          kHeaders,
          &get_cookie,
          "Cookie or Set-Cookie",
          false,
          false,
          'C',
          2,
          {},
          "http_cookie"},
    Field{"http.header",
          bytes,
          both,
          kHeaders,
          &get_headers,
          "headers in normal form, without cookies",
          false,
          false,
          'H',
          2,
          {},
          "http_header"},
    Field{"http.header.raw",
          bytes,
          both,
          kHeaders,
          &get_raw_headers,
          "headers as sent",
          false,
          false,
          'D',
          2,
          {},
          "http_raw_header"},
    Field{"http.header_names",
          bytes,
          both,
          kHeaders,
          &get_header_names,
          "names of the headers, in lines",
          false,
          false,
          0,
          2,
          {"http_header_names"}},
    Field{"http.start",
          bytes,
          both,
          kHeaders,
          &get_start,
          "first line and headers in normal form",
          false,
          false,
          0,
          2,
          {"http_start"}},
    Field{"http.request_header", bytes, server, kHeaders, &get_one_header, "one header: name and value", true},
    Field{"http.response_header", bytes, client, kHeaders, &get_one_header, "one header: name and value", true},
    Field{"http.request_body",
          bytes,
          server,
          kBody,
          &get_body,
          "decoded body of the request",
          false,
          false,
          'P',
          2,
          {},
          "http_client_body"},
    Field{"http.response_body",
          bytes,
          client,
          kBody,
          &get_body,
          "decoded body of the response",
          false,
          false,
          'Q',
          2,
          {},
          "http_server_body"},
    Field{"file.data",
          bytes,
          both,
          kBody,
          &get_file_data,
          "content of a file, or of a response",
          true,
          false,
          0,
          2,
          {"file_data"}},
};
constexpr auto kFields = file::join(kOwn, file::fields<&file_at>({kFileName, kFileHead, kBody}));

}  // namespace

std::string_view request_header(const Transaction& tx, std::string_view name) {
  const htp_table_t* headers = of(tx).tx->request_headers;
  const auto* found =
      static_cast<const htp_header_t*>(headers ? htp_table_get_mem(headers, name.data(), name.size()) : nullptr);
  return found ? to_text(view(found->value)) : std::string_view{};
}

CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t index) {
  return file::carried<&file_at>(tx, direction, index);
}

std::span<const Field> fields() {
  return kFields;
}

}  // namespace lapwing::http
