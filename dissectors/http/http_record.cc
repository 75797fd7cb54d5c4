#include <algorithm>

#include "dissectors/file/file_record.h"
#include "dissectors/http/http.h"
#include "dissectors/http/http_files.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

/// The http_* members that headers give under a name of their own when `custom` asks for them.
struct CustomHeader {
  std::string_view option;  // also the member's name
  const char* header;
  Direction direction;
};
constexpr auto kRequest = Direction::to_server;
constexpr auto kResponse = Direction::to_client;
constexpr CustomHeader kCustomHeaders[] = {
    {"accept", "accept", kRequest},
    {"accept-charset", "accept-charset", kRequest},
    {"accept-encoding", "accept-encoding", kRequest},
    {"accept-language", "accept-language", kRequest},
    {"accept-datetime", "accept-datetime", kRequest},
    {"authorization", "authorization", kRequest},
    {"cache-control", "cache-control", kRequest},
    {"cookie", "cookie", kRequest},
    {"from", "from", kRequest},
    {"max-forwards", "max-forwards", kRequest},
    {"origin", "origin", kRequest},
    {"pragma", "pragma", kRequest},
    {"proxy-authorization", "proxy-authorization", kRequest},
    {"range", "range", kRequest},
    {"te", "te", kRequest},
    {"via", "via", kRequest},
    {"x-requested-with", "x-requested-with", kRequest},
    {"dnt", "dnt", kRequest},
    {"x-forwarded-proto", "x-forwarded-proto", kRequest},
    {"x-authenticated-user", "x-authenticated-user", kRequest},
    {"x-flash-version", "x-flash-version", kRequest},
    {"accept-range", "accept-range", kResponse},
    {"age", "age", kResponse},
    {"allow", "allow", kResponse},
    {"connection", "connection", kResponse},
    {"content-encoding", "content-encoding", kResponse},
    {"content-language", "content-language", kResponse},
    {"content-length", "content-length", kResponse},
    {"content-location", "content-location", kResponse},
    {"content-md5", "content-md5", kResponse},
    {"content-range", "content-range", kResponse},
    {"content-type", "content-type", kResponse},
    {"date", "date", kResponse},
    {"etag", "etag", kResponse},
    {"expires", "expires", kResponse},
    {"last-modified", "last-modified", kResponse},
    {"link", "link", kResponse},
    {"location", "location", kResponse},
    {"proxy-authenticate", "proxy-authenticate", kResponse},
    {"referrer", "referrer", kResponse},
    {"refresh", "refresh", kResponse},
    {"retry-after", "retry-after", kResponse},
    {"server", "server", kResponse},
    {"set-cookie", "set-cookie", kResponse},
    {"trailer", "trailer", kResponse},
    {"transfer-encoding", "transfer-encoding", kResponse},
    {"upgrade", "upgrade", kResponse},
    {"vary", "vary", kResponse},
    {"warning", "warning", kResponse},
    {"www-authenticate", "www-authenticate", kResponse},
    {"org-src-ip", "org-src-ip", kRequest},
    {"true-client-ip", "true-client-ip", kRequest},
    {"x-bluecoat-via", "x-bluecoat-via", kRequest},
};

void text(JsonWriter& json, std::string_view name, std::string_view value) {
  if (!value.empty()) json.member(name, value);
}

void content_range(const htp_tx_t& tx, JsonWriter& json) {
  std::string_view raw = header(tx.response_headers, "content-range");
  if (raw.empty()) return;
  json.begin_object("content_range").member("raw", raw);
  if (auto range = parse_content_range(raw)) {
    if (range->start) json.member("start", *range->start);
    if (range->end) json.member("end", *range->end);
    if (range->size) json.member("size", *range->size);
  }
  json.end_object();
}

void basic(const htp_tx_t& tx, JsonWriter& json) {
  text(json, "hostname", to_text(view(tx.request_hostname)));
  if (tx.request_port_number > 0) json.member("http_port", tx.request_port_number);
  text(json, "url", to_text(view(tx.request_uri)));
  text(json, "http_user_agent", header(tx.request_headers, "user-agent"));
  text(json, "xff", header(tx.request_headers, "x-forwarded-for"));
  std::string_view type = header(tx.response_headers, "content-type");
  text(json, "http_content_type", type.substr(0, type.find(';')));
  content_range(tx, json);
}

/// Bytes of the response's body on the wire. While it is under way that number depends on how TCP cut it.
int64_t response_length(const HttpTransaction& t) {
  if (t.progress[index(kResponse)] == kComplete) return t.tx->response_message_len;
  return t.body(kResponse).final ? static_cast<int64_t>(t.body(kResponse).size) : 0;
}

void extended(const HttpTransaction& t, JsonWriter& json) {
  const htp_tx_t& tx = *t.tx;
  text(json, "http_refer", header(tx.request_headers, "referer"));
  text(json, "http_method", to_text(view(tx.request_method)));
  text(json, "protocol", to_text(view(tx.request_protocol)));
  if (tx.response_status_number > 0) {
    json.member("status", tx.response_status_number);
  } else {
    text(json, "status_string", to_text(view(tx.response_status)));
  }
  text(json, "redirect", header(tx.response_headers, "location"));
  json.member("length", response_length(t));
}

void custom(const htp_tx_t& tx, const Config& config, JsonWriter& json) {
  for (const auto& wanted : config.custom) {
    auto row = std::ranges::find_if(kCustomHeaders, [&](const auto& r) { return equal_nocase(r.option, wanted); });
    if (row == std::end(kCustomHeaders)) continue;
    std::string_view value = header(row->direction == kRequest ? tx.request_headers : tx.response_headers, row->header);
    std::string name(row->option);
    std::ranges::replace(name, '-', '_');
    text(json, name, value);
  }
}

void dump(const htp_table_t* headers, std::string_view name, JsonWriter& json) {
  const size_t n = headers ? htp_table_size(headers) : 0;
  if (n == 0) return;
  json.begin_array(name);
  for (size_t i = 0; i < n; ++i) {
    const auto* h = static_cast<const htp_header_t*>(htp_table_get_index(headers, i, nullptr));
    json.begin_object().member("name", view(h->name)).member("value", view(h->value)).end_object();
  }
  json.end_array();
}

const HttpTransaction& transaction(const Event& event) {
  return static_cast<const HttpTransaction&>(*event.tx);
}

const Config& configuration(const RecordContext& context) {
  static const Config kDefault;
  return context.config ? *static_cast<const Config*>(context.config) : kDefault;
}

void write_http(const Event& event, const RecordContext& context, JsonWriter& json) {
  const htp_tx_t& tx = *transaction(event).tx;
  const Config& config = configuration(context);
  json.begin_object("http");
  basic(tx, json);
  custom(tx, config, json);
  if (config.dump_all_headers == "both" || config.dump_all_headers == "request") {
    dump(tx.request_headers, "request_headers", json);
  }
  if (config.dump_all_headers == "both" || config.dump_all_headers == "response") {
    dump(tx.response_headers, "response_headers", json);
  }
  if (config.extended) extended(transaction(event), json);
  json.end_object();
}

void bodies(const HttpTransaction& t, const Config& config, JsonWriter& json) {
  constexpr std::string_view kNames[][2] = {{"http_request_body", "http_request_body_printable"},
                                            {"http_response_body", "http_response_body_printable"}};
  for (Direction direction : {kRequest, kResponse}) {
    const Body& body = t.body(direction);
    // What there is of one under way depends on how TCP cut it.
    if (!body.final || body.bytes.empty()) continue;
    const Bytes bytes = to_bytes(body.bytes);
    const auto& [encoded, printable] = kNames[index(direction)];
    if (config.alert_body_printable) json.key(printable).printable(bytes);
    if (config.alert_body) json.key(encoded).base64(bytes);
  }
}

/// What a rule matched on is shown in full, whatever http records show.
void write_plain(const Event& event, const RecordContext& context, JsonWriter& json) {
  const HttpTransaction& t = transaction(event);
  json.begin_object("http");
  basic(*t.tx, json);
  extended(t, json);
  if (context.in_alert) bodies(t, configuration(context), json);
  json.end_object();
}

void write_fileinfo(const Event& event, const RecordContext& context, JsonWriter& json) {
  write_plain(event, context, json);
  file::write_fileinfo(*static_cast<const file::File*>(event.detail), event.tx->id, configuration(context), json);
}

constexpr RecordRow kRecords[] = {
    {"http", &write_http, "one HTTP request and its response"},
    {"fileinfo", &write_fileinfo, "one file that HTTP carried"},
};

}  // namespace

std::span<const RecordRow> records() {
  return kRecords;
}

void write_in_alert(const Event& event, const RecordContext& context, JsonWriter& json) {
  write_plain(event, context, json);
  const HttpTransaction& t = transaction(event);
  const auto& files = t.files[index(event.direction)];
  if (files.empty()) return;
  json.begin_array("files");
  for (const auto& file : files) file::write_file(file, t.id, configuration(context), json);
  json.end_array();
}

}  // namespace lapwing::http
