#include "dissectors/protocols/pop3/pop3.h"

#include <algorithm>
#include <utility>

#include "dissectors/contract/names.h"

namespace lapwing::pop3 {

namespace {

constexpr auto kClient = Direction::to_server;  // whose bytes go there
constexpr auto kServer = Direction::to_client;
constexpr uint16_t kPorts[] = {110};
constexpr uint8_t kHandshake = 22, kTlsVersion = 3;  // first bytes of a TLS record (RFC 8446 5.1)
constexpr size_t kCommandLimit = 255;                // bytes with the line's end (RFC 2449 4)

constexpr auto kAnomalies = names<Anomaly::ambiguous_end_of_text>({
    {Anomaly::too_many_transactions, "too_many_transactions"},
    {Anomaly::request_too_long, "request_too_long"},
    {Anomaly::incorrect_argument_count, "incorrect_argument_count"},
    {Anomaly::unknown_command, "unknown_command"},
    {Anomaly::response_too_long, "response_too_long"},
    {Anomaly::invalid_reply, "invalid_reply"},
    {Anomaly::plaintext_behind_stls, "plaintext_behind_stls"},
    {Anomaly::ambiguous_end_of_text, "ambiguous_end_of_text"},
});
constexpr FrameKind kFrames[] = {
    {"command_line", "a command, or a response of AUTH, with its end"},
    {"response_line", "the first line of a reply, or a challenge of AUTH, with its end"},
    {"data", "the further lines of a reply without the dot that ends them"},
};

#define LAPWING_POP3_KEY "app-layer.protocols.pop3."

const auto kOptions = mime::with_options<Config, LAPWING_POP3_KEY>({
    {LAPWING_POP3_KEY "max-tx", &Config::max_tx, "256",
     "commands of one flow that may wait for their reply; those behind them have records without it"},
    {LAPWING_POP3_KEY "record.passwords", &Config::passwords, "no",
     "pop3 records and alerts show passwords, and what else proves who logs in"},
    {LAPWING_POP3_KEY "record.message-data", &Config::message_data, "4kb",
     "bytes of a message, and 16 a line, that pop3 records show as lines of the response", Unit::bytes},
});

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

/// Bytes of the arguments that prove nothing.
size_t without_secrets(const Command& command) {
  switch (command.verb) {
    case Verb::pass: return 0;
    case Verb::apop:  // its digest can be searched for the password
    case Verb::auth:  // behind the mechanism stands the first response
      return command.arguments.find('\n') + 1;
    default: return command.arguments.size();
  }
}

bool told_login(const Event& event, LoginSeen& login) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  if (event.record != records().data() || !exchange.login) return false;
  login = exchange.login->seen();
  return true;
}

/// How the server greets, and what a login shows of both hosts.
void sightings(const Event& event, SightingSink& sink) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  if (event.record != records().data()) return;
  if (exchange.login && exchange.login->tokens) gss::sightings(*exchange.login->tokens, sink);
  if (!exchange.asked && exchange.status == Status::Kind::ok && !exchange.header.empty()) {
    sink.software({.kind = SoftwareKind::product, .side = Side::server, .value = exchange.header});
  }
}

}  // namespace

const About Pop3::about{.name = "pop3",
                        .transports = transport::tcp,
                        .ports = kPorts,
                        .help = "mailboxes (RFC 1939)",
                        .server_first = true,
                        .starts = {bytes_of("ACDLNPQRSTUacdlnpqrstu"), bytes_of("+-")},
                        .stream_depth = 0};  // a session may fetch a whole mailbox

const Protocol Pop3::protocol{.name = "pop3",
                              .anomalies = kAnomalies,
                              .records = records(),
                              .help = "mailboxes",
                              .file = &carried_file,
                              .login = &told_login,
                              .sightings = &sightings,
                              .head = kHeaders,
                              .frames = kFrames,
                              .in_alert = columns(),
                              .caps = kCaps,
                              .parts = kParts,
                              .extent = &record_extent};

std::span<const OptionRow<Config>> Pop3::options() {
  return kOptions;
}

Likelihood Pop3::probe(const Chunk& first) {
  return judge(to_text(first.data), first.direction == kClient);
}

Pop3::Pop3(const Config& config, const Out<Pop3>& out)
    : config_(config), out_(out), lost_(out_.picked_up_late()), in_step_(!lost_), greeted_(lost_) {}

Step Pop3::data(const Chunk& chunk) {
  return chunk.direction == kClient ? client(chunk) : server(chunk);
}

/// The next line of a side; its last needs no end.
std::optional<Lines::Line> Pop3::take_line(const Chunk& chunk, size_t& used) {
  const auto [taken, line] = lines_[index(chunk.direction)].take(chunk.data.subspan(used));
  used += taken;
  if (line || !chunk.end || chunk.broken_off || used == chunk.data.size()) return line;
  const Bytes last = chunk.data.subspan(std::exchange(used, chunk.data.size()));
  return Lines::Line{.text = to_text(last), .wire = last};
}

/// `rest` begins a line. Where STLS was not heard, nor who granted it, a handshake tells of both.
bool Pop3::turns_to_tls(Direction direction, Bytes rest) const {
  if (rest.front() != kHandshake) return false;
  if (stls_ != Stls::none) return true;
  const bool any = direction == kServer && (!in_step_ || reading_ == Reading::unsure);
  return any && rest.size() > 1 && rest[1] == kTlsVersion;
}

void Pop3::become_tls() {
  close_all();
  out_.become("tls");
}

Step Pop3::client(const Chunk& chunk) {
  size_t used = 0;
  while (used < chunk.data.size()) {
    const Bytes rest = chunk.data.subspan(used);
    if (!lines_[index(kClient)].passing() && turns_to_tls(kClient, rest)) {
      become_tls();
      return Step::ok(used);
    }
    const auto line = take_line(chunk, used);
    if (!line) return Step::need(used, 1);
    command(*line, chunk.offset + static_cast<size_t>(line->wire.data() - chunk.data.data()));
  }
  return Step::ok(used);
}

void Pop3::command(const Lines::Line& line, uint64_t offset) {
  const Command parsed = parse_command(line.text);
  if (Exchange* last = open_.latest(); last && last->verb == Verb::auth && last->login) {
    if (!parsed.known || last->challenges > last->responses) return response(*last, line, offset);
  }
  const bool kept = unkept_ == 0 && open_.size() < std::max<uint64_t>(config_.max_tx, 1);
  // Where no server is heard none of them waits.
  if (!kept && !server_seen_) close(*open_.oldest());
  Exchange& exchange = open_.open();
  out_.open(exchange);
  exchange.asked = true;
  exchange.verb = parsed.verb;
  exchange.further = parsed.further;
  exchange.command = to_upper(parsed.name);
  exchange.arguments = parsed.arguments;
  exchange.size = line.wire.size();
  exchange.begin[index(kClient)] = offset;
  if (!config_.passwords) {
    exchange.shown = without_secrets(parsed);
    if (!parsed.known && (!in_step_ || unkept_ > 0)) {  // it may be a response of an AUTH that is not there
      exchange.command.clear();
      exchange.shown = 0;
      exchange.redacted = true;
    }
    exchange.redacted |= exchange.shown < exchange.arguments.size();
  }
  begin_login(exchange);
  exchange.user = user_;
  out_.frame(Pdu::command_line, kClient, offset, line.wire.size(), &exchange);
  if (line.cut) out_.capped(Cap::line);
  if (line.wire.size() > kCommandLimit) out_.anomaly(Anomaly::request_too_long, kClient, &exchange);
  if (parsed.known && !parsed.counted) out_.anomaly(Anomaly::incorrect_argument_count, kClient, &exchange);
  if (!parsed.known && in_step_) out_.anomaly(Anomaly::unknown_command, kClient, &exchange);
  // A server that reads it once it speaks TLS takes what anybody put there for the client's.
  if (stls_ == Stls::granted || (stls_ == Stls::asked && server_seen_ && in_step_)) {
    out_.anomaly(Anomaly::plaintext_behind_stls, kClient, &exchange);
  }
  if (parsed.verb == Verb::stls && stls_ == Stls::none) stls_ = Stls::asked;
  out_.reach(exchange, kClient, kCommand, exchange.size);
  if (kept || !server_seen_) return;
  out_.capped(Cap::tx);
  if (!std::exchange(told_max_tx_, true)) out_.anomaly(Anomaly::too_many_transactions, kClient, &exchange);
  ++unkept_;
  close(exchange);
}

/// A response to a challenge of AUTH.
void Pop3::response(Exchange& exchange, const Lines::Line& line, uint64_t offset) {
  ++exchange.responses;
  exchange.redacted |= !config_.passwords;
  exchange.size += line.wire.size();
  out_.frame(Pdu::command_line, kClient, offset, line.wire.size(), &exchange);
  if (line.cut) out_.capped(Cap::line);
  credential(exchange, line.text);
  exchange.user = user_;
}

void Pop3::begin_login(Exchange& exchange) {
  Bytes rest = to_bytes(exchange.arguments);
  std::string_view first, second;
  next_argument(rest, first);
  next_argument(rest, second);
  switch (exchange.verb) {
    case Verb::user: return name_user(first);
    case Verb::pass:
      exchange.login = Login{.mechanism = "USER", .user = user_ ? *user_ : ""};
      exchange.login->say(first, config_.passwords);
      return;
    case Verb::apop: exchange.login = Login{.mechanism = "APOP", .user = std::string(first)}; return name_user(first);
    case Verb::auth:
      if (first.empty()) return;
      exchange.login = Login{.mechanism = std::string(first)};
      if (!second.empty()) credential(exchange, second);
      return;
    default: return;
  }
}

void Pop3::credential(Exchange& exchange, std::string_view coded) {
  Login& login = *exchange.login;
  gss::tell(login.answer(coded, config_.passwords), out_.part<gss::Gss>(), kClient, &exchange);
  if (!login.user.empty()) name_user(login.user);
}

void Pop3::name_user(std::string_view user) {
  user_ = std::make_shared<const std::string>(user);
}

void Pop3::close(Exchange& exchange) {
  if (&exchange == replying_) replying_ = nullptr;
  if (&exchange != &alone_ && &exchange == open_.oldest() && doubtful_ > 0) --doubtful_;
  out_.reach(exchange, kServer, kComplete, exchange.size);
  out_.reach(exchange, kClient, kComplete, exchange.size);
  if (exchange.message) {
    for (const file::File& file : exchange.message->files) {
      out_.emit({.tx = &exchange,
                 .direction = kServer,
                 .record = &records()[1],
                 .detail = &file,
                 .file = &file,
                 .message = exchange.size});
    }
  }
  out_.emit({.tx = &exchange, .direction = kServer, .record = records().data(), .message = exchange.size});
  if (exchange.login && exchange.login->by_ntlm()) {
    out_.emit({.tx = &exchange, .direction = kServer, .record = &records()[2], .message = exchange.size});
  }
  if (&exchange != &alone_) open_.close(exchange);
}

void Pop3::close_all() {
  if (reading_ == Reading::text) end_text(FileState::truncated, text_end_);
  if (replying_ == &alone_) close(alone_);
  while (!open_.empty()) close(*open_.oldest());
}

Step Pop3::gap(Direction direction, uint64_t lost) {
  in_step_ = false;
  if (direction == kServer && reading_ == Reading::text) {
    text_.lose();
    text_lost_ = true;
    if (reader_) reader_->lose(lost);
    return Step::ok(0);
  }
  lines_[index(direction)].pass_over();
  if (direction == kClient) return Step::ok(0);
  if (reading_ == Reading::unsure) end_reply();
  greeted_ = lost_ = true;
  doubtful_ = open_.size();
  return Step::ok(0);
}

void Pop3::finish() {
  close_all();
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Pop3>();

}  // namespace lapwing::pop3
