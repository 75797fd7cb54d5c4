#include "dissectors/protocols/http/http.h"

#include <algorithm>
#include <utility>

#include "dissectors/protocols/http/http_login.h"
#include "sensor/base/text.h"

namespace lapwing::http {

namespace {
constexpr uint16_t kPorts[] = {80, 8080, 8000, 3128};
constexpr std::string_view kAlso[] = {"http1"};
constexpr auto kServer = Direction::to_server;
constexpr auto kClient = Direction::to_client;
/// Decoded bytes for each coded one beyond which a body can serve no other purpose.
constexpr uint64_t kBombRatio = 2048;
/// Requests without transaction that wait for their response, for each that has one (max-tx).
constexpr uint64_t kGivenUpFactor = 4;
/// Methods, whatever they are, and HTTP; either behind empty lines.
constexpr ByteSet kRequestStarts = ByteSet::range('A', 'Z') | ByteSet::range('a', 'z') | bytes_of("-_ \t\r\n");
constexpr ByteSet kResponseStarts = bytes_of("H\r\n");

/// The protocol that a server went over to, by the first of its Upgrade header, or empty.
std::string_view upgraded(std::string_view header) {
  constexpr struct {
    std::string_view token, protocol;
  } kUpgrades[] = {{"websocket", "websocket"}, {"h2c", "http2"}, {"tls", "tls"}};  // RFC 6455, 7540 and 2817
  const std::string_view token = trim(header.substr(0, header.find_first_of(",/")));
  for (const auto& row : kUpgrades) {
    if (equal_nocase(token, row.token)) return row.protocol;
  }
  return {};
}

/// Half of a connection of remote procedure calls: its PDUs are the body, which only that side sends. A probe whether
/// the proxy is there has a short body, or none (MS-RPCH 2.1.2.1.1 to 2.1.2.1.5).
bool is_rpc_channel(const HttpTransaction& t, Direction direction) {
  constexpr std::string_view kMethods[] = {"RPC_IN_DATA", "RPC_OUT_DATA"};  // by Direction
  constexpr uint64_t kLeast = 128 << 10;                                    // bytes that a channel is told to have
  if (to_text(view(t.tx->request_method)) != kMethods[index(direction)]) return false;
  if (direction == kClient && t.tx->response_status_number != 200) return false;
  return parse_unsigned(t.header(direction, "content-length")).value_or(0) >= kLeast;
}
}  // namespace

constexpr FrameKind kFrames[] = {
    {"request", "a request from its first line to the end of its body"},
    {"response", "a response from its status line to the end of its body"},
};

constexpr ProgressState kStates[] = {
    {"request_line", Direction::to_server, kHeaders},  {"request_headers", Direction::to_server, kHeaders},
    {"request_body", Direction::to_server, kBody},     {"request_trailer", Direction::to_server, kComplete},
    {"response_line", Direction::to_client, kHeaders}, {"response_headers", Direction::to_client, kHeaders},
    {"response_body", Direction::to_client, kBody},    {"response_trailer", Direction::to_client, kComplete},
};

const About Http::about{.name = "http",
                        .transports = transport::tcp,
                        .ports = kPorts,
                        .help = "web traffic, HTTP/0.9 to 1.1",
                        .starts = {kRequestStarts, kResponseStarts}};

const Protocol Http::protocol{.name = "http",
                              .anomalies = anomaly_names(),
                              .records = http::records(),
                              .help = "web traffic, HTTP/0.9 to 1.1",
                              .also = kAlso,
                              .file = &carried_file,
                              .request_header = &request_header,
                              .facts = &facts,
                              .login = &told_login,
                              .sightings = &sightings,
                              .head = http::kHeaders,
                              .grows = http::kHeaders,
                              .loud_anomalies = true,
                              .frames = kFrames,
                              .states = kStates,
                              .words = http::rule_words(),
                              .in_alert = http::columns(),
                              .caps = kCaps,
                              .parts = kParts,
                              .extent = &record_extent};

uint64_t HttpTransaction::head_size() const {
  return view(tx->request_line).size() + view(tx->response_line).size() + raw_headers[0].size() + raw_headers[1].size();
}

Http::Http(const Config& config, const Out<Http>& out)
    : config_(config), out_(out), parser_(config.library(), config.headers_limit, *this) {}

Step Http::data(const Chunk& chunk) {
  if (parser_.stopped()) return Step::ok(chunk.data.size());
  auto& origin = origins_[index(chunk.direction)];
  if (!origin) origin = chunk.offset;
  Parser::Result result;
  if (!chunk.data.empty()) result = parser_.feed(chunk.direction, chunk.data);
  if (chunk.end && result.status == Parser::Status::ok) {
    broken_off_[index(chunk.direction)] = chunk.broken_off;
    result = parser_.close(chunk.direction);
    result.used = chunk.data.size();
  }
  return step(result, chunk.data.size());
}

Step Http::gap(Direction direction, uint64_t lost) {
  if (parser_.stopped()) return Step::ok(0);
  return step(parser_.gap(direction, lost), 0);
}

Step Http::step(const Parser::Result& result, size_t size) {
  parser_.throw_on();
  sweep();
  for (Anomaly name : std::exchange(pending_, {})) raise(nullptr, name, parser_.feeding());
  if (result.status == Parser::Status::failed) return Step::fail();
  if (result.status == Parser::Status::tunnel && next_protocol_) {
    out_.become(*next_protocol_);
    next_protocol_.reset();
  }
  return Step::ok(std::min(result.used, size));
}

void Http::finish() {
  if (finished_) return;
  finished_ = true;
  if (!parser_.stopped()) {
    if (parser_.close(kServer).status != Parser::Status::failed) parser_.close(kClient);
    parser_.throw_on();
  }
  if (late_) end_direction(*late_, kServer);
  for (auto& t : transactions_) {
    if (t->recorded) continue;
    if (t->request_seen) end_direction(*t, kServer);
    if (t->response_started) end_direction(*t, kClient);
    if (!t->recorded && (t->request_seen || t->response_started)) record(*t, kClient);
  }
}

HttpTransaction& Http::transaction(htp_tx_t* tx) {
  if (void* known = htp_tx_get_user_data(tx)) return *static_cast<HttpTransaction*>(known);
  auto& fresh = transactions_.emplace_back(std::make_unique<HttpTransaction>());
  out_.open(*fresh);
  fresh->tx = tx;
  fresh->config = &config_;
  htp_tx_set_user_data(tx, fresh.get());
  for (Anomaly name : std::exchange(pending_, {})) raise(fresh.get(), name, parser_.feeding());
  return *fresh;
}

HttpTransaction& Http::with_late_body(const HttpTransaction& t) {
  if (late_ && late_->tx == t.tx) return *late_;
  if (late_) end_direction(*late_, kServer);
  late_ = std::make_unique<HttpTransaction>();
  late_->id = t.id;
  late_->number = t.number;
  late_->tx = t.tx;
  late_->config = &config_;
  late_->request_seen = true;
  late_->uri = t.uri;
  late_->headers_whole = t.headers_whole;
  late_->raw_headers = t.raw_headers;
  late_->progress[index(kServer)] = late_->inspected[index(kServer)] = kHeaders;
  open_decoder(*late_, kServer);
  return *late_;
}

void Http::request_start(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  unanswered_.push_back(tx);
  t.begin[index(kServer)] = offset(kServer);
  out_.frame(Pdu::request, kServer, offset(kServer), kOpenLength, &t);
  if (config_.max_tx && transactions_.size() > config_.max_tx) give_up_oldest(t);
}

/// Too many requests wait for their response: the oldest is recorded as it is. Its response, should it come after all,
/// is one that no request explains.
void Http::give_up_oldest(const HttpTransaction& newest) {
  const auto oldest = std::ranges::find_if(transactions_, [](const auto& t) { return !t->response_started; });
  if (oldest == transactions_.end() || oldest->get() == &newest) return;
  HttpTransaction& t = **oldest;
  if (!std::exchange(told_max_tx_, true)) raise(&t, kTooManyWarnings, kServer);
  end_direction(t, kServer);
  if (!t.recorded) record(t, kServer);
  --recorded_;
  htp_tx_set_user_data(t.tx, nullptr);
  Parser::shrink(t.tx);
  transactions_.erase(oldest);
  ++given_up_;
  out_.capped(Cap::tx);
}

void Http::request_line(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  t.request_seen = true;
  t.uri = normalised_uri(*tx, config_.include_all);
  // The line is published with the headers: an alert on a URI shall show the host it was asked of.
}

void Http::request_headers(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  t.headers_over(kServer);
  request_anomalies(*tx, [&](Anomaly name) { raise(&t, name, kServer); });
  open_decoder(t, kServer);
  take_credentials(t);
  advance(t, kServer, kHeaders);
  check_channel(t, kServer);
}

void Http::response_start(htp_tx_t* tx) {
  if (tx == awaiting()) {
    unanswered_.pop_front();
    if (!htp_tx_get_user_data(tx)) --given_up_;
  }
  HttpTransaction& t = transaction(tx);
  t.response_started = true;
  t.begin[index(kClient)] = offset(kClient);
  out_.frame(Pdu::response, kClient, offset(kClient), kOpenLength, &t);
  if (!t.request_seen) t.progress[index(kServer)] = kComplete;
}

void Http::response_line(htp_tx_t* tx) {
  // An interim answer (RFC 9110 15.2) is followed by another status line: nothing of it is final.
  transaction(tx).raw_headers[index(kClient)].clear();
}

void Http::response_headers(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  // After an interim answer libhtp takes the second status line for a part of the headers.
  std::string& raw = t.raw_headers[index(kClient)];
  if (tx->seen_100continue && raw.starts_with(to_text(view(tx->response_line)))) raw.erase(0, raw.find('\n') + 1);
  t.headers_over(kClient);
  open_decoder(t, kClient);
  take_challenges(t);
  advance(t, kClient, kHeaders);
  check_channel(t, kClient);
}

void Http::raw_headers(htp_tx_t* tx, Direction direction, Bytes bytes) {
  auto& raw = transaction(tx).raw_headers[index(direction)];
  if (raw.size() + bytes.size() <= 2 * Parser::kHeadersLimit) raw.append(to_text(bytes));
}

/// Takes what a decoder makes of a body.
class Http::BodyTaker final : public Decoder::Taker {
 public:
  BodyTaker(Http& http, HttpTransaction& t, Direction direction, const Decoder& decoder)
      : http_(http), t_(t), direction_(direction), decoder_(decoder) {}
  bool work(uint64_t made) override { return http_.may_decode(t_, direction_, made); }
  bool take(Bytes part) override {
    http_.plain_body(t_, direction_, part, 0);
    if (!t_.body(direction_).truncated) return true;
    // What is kept is full; whether this is a bomb shows beyond.
    return decoder_.unbounded() && decoder_.decoded() <= http_.config_.bomb_limit;
  }

 private:
  Http& http_;
  HttpTransaction& t_;
  Direction direction_;
  const Decoder& decoder_;
};

void Http::open_decoder(HttpTransaction& t, Direction direction) {
  if (!out_.contents()) return;
  const std::string_view content = t.header(direction, "content-encoding");
  const std::string_view transfer = t.header(direction, "transfer-encoding");
  if (content.empty() && transfer.empty()) return;
  const Codings codings = parse_codings(content, transfer, config_.response_layers, config_.lzma);
  if (codings.abnormal) raise(&t, kAbnormalContentEncoding, direction);
  if (codings.too_many_layers) raise(&t, kTooManyEncodingLayers, direction);
  if (codings.outermost_first.empty()) return;
  t.decoders[index(direction)] = std::make_unique<Decoder>(codings.outermost_first, config_.lzma_memlimit);
}

void Http::close_decoder(HttpTransaction& t, Direction direction) {
  const auto decoder = std::exchange(t.decoders[index(direction)], nullptr);
  if (!decoder) return;
  BodyTaker taker(*this, t, direction, *decoder);
  decoder->end(taker);
  if (decoder->failed()) raise(&t, kGzipDecompressionFailed, direction);
  if (decoder->memory_limit()) raise(&t, kLzmaMemlimitReached, direction);
  if (decoder->decoded() > config_.bomb_limit && decoder->decoded() / kBombRatio > decoder->coded()) {
    raise(&t, kCompressionBomb, direction);
  }
}

bool Http::may_decode(HttpTransaction& t, Direction direction, uint64_t bytes) {
  decoded_ += bytes;
  if (decoded_ > out_.limit(Cap::decoded)) {
    raise(&t, kCompressionBombLimitReached, direction);
    end_body(t, direction, file::State::truncated);
    return false;
  }
  if (out_.work(bytes)) return true;
  parser_.abandon();
  return false;
}

void Http::body(htp_tx_t* tx, Direction direction, Bytes bytes, uint64_t lost) {
  HttpTransaction& known = transaction(tx);
  known.bodies[index(direction)].begin(bytes, lost);
  if (!out_.contents()) {
    if (direction == kClient) known.response_started = true;
    return;
  }
  const bool late = direction == kServer && known.progress[index(kServer)] == kComplete;
  HttpTransaction& t = late ? with_late_body(known) : known;
  if (direction == kClient) t.response_started = true;
  Decoder* decoder = t.decoders[index(direction)].get();
  if (!decoder) return plain_body(t, direction, bytes, lost);
  if (lost > 0) {
    BodyTaker taker(*this, t, direction, *decoder);
    decoder->end(taker);
    return plain_body(t, direction, {}, lost);
  }
  BodyTaker taker(*this, t, direction, *decoder);
  decoder->decode(bytes, taker);
}

void Http::plain_body(HttpTransaction& t, Direction direction, Bytes bytes, uint64_t lost) {
  Body& body = t.bodies[index(direction)];
  if (body.truncated) return;
  const uint64_t set = direction == kServer ? config_.request_body_limit : config_.response_body_limit;
  const uint64_t keep = set ? set : UINT64_MAX;  // bytes for inspection
  if (lost == 0 && !body.final && body.size < keep && bytes.size() > keep - body.size) {
    // What fits comes first: a rule that wants the file stored must have spoken before the body is cut.
    const auto fits = static_cast<size_t>(keep - body.size);
    plain_body(t, direction, bytes.first(fits), 0);
    bytes = bytes.subspan(fits);
  }
  file::File* file = begin_body(t, direction);
  const uint64_t count = lost ? lost : bytes.size();
  uint64_t limit = keep;
  if (file && !body.final && body.size >= keep) out_.file(t, direction, *file, {}, false);
  if (file) limit = std::max(limit, file->depth);
  const uint64_t taken = std::min<uint64_t>(count, limit - body.size);
  const bool over = taken < count;
  body.size += taken;
  body.gap |= lost > 0;
  if (file && lost > 0) file->gaps = true;
  if (!body.final && lost == 0) {
    const Bytes part = bytes.first(static_cast<size_t>(taken));
    // Of requests forms are read.
    const uint64_t most = direction == kServer ? keep : out_.kept(keep);
    const auto kept =
        static_cast<size_t>(std::min<uint64_t>(part.size(), most - std::min<uint64_t>(most, body.bytes.size())));
    body.bytes.append(to_text(part.first(kept)));
    if (file) {
      file->after(part, kept);
      out_.file(t, direction, *file, part, false);
    }
  }
  if (over) end_body(t, direction, file::State::truncated);
  body.truncated = over;
}

/// The file that the body is, begun with its first byte; null when it is none or its parts are files.
file::File* Http::begin_body(HttpTransaction& t, Direction direction) {
  Body& body = t.bodies[index(direction)];
  if (!body.begun) {
    body.begun = true;
    open_file(t, direction);
    if (body.is_file) out_.file(t, direction, t.files[index(direction)].front(), {}, false);
  }
  return body.is_file ? &t.files[index(direction)].front() : nullptr;
}

void Http::complete(htp_tx_t* tx, Direction direction) {
  HttpTransaction& t = transaction(tx);
  const file::State state = broken_off_[index(direction)] ? file::State::truncated : file::State::closed;
  if (direction == kServer && late_ && late_->tx == tx) {
    end_direction(*late_, kServer, state);
    // Rules over both sides look when the answer comes.
    Body &told = t.bodies[index(kServer)], &late = late_->bodies[index(kServer)];
    if (told.size == 0) {
      told = std::move(late);
    } else {
      told.bytes += late.bytes;
      told.size += late.size;
    }
    late_.reset();
    return;
  }
  out_.end_frame(direction == kServer ? Pdu::request : Pdu::response, direction,
                 origins_[index(direction)].value_or(0) + parser_.end_of_message(direction), &t);
  if (direction == kClient) check_switch(t);
  end_direction(t, direction, state);
}

/// CONNECT (RFC 9110 9.3.6) and Upgrade (7.8): what follows this answer is another protocol, on both sides. One that is
/// not known leaves the flow HTTP's, of which nothing more comes.
void Http::check_switch(HttpTransaction& t) {
  const int status = t.tx->response_status_number;
  if (t.tx->request_method_number == HTP_M_CONNECT && status >= 200 && status < 300) {
    next_protocol_ = std::string_view{};
  } else if (status == Parser::kSwitchingProtocols) {
    const std::string_view name = upgraded(t.header(kClient, "upgrade"));
    if (!name.empty() && out_.knows(name)) next_protocol_ = name;
  } else {
    return;
  }
  parser_.stop();
  end_direction(t, kServer);
}

/// What follows the headers is remote procedure calls, of which this connection carries one side.
void Http::check_channel(HttpTransaction& t, Direction direction) {
  if (!is_rpc_channel(t, direction) || !out_.knows("dcerpc")) return;
  next_protocol_ = "dcerpc";
  parser_.stop();
  out_.end_frame(direction == kServer ? Pdu::request : Pdu::response, direction,
                 origins_[index(direction)].value_or(0) + parser_.end_of_message(direction), &t);
  end_direction(t, direction);
}

void Http::log(htp_tx_t* tx, Direction direction, std::string_view message) {
  auto name = anomaly_of(message);
  if (!name) return;
  if (message == Parser::kTooManyMessages) out_.capped(Cap::messages);
  if (tx) {
    raise(&transaction(tx), *name, direction);
  } else {
    pending_.push_back(*name);
  }
}

void Http::too_long(Direction direction) {
  htp_tx_t* now = parser_.current(direction);
  const Anomaly name = direction == kServer ? kRequestFieldTooLong : kResponseFieldTooLong;
  if (now) {
    raise(&transaction(now), name, direction);
  } else {
    pending_.push_back(name);
  }
}

htp_tx_t* Http::awaiting() const {
  return unanswered_.empty() ? nullptr : unanswered_.front();
}

void Http::raise(HttpTransaction* t, Anomaly name, Direction direction) {
  constexpr struct {
    Anomaly name;
    Cap cap;
  } kOfCaps[] = {{kCompressionBombLimitReached, Cap::decoded},
                 {kRequestHeaderRepetition, Cap::repetitions},
                 {kResponseHeaderRepetition, Cap::repetitions},
                 {kFileNameTooLong, Cap::filename}};
  for (const auto& row : kOfCaps) {
    if (row.name == name) out_.capped(row.cap);
  }
  out_.anomaly(name, direction, t);
}

void Http::advance(HttpTransaction& t, Direction direction, uint8_t stage) {
  if (t.progress[index(direction)] < stage) out_.reach(t, direction, stage, t.kept_size());
}

/// The body will not grow any more: its files are known.
void Http::end_body(HttpTransaction& t, Direction direction, file::State state) {
  Body& body = t.bodies[index(direction)];
  if (body.final) return;
  body.final = true;
  // A form is looked at as a whole, for its parts.
  if (direction == kServer && !body.is_file && !out_.work(body.bytes.size())) return parser_.abandon();
  end_files(t, direction, state);
  if (state != file::State::closed) advance(t, direction, kBody);
}

void Http::end_direction(HttpTransaction& t, Direction direction, file::State state) {
  if (t.progress[index(direction)] == kComplete) return;
  close_decoder(t, direction);
  end_body(t, direction, state);
  t.grown[index(direction)] = t.has_trailers(direction);
  advance(t, direction, kComplete);
  for (auto& file : t.files[index(direction)]) out_.file(t, direction, file, {}, true);
  if (direction == kServer && t.progress[index(kClient)] != kComplete && !t.recorded && &t != late_.get()) {
    t.files_wait = true;
  } else {
    record_files(t, direction);
  }
  if (t.progress[0] == kComplete && t.progress[1] == kComplete) record(t, direction);
}

void Http::record_files(HttpTransaction& t, Direction direction) {
  for (auto& file : t.files[index(direction)]) {
    out_.emit({.tx = &t,
               .direction = direction,
               .record = &http::records()[1],
               .detail = &file,
               .file = &file,
               .reversed = direction == kClient,
               .message = t.head_size()});
  }
}

void Http::record(HttpTransaction& t, Direction direction) {
  t.recorded = true;
  ++recorded_;
  if (t.files_wait) record_files(t, kServer);
  if (t.login) t.login->end(login_outcome(t.tx->response_status_number));
  out_.emit({.tx = &t, .direction = direction, .record = &http::records()[0], .message = t.kept_size()});
  if (!t.login || !t.login->ntlmssp()) return;
  out_.emit({.tx = &t, .direction = direction, .record = &http::records()[2], .message = t.head_size()});
}

/// A server that answers none of so many requests has nothing to say that could be told from one answer: only requests
/// are followed from here on.
void Http::sweep_given_up() {
  if (given_up_ > kGivenUpFactor * config_.max_tx) unanswering_ = true;
  if (!unanswering_) return;
  parser_.leave(kClient);
  while (given_up_ > 0 && !unanswered_.empty() && !parser_.at(awaiting()) && !htp_tx_get_user_data(awaiting())) {
    parser_.discard(awaiting());
    unanswered_.pop_front();
    --given_up_;
  }
}

/// Forgets what is complete. Only between calls into libhtp.
void Http::sweep() {
  sweep_given_up();
  auto over = [this](const HttpTransaction& t) {
    return t.recorded && t.tx->request_progress == HTP_REQUEST_COMPLETE &&
           t.tx->response_progress == HTP_RESPONSE_COMPLETE && !parser_.at(t.tx) && !(late_ && late_->tx == t.tx);
  };
  auto forget = [this](const HttpTransaction& t) {
    if (t.tx == awaiting()) unanswered_.pop_front();
    parser_.forget(t.tx);
    --recorded_;
  };
  // Transactions end in their order, but for those whose response came before the end of their request.
  while (recorded_ > 0 && !transactions_.empty() && over(*transactions_.front())) {
    forget(*transactions_.front());
    transactions_.pop_front();
  }
  if (recorded_ == 0) return;
  std::erase_if(transactions_, [&](const auto& t) {
    if (!over(*t)) return false;
    forget(*t);
    return true;
  });
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Http>();

}  // namespace lapwing::http
