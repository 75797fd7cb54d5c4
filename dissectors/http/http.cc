#include "dissectors/http/http.h"

#include <algorithm>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing::http {

namespace {
constexpr uint16_t kPorts[] = {80, 8080, 8000, 3128};
constexpr auto kServer = Direction::to_server;
constexpr auto kClient = Direction::to_client;
}  // namespace

enum Frame : uint8_t { kRequest, kResponse };
constexpr FrameKind kFrames[] = {
    {"request", "a request from its first line to the end of its body"},
    {"response", "a response from its status line to the end of its body"},
};

constexpr ProgressState kStates[] = {
    {"request_line", Direction::to_server, kHeaders},    {"request_headers", Direction::to_server, kHeaders},
    {"request_body", Direction::to_server, kBody},       {"request_trailer", Direction::to_server, kComplete},
    {"response_line", Direction::to_client, kHeaders},   {"response_headers", Direction::to_client, kHeaders},
    {"response_body", Direction::to_client, kBody},      {"response_trailer", Direction::to_client, kComplete},
};

const About Http::about{"http", transport::tcp, kPorts, "web traffic, HTTP/0.9 to 1.1"};

const Protocol Http::protocol{.name = "http",
                              .fields = http::fields(),
                              .anomalies = anomaly_names(),
                              .records = http::records(),
                              .write_in_alert = &write_in_alert,
                              .help = "web traffic, HTTP/0.9 to 1.1",
                              .file = &carried_file,
                              .request_header = &request_header,
                              .head = http::kHeaders,
                              .loud_anomalies = true,
                              .frames = kFrames,
                              .states = kStates};

std::string_view header(const htp_table_t* headers, const char* name) {
  const auto* found = static_cast<const htp_header_t*>(headers ? htp_table_get_c(headers, name) : nullptr);
  return found ? to_text(view(found->value)) : std::string_view{};
}
Http::Http(const Config& config) : config_(config), parser_(config.library(), *this) {}

Step Http::data(const Chunk& chunk, EventSink& sink) {
  sink_ = &sink;
  auto& origin = origins_[index(chunk.direction)];
  if (!origin) origin = chunk.offset;
  Parser::Result result;
  if (!chunk.data.empty()) result = parser_.feed(chunk.direction, chunk.data);
  if (chunk.end && result.status == Parser::Status::ok) {
    result = parser_.close(chunk.direction);
    result.used = chunk.data.size();
  }
  return step(result, chunk.data.size());
}

Step Http::gap(Direction direction, uint64_t lost, EventSink& sink) {
  sink_ = &sink;
  return step(parser_.gap(direction, lost), 0);
}

Step Http::step(const Parser::Result& result, size_t size) {
  sweep();
  for (Anomaly name : std::exchange(pending_, {})) raise(nullptr, name, parser_.feeding());
  if (result.status == Parser::Status::failed) return Step::fail();
  if (result.status == Parser::Status::tunnel && next_protocol_) {
    sink_->change_protocol(*next_protocol_);
    next_protocol_.reset();
  }
  return Step::ok(std::min(result.used, size));
}

void Http::finish(EventSink& sink) {
  if (finished_) return;
  finished_ = true;
  sink_ = &sink;
  if (!parser_.stopped()) {
    if (parser_.close(kServer).status != Parser::Status::failed) parser_.close(kClient);
  }
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
  fresh->id = next_id_++;
  fresh->tx = tx;
  htp_tx_set_user_data(tx, fresh.get());
  for (Anomaly name : std::exchange(pending_, {})) raise(fresh.get(), name, parser_.feeding());
  return *fresh;
}

bool Http::request_start(htp_tx_t* tx) {
  if (config_.max_tx && transactions_.size() >= config_.max_tx) {
    raise(nullptr, kTooManyWarnings, kServer);
    return false;
  }
  HttpTransaction& t = transaction(tx);
  sink_->frame(kRequest, kServer, offset(kServer), kOpenLength, &t);
  return true;
}

void Http::request_line(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  t.request_seen = true;
  t.uri = normalised_uri(*tx, config_.include_all);
  // The line is published with the headers: an alert on a URI shall show the host it was asked of.
}

void Http::request_headers(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  t.headers_whole[index(kServer)] = true;
  request_anomalies(*tx, [&](Anomaly name) { raise(&t, name, kServer); });
  advance(t, kServer, kHeaders);
}

void Http::response_start(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  t.response_started = true;
  sink_->frame(kResponse, kClient, offset(kClient), kOpenLength, &t);
  if (!t.request_seen) t.progress[index(kServer)] = kComplete;
}

void Http::response_line(htp_tx_t* tx) {
  // An interim answer (RFC 9110 15.2) is followed by another status line: nothing of it is final.
  transaction(tx).raw_headers[index(kClient)].clear();
}

void Http::response_headers(htp_tx_t* tx) {
  HttpTransaction& t = transaction(tx);
  t.headers_whole[index(kClient)] = true;
  // After an interim answer libhtp takes the second status line for a part of the headers.
  std::string& raw = t.raw_headers[index(kClient)];
  if (tx->seen_100continue && raw.starts_with(to_text(view(tx->response_line)))) raw.erase(0, raw.find('\n') + 1);
  advance(t, kClient, kHeaders);
}

void Http::raw_headers(htp_tx_t* tx, Direction direction, Bytes bytes) {
  auto& raw = transaction(tx).raw_headers[index(direction)];
  if (raw.size() + bytes.size() <= 2 * Parser::kHeadersLimit) raw.append(to_text(bytes));
}

void Http::body(htp_tx_t* tx, Direction direction, Bytes bytes, uint64_t lost) {
  HttpTransaction& t = transaction(tx);
  if (direction == kClient) t.response_started = true;
  Body& body = t.bodies[index(direction)];
  if (body.truncated) return;
  const uint64_t set = direction == kServer ? config_.request_body_limit : config_.response_body_limit;
  const uint64_t keep = set ? set : UINT64_MAX;  // bytes for inspection
  if (lost == 0 && !body.final && body.size < keep && bytes.size() > keep - body.size) {
    // What fits comes first: a rule that wants the file stored must have spoken before the body is cut.
    const auto fits = static_cast<size_t>(keep - body.size);
    this->body(tx, direction, bytes.first(fits), 0);
    bytes = bytes.subspan(fits);
  }
  file::File* file = begin_body(t, direction);
  const uint64_t count = lost ? lost : bytes.size();
  uint64_t limit = keep;
  if (file && !body.final && body.size >= keep) sink_->file(t, direction, *file, {}, false);
  if (file) limit = std::max(limit, file->depth);
  const uint64_t taken = std::min<uint64_t>(count, limit - body.size);
  const bool over = taken < count;
  body.size += taken;
  body.gap |= lost > 0;
  if (!body.final && lost == 0) {
    const Bytes part = bytes.first(static_cast<size_t>(taken));
    const size_t kept = static_cast<size_t>(std::min<uint64_t>(part.size(), keep - body.bytes.size()));
    body.bytes.append(to_text(part.first(kept)));
    if (file) {
      file->after(part, kept);
      sink_->file(t, direction, *file, part, false);
      if (file->has_head()) advance(t, direction, kFileHead);
    }
  }
  if (lost || over) end_body(t, direction, file::State::truncated);
  body.truncated = over;
  if (file && file->gaps) file->size = body.size;
}

/// The file that the body is, begun with its first byte; null when it is none or its parts are files.
file::File* Http::begin_body(HttpTransaction& t, Direction direction) {
  Body& body = t.bodies[index(direction)];
  if (!body.begun) {
    body.begun = true;
    std::vector<Anomaly> anomalies;
    open_file(t, direction, anomalies);
    raise_all(t, anomalies, direction);
    if (body.is_file) advance(t, direction, kFileName);
  }
  return body.is_file ? &t.files[index(direction)].front() : nullptr;
}

void Http::raise_all(HttpTransaction& t, const std::vector<Anomaly>& names, Direction direction) {
  for (Anomaly name : names) raise(&t, name, direction);
}

void Http::complete(htp_tx_t* tx, Direction direction) {
  HttpTransaction& t = transaction(tx);
  sink_->end_frame(direction == kServer ? kRequest : kResponse, direction, offset(direction) + parser_.piece(), &t);
  if (direction == kClient) check_switch(t);
  end_body(t, direction, file::State::closed);
  end_direction(t, direction);
}

/// CONNECT (RFC 9110 9.3.6) and Upgrade (7.8): what follows this answer is another protocol.
void Http::check_switch(HttpTransaction& t) {
  const int status = t.tx->response_status_number;
  if (t.tx->request_method_number == HTP_M_CONNECT && status >= 200 && status < 300) {
    next_protocol_ = std::string_view{};
    end_direction(t, kServer);
  } else if (status == 101) {
    std::string_view upgrade = header(t.tx->response_headers, "upgrade");
    if (upgrade == "h2c") next_protocol_ = "http2";
    if (equal_nocase(upgrade, "websocket")) next_protocol_ = "websocket";
  }
  if (next_protocol_) parser_.stop();
}

void Http::log(htp_tx_t* tx, Direction direction, std::string_view message) {
  auto name = anomaly_of(message);
  if (!name) return;
  if (tx) {
    raise(&transaction(tx), *name, direction);
  } else {
    pending_.push_back(*name);
  }
}

void Http::too_long(Direction direction) {
  const htp_tx_t* now = parser_.current(direction);
  auto found = std::ranges::find_if(transactions_, [now](const auto& t) { return t->tx == now; });
  raise(found == transactions_.end() ? nullptr : found->get(),
        direction == kServer ? kRequestFieldTooLong : kResponseFieldTooLong, direction);
}

htp_tx_t* Http::awaiting() const {
  auto found = std::ranges::find_if(transactions_, [](const auto& t) { return !t->response_started; });
  return found == transactions_.end() ? nullptr : (*found)->tx;
}

void Http::raise(HttpTransaction* t, Anomaly name, Direction direction) {
  // A hostile message can break the same rule in every line; its name is worth one report.
  if (t && std::ranges::find(t->anomalies, name) != t->anomalies.end()) return;
  sink_->anomaly(protocol, t, name, direction);
}

void Http::advance(HttpTransaction& t, Direction direction, uint8_t stage) {
  uint8_t& progress = t.progress[index(direction)];
  if (progress >= stage) return;
  progress = stage;
  sink_->emit({.protocol = &protocol, .tx = &t, .direction = direction});
}

/// The body will not grow any more: its files are known.
void Http::end_body(HttpTransaction& t, Direction direction, file::State state) {
  Body& body = t.bodies[index(direction)];
  if (body.final) return;
  body.final = true;
  std::vector<Anomaly> anomalies;
  end_files(t, direction, state, anomalies);
  raise_all(t, anomalies, direction);
  if (state != file::State::closed) advance(t, direction, kBody);
}

void Http::end_direction(HttpTransaction& t, Direction direction) {
  if (t.progress[index(direction)] == kComplete) return;
  end_body(t, direction, file::State::truncated);
  advance(t, direction, kComplete);
  for (auto& file : t.files[index(direction)]) {
    sink_->file(t, direction, file, {}, true);
    sink_->emit({.protocol = &protocol,
                 .tx = &t,
                 .direction = direction,
                 .record = &http::records()[1],
                 .detail = &file,
                 .file = &file,
                 .reversed = direction == kClient});
  }
  if (t.progress[0] == kComplete && t.progress[1] == kComplete) record(t, direction);
}

void Http::record(HttpTransaction& t, Direction direction) {
  t.recorded = true;
  sink_->emit({.protocol = &protocol, .tx = &t, .direction = direction, .record = &http::records()[0]});
}

/// Forgets what is complete. Only between calls into libhtp.
void Http::sweep() {
  std::erase_if(transactions_, [this](const auto& t) {
    const bool over =
        t->tx->request_progress == HTP_REQUEST_COMPLETE && t->tx->response_progress == HTP_RESPONSE_COMPLETE;
    if (!t->recorded || !over) return false;
    parser_.forget(t->tx);
    return true;
  });
}

}  // namespace lapwing::http
