// HTTP/1 (RFC 9112, with what servers and clients really do): transactions, bodies, files.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/parts/file/file.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/gss/gss.h"
#include "dissectors/protocols/http/http_anomaly.h"
#include "dissectors/protocols/http/http_config.h"
#include "dissectors/protocols/http/http_decoder.h"
#include "dissectors/protocols/http/http_parser.h"

namespace lapwing::http {

// Progress of either direction of a transaction.
inline constexpr uint8_t kLine = 1;  // request or status line
inline constexpr uint8_t kHeaders = 2;
inline constexpr uint8_t kBody = 3;  // final: whole, cut at the limit, or broken off

/// A decoded body, as far as it is kept.
struct Body {
  static constexpr size_t kStart = 8;
  std::string start;   // its first bytes as sent, whether more is kept or not; zeros for those that were lost
  std::string bytes;   // that came, up to the limit
  uint64_t size = 0;   // what came, and what was lost, up to the limit
  bool final = false;  // no more bytes are kept
  bool gap = false;
  bool truncated = false;
  bool begun = false;
  bool is_file = false;  // files[0] is the body as a whole

  void begin(Bytes part, uint64_t lost) {
    const size_t room = kStart - start.size();
    start.append(to_text(part.first(std::min(room, part.size()))));
    if (lost > 0) start.append(static_cast<size_t>(std::min<uint64_t>(room, lost)), '\0');
  }
};

/// [W]
struct HttpTransaction : Transaction {
  htp_tx_t* tx = nullptr;
  const Config* config = nullptr;
  bool request_seen = false;  // false: a response that no request explains
  bool response_started = false;
  bool recorded = false;
  bool files_wait = false;                  // those of the request: their records show the answer
  std::string uri;                          // normalised
  std::array<bool, 2> headers_whole = {};   // all of a direction's headers were seen
  std::array<size_t, 2> headers_size = {};  // what they are of raw_headers
  std::array<std::string, 2> raw_headers;   // as sent, with the empty line and trailers
  std::array<HeaderNames, 2> names;         // of those that are whole
  std::array<Body, 2> bodies;
  std::array<std::unique_ptr<Decoder>, 2> decoders;  // while a body comes that has codings
  std::array<std::vector<file::File>, 2> files;      // their content lies in the bodies
  std::unique_ptr<gss::Login> login;                 // that the request brings by GSS-API
  bool login_to_proxy = false;

  uint64_t head_size() const;  // bytes of first lines and headers, both ways
  uint64_t kept_size() const { return head_size() + bodies[0].bytes.size() + bodies[1].bytes.size(); }
  void headers_over(Direction direction) {
    headers_whole[index(direction)] = true;
    headers_size[index(direction)] = raw_headers[index(direction)].size();
    names[index(direction)].read(headers(direction));
  }
  /// Behind a chunked body (RFC 9112 7.1.2), and more than its empty line.
  bool has_trailers(Direction direction) const {
    constexpr size_t kEmptyLine = 2;
    return raw_headers[index(direction)].size() > headers_size[index(direction)] + kEmptyLine;
  }
  const Body& body(Direction direction) const { return bodies[index(direction)]; }
  const htp_table_t* headers(Direction direction) const {
    return direction == Direction::to_server ? tx->request_headers : tx->response_headers;
  }
  /// Null when there is none; `name` is in small letters.
  const htp_header_t* find(Direction direction, const char* name) const {
    return names[index(direction)].find(headers(direction), name);
  }
  /// Its value, or empty.
  std::string_view header(Direction direction, const char* name) const;
};

/// What http_columns.cc brings.
Table columns();
std::span<const Word> rule_words();
std::span<const RecordRow> records();
RecordExtent record_extent(const void* config, std::string_view record);
std::string_view request_header(const Transaction& tx, std::string_view name);
void facts(const Event& event, Facts& out);
void sightings(const Event& event, SightingSink& sink);
bool told_login(const Event& event, LoginSeen& login);
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t index);

/// The URI after decoding, without scheme and host unless `include_all` (http_uri.cc).
std::string normalised_uri(const htp_tx_t& tx, bool include_all);

class Http final : private ParserEvents {
 public:
  using Config = http::Config;
  using Anomaly = http::Anomaly;
  enum class Pdu : uint8_t { request, response };
  enum class Cap : uint8_t { tx, decoded, messages, repetitions, parts, boundary, filename };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0,
       "open transactions, by max-tx; the oldest that has no answer is recorded as it is, and followed no further"},
      {"decoded", 64 << 20, "bytes that the content codings of a flow's bodies make; what lies beyond is not decoded"},
      {"messages", Parser::kMaxMessages, "faults of one flow; it is followed no further"},
      {"repetitions", HeaderTable::kMaxRepetitions, "values of headers of one name that are joined"},
      {"parts", 512, "files of one form"},
      {"boundary", 200, "bytes of a form's boundary; one with a longer boundary is no form"},
      {"filename", 4096, "bytes of a file's name; a longer one is cut"},
  };
  static constexpr Carried kParts[] = {{&file::Files::part}, {&gss::Gss::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return http::options(); }
  static Likelihood probe(const Chunk& first);

  Http(const Config& config, const Out<Http>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  void request_start(htp_tx_t* tx) override;
  void request_line(htp_tx_t* tx) override;
  void request_headers(htp_tx_t* tx) override;
  void response_start(htp_tx_t* tx) override;
  void response_line(htp_tx_t* tx) override;
  void response_headers(htp_tx_t* tx) override;
  void raw_headers(htp_tx_t* tx, Direction direction, Bytes bytes) override;
  void body(htp_tx_t* tx, Direction direction, Bytes bytes, uint64_t lost) override;
  void complete(htp_tx_t* tx, Direction direction) override;
  void log(htp_tx_t* tx, Direction direction, std::string_view message) override;
  void too_long(Direction direction) override;
  htp_tx_t* awaiting() const override;

  HttpTransaction& transaction(htp_tx_t* tx);
  HttpTransaction& with_late_body(const HttpTransaction& t);
  void give_up_oldest(const HttpTransaction& newest);
  class BodyTaker;
  void open_decoder(HttpTransaction& t, Direction direction);
  void close_decoder(HttpTransaction& t, Direction direction);
  bool may_decode(HttpTransaction& t, Direction direction, uint64_t bytes);
  /// Bytes of a body as they are meant.
  void plain_body(HttpTransaction& t, Direction direction, Bytes bytes, uint64_t lost);
  /// Of the piece that libhtp has, in the stream.
  uint64_t offset(Direction direction) const {
    return origins_[index(direction)].value_or(0) + parser_.consumed(direction);
  }
  Step step(const Parser::Result& result, size_t size);
  void advance(HttpTransaction& t, Direction direction, uint8_t stage);
  void end_direction(HttpTransaction& t, Direction direction, file::State state = file::State::truncated);
  file::File* begin_body(HttpTransaction& t, Direction direction);
  void end_body(HttpTransaction& t, Direction direction, file::State state);
  // http_files.cc
  /// The body begins: where it is a file as a whole, files[0] follows it.
  void open_file(HttpTransaction& t, Direction direction);
  /// The body is final: its file is over, or the parts of a form become files.
  void end_files(HttpTransaction& t, Direction direction, file::State state);
  void follow_body(HttpTransaction& t, Direction direction, std::string name);
  void add_parts(HttpTransaction& t, std::string_view boundary, file::State state);
  std::string form_boundary(const HttpTransaction& t);
  std::string cut_name(HttpTransaction& t, Direction direction, std::string name);
  // http_login.cc
  void take_credentials(HttpTransaction& t);
  void take_challenges(HttpTransaction& t);
  bool take_token(HttpTransaction& t, gss::Login& login, std::string_view coded, Direction direction);
  void record(HttpTransaction& t, Direction direction);
  void record_files(HttpTransaction& t, Direction direction);
  void check_switch(HttpTransaction& t);
  void check_channel(HttpTransaction& t, Direction direction);
  void raise(HttpTransaction* t, Anomaly name, Direction direction);
  void sweep();
  void sweep_given_up();

  const Config& config_;
  Out<Http> out_;
  Parser parser_;
  std::deque<std::unique_ptr<HttpTransaction>> transactions_;
  /// A request that was complete when a body came after all: it is looked at again, behind its head.
  std::unique_ptr<HttpTransaction> late_;
  std::deque<htp_tx_t*> unanswered_;                // requests whose response has not begun, oldest first
  size_t recorded_ = 0;                             // of transactions_, those that sweep() may forget
  size_t given_up_ = 0;                             // of unanswered_, those without a transaction
  uint64_t decoded_ = 0;                            // bytes that content codings made, in all their layers
  std::vector<Anomaly> pending_;                    // of a transaction that libhtp is about to start
  std::array<std::optional<uint64_t>, 2> origins_;  // where each side of the stream became HTTP
  std::optional<std::string_view> next_protocol_;
  std::array<std::unique_ptr<gss::Login>, 2> logins_;  // of the connection: to the server, to a proxy
  std::array<bool, 2> broken_off_{};                   // what a side still has open ends before more that was sent
  bool told_max_tx_ = false, unanswering_ = false, finished_ = false;
};

}  // namespace lapwing::http
