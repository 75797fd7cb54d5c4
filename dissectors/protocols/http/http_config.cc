#include "dissectors/protocols/http/http_config.h"

#include <algorithm>
#include <iterator>
#include <mutex>

#include "dissectors/protocols/http/http_parser.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

#define LAPWING_HTP_KEY "app-layer.protocols.http.libhtp.default-config."
#define LAPWING_HTTP_RECORD_KEY "app-layer.protocols.http.record."
#define LAPWING_HTTP_ALERT_KEY "app-layer.protocols.http.alert."

constexpr NamedValue kPersonalities[] = {
    {"MINIMAL", HTP_SERVER_MINIMAL},     {"GENERIC", HTP_SERVER_GENERIC}, {"IDS", HTP_SERVER_IDS},
    {"IIS_4_0", HTP_SERVER_IIS_4_0},     {"IIS_5_0", HTP_SERVER_IIS_5_0}, {"IIS_5_1", HTP_SERVER_IIS_5_1},
    {"IIS_6_0", HTP_SERVER_IIS_6_0},     {"IIS_7_0", HTP_SERVER_IIS_7_0}, {"IIS_7_5", HTP_SERVER_IIS_7_5},
    {"TOMCAT_6_0", HTP_SERVER_GENERIC},  {"APACHE", HTP_SERVER_APACHE_2}, {"APACHE_2", HTP_SERVER_APACHE_2},
    {"APACHE_2_2", HTP_SERVER_APACHE_2},
};
constexpr NamedValue kDumped[] = {{"none", 0},
                                  {"both", kRequestHeaders | kResponseHeaders},
                                  {"request", kRequestHeaders},
                                  {"response", kResponseHeaders}};

constexpr OptionRow<Config> kOptions[] = {
    {LAPWING_HTP_KEY "personality", one_of<&Config::personality>(kPersonalities), "IDS",
     "the server whose reading of URLs is followed"},
    {LAPWING_HTP_KEY "request-body-limit", &Config::request_body_limit, "100kb",
     "bytes of a request's decoded body that are inspected; 0: all", Unit::bytes},
    {LAPWING_HTP_KEY "response-body-limit", &Config::response_body_limit, "100kb",
     "bytes of a response's decoded body that are inspected; 0: all", Unit::bytes},
    {LAPWING_HTP_KEY "response-body-decompress-layer-limit", &Config::response_layers, "2",
     "content encodings one upon the other that are undone; 0: none"},
    {LAPWING_HTP_KEY "double-decode-path", &Config::double_decode_path, "no",
     "undo percent encoding of the path twice"},
    {LAPWING_HTP_KEY "double-decode-query", &Config::double_decode_query, "no",
     "undo percent encoding of the query twice"},
    {LAPWING_HTP_KEY "query-plusspace-decode", &Config::plus_space, "no", "a plus sign in the query is a space"},
    {LAPWING_HTP_KEY "uri-include-all", &Config::include_all, "no",
     "http.uri keeps scheme, user, host and port of an absolute URI"},
    {LAPWING_HTP_KEY "lzma-enabled", &Config::lzma, "no", "undo LZMA content encoding"},
    {LAPWING_HTP_KEY "lzma-memlimit", &Config::lzma_memlimit, "1mb", "largest LZMA dictionary", Unit::bytes},
    {LAPWING_HTP_KEY "compression-bomb-limit", &Config::bomb_limit, "1mb",
     "decoded bytes beyond which a body that expands more than 2048 times is given up", Unit::bytes},
    {LAPWING_HTP_KEY "max-tx", &Config::max_tx, "512",
     "transactions of one flow that may be open at once; then the oldest is given up"},
    {LAPWING_HTP_KEY "headers-limit", &Config::headers_limit, "1024", "headers of one message that are kept"},
    {LAPWING_HTTP_RECORD_KEY "extended", &Config::extended, "yes",
     "http records show method, status, protocol, referer, redirect and length"},
    {LAPWING_HTTP_RECORD_KEY "custom", &Config::custom, "[]",
     "headers of either message that http records show, by name"},
    {LAPWING_HTTP_RECORD_KEY "dump-all-headers", one_of<&Config::dumped>(kDumped), "none",
     "http records show all headers of these messages"},
    {LAPWING_HTTP_ALERT_KEY "body", &Config::alert_body, "no",
     "alerts show the decoded bodies, as far as they are kept, in base64: http-body of the alert section"},
    {LAPWING_HTTP_ALERT_KEY "body-printable", &Config::alert_body_printable, "no",
     "the same with unprintable bytes as dots: http-body-printable"},
};

int decode_again(htp_tx_t* tx, bstr* part) {
  if (!part) return HTP_OK;
  uint64_t flags = 0;
  size_t before = bstr_len(part);
  if (htp_urldecode_inplace(tx->cfg, HTP_DECODER_URLENCODED, part, &flags) == HTP_OK && bstr_len(part) < before) {
    Parser::double_encoded(tx);
  }
  return HTP_OK;
}
int decode_path_again(htp_tx_t* tx) {
  return tx->parsed_uri ? decode_again(tx, tx->parsed_uri->path) : HTP_OK;
}
int decode_query_again(htp_tx_t* tx) {
  return tx->parsed_uri ? decode_again(tx, tx->parsed_uri->query) : HTP_OK;
}

htp_cfg_t* make(const Config& config) {
  htp_cfg_t* cfg = htp_config_create();
  if (!cfg) throw std::bad_alloc();
  htp_config_set_server_personality(cfg, static_cast<htp_server_personality_t>(config.personality));
  // libhtp's IDS personality lower-cases paths, which no rule expects.
  htp_config_set_convert_lowercase(cfg, HTP_DECODER_URL_PATH, 0);
  htp_config_set_parse_request_cookies(cfg, 0);
  htp_config_set_allow_space_uri(cfg, 1);
  htp_config_set_plusspace_decode(cfg, HTP_DECODER_URLENCODED, config.plus_space);
  // Content codings are undone by Decoder: libhtp's cannot be stopped, and gives up by the clock.
  htp_config_set_request_decompression(cfg, 0);
  htp_config_set_response_decompression(cfg, 0);
  htp_config_set_number_headers_limit(
      cfg, static_cast<uint32_t>(std::min<uint64_t>(config.headers_limit, 65535) + Parser::kFramingHeaders));
  // The parser enforces its own limits before libhtp sees a byte; libhtp's would depend on how the bytes are cut.
  htp_config_set_field_limits(cfg, 2 * Parser::kHeadersLimit, 4 * Parser::kHeadersLimit);
  if (config.double_decode_path) htp_config_register_request_uri_normalize(cfg, &decode_path_again);
  if (config.double_decode_query) htp_config_register_request_uri_normalize(cfg, &decode_query_again);
  Parser::register_callbacks(cfg);
  return cfg;
}

}  // namespace

struct Config::Library {
  ~Library() { htp_config_destroy(cfg); }
  std::once_flag once;
  htp_cfg_t* cfg = nullptr;
};

std::shared_ptr<Config::Library> Config::make_library() {
  return std::make_shared<Library>();
}

htp_cfg_t* Config::library() const {
  std::call_once(library_->once, [this] { library_->cfg = make(*this); });
  return library_->cfg;
}

std::span<const OptionRow<Config>> options() {
  return kOptions;
}

}  // namespace lapwing::http
