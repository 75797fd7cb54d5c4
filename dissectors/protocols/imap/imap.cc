#include "dissectors/protocols/imap/imap.h"

#include <algorithm>
#include <utility>

#include "dissectors/contract/names.h"

namespace lapwing::imap {

namespace {

constexpr auto kClient = Direction::to_server;  // who speaks
constexpr auto kServer = Direction::to_client;
constexpr uint16_t kPorts[] = {143, 220};
constexpr uint8_t kHandshake = 22;  // first byte of a TLS record (RFC 8446 5.1)
constexpr ByteSet kTagStarts = ByteSet::range('A', 'Z') | ByteSet::range('a', 'z') | ByteSet::range('0', '9');

constexpr auto kAnomalies = names<Anomaly::too_many_transactions>({
    {Anomaly::invalid_command, "invalid_command"},
    {Anomaly::invalid_response, "invalid_response"},
    {Anomaly::invalid_literal, "invalid_literal"},
    {Anomaly::command_line_too_long, "command_line_too_long"},
    {Anomaly::response_line_too_long, "response_line_too_long"},
    {Anomaly::command_too_long, "command_too_long"},
    {Anomaly::invalid_pipelined_sequence, "invalid_pipelined_sequence"},
    {Anomaly::unknown_tag, "unknown_tag"},
    {Anomaly::duplicate_tag, "duplicate_tag"},
    {Anomaly::data_behind_starttls, "data_behind_starttls"},
    {Anomaly::starttls_rejected, "starttls_rejected"},
    {Anomaly::too_many_transactions, "too_many_transactions"},
});
constexpr FrameKind kFrames[] = {
    {"command_line", "a line of the client, with its end"},
    {"response_line", "a line of the server, with its end"},
    {"literal", "the bytes that a line announces, such as a message"},
};

#define LAPWING_IMAP_KEY "app-layer.protocols.imap."

const auto kOptions = mime::with_options<Config, LAPWING_IMAP_KEY>({
    {LAPWING_IMAP_KEY "max-tx", &Config::max_tx, "256",
     "commands of one session that may wait for their answer; then the oldest is recorded as it is"},
    {LAPWING_IMAP_KEY "record.passwords", &Config::passwords, "no", "imap records show passwords of logins"},
});

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
  if (exchange.command.empty() && exchange.status == Status::ok && !exchange.text.empty()) {
    sink.software({.kind = SoftwareKind::product, .side = Side::server, .value = exchange.text});
  }
}

}  // namespace

const About Imap::about{.name = "imap",
                        .transports = transport::tcp,
                        .ports = kPorts,
                        .help = "mailboxes (RFC 9051)",
                        .server_first = true,
                        .starts = {kTagStarts, kTagStarts | bytes_of("*")}};

const Protocol Imap::protocol{.name = "imap",
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

std::span<const OptionRow<Config>> Imap::options() {
  return kOptions;
}

Likelihood Imap::probe(const Chunk& first) {
  return judge(to_text(first.data), first.direction == kClient);
}

Imap::Side::Side(const Config& config, Out<Imap>& out, Direction direction)
    : lines(Out<Imap>::limit(Cap::line)), lost(out.picked_up_late()), delivery(config, out, direction) {}

Imap::Imap(const Config& config, const Out<Imap>& out)
    : config_(config),
      out_(out),
      sides_{Side(config_, out_, kClient), Side(config_, out_, kServer)},
      in_step_(!out_.picked_up_late()),
      greeted_(!in_step_) {}

Step Imap::data(const Chunk& chunk) {
  seen_[index(chunk.direction)] = true;
  if (unreadable_) return Step::ok(chunk.data.size());
  return chunk.direction == kClient ? client(chunk) : server(chunk);
}

/// No line begins so. Where an answer may have been missed, that is all there is to tell by.
bool Imap::begins_tls(const Side& side, Bytes rest) const {
  const bool line_begins = side.literal == 0 && !side.goes_on && !side.tail.open() && !side.lines.passing();
  return line_begins && rest.front() == kHandshake && (securing_ || !in_step_ || !seen_[0] || !seen_[1]);
}

void Imap::become_tls() {
  if (!out_.knows("tls")) {
    unreadable_ = true;  // nor could it be read
    return;
  }
  over_ = true;
  finish();
  out_.become("tls");
}

/// Reads a line, or what comes of a literal. False when there is none.
bool Imap::read(const Chunk& chunk, size_t& used) {
  Side& from = side(chunk.direction);
  const Bytes rest = chunk.data.subspan(used);
  if (from.literal > 0) {
    const auto size = static_cast<size_t>(std::min<uint64_t>(rest.size(), from.literal));
    take_literal(chunk.direction, rest.first(size));
    used += size;
    return true;
  }
  if (from.tail.open()) {
    used += from.tail.take(rest);
    if (from.tail.open()) return false;
    take_line(chunk.direction, {.text = from.head,
                                .last = from.tail.text(),
                                .cut = true,
                                .begin = from.head_begin,
                                .end = chunk.offset + used});
    return true;
  }
  const Lines::Taken taken = from.lines.take(rest);
  used += taken.used;
  if (!taken.line) return false;
  const std::string_view text = taken.line->text;
  const uint64_t begin = chunk.offset + static_cast<uint64_t>(taken.line->wire.data() - chunk.data.data());
  if (taken.line->cut) {
    out_.capped(Cap::line);
    from.lines.begin_anew();
    from.head = text;
    from.head_begin = begin;
    from.tail.begin(text);
  } else {
    take_line(chunk.direction, {.text = text, .last = text, .begin = begin, .end = chunk.offset + used});
  }
  return true;
}

void Imap::take_line(Direction direction, const Line& line) {
  direction == kClient ? client_line(line) : server_line(line);
}

void Imap::begin_literal(Direction direction, uint64_t size, bool is_mail, uint64_t at) {
  Side& from = side(direction);
  const std::string* const whole = line_at_hand(direction);
  const bool fits = whole && whole->size() + size <= out_.limit(Cap::command);
  from.into = is_mail ? Side::Into::mail : fits ? Side::Into::words : Side::Into::nothing;
  from.literal = from.literal_size = size;
  from.goes_on = true;
  from.words.clear();
  if (from.into == Side::Into::nothing && whole) cut(direction);
  out_.frame(Pdu::literal, direction, at, size, is_mail ? from.delivery.exchange() : nullptr);
  if (size == 0) end_literal(direction);
}

void Imap::take_literal(Direction direction, Bytes bytes) {
  Side& from = side(direction);
  if (from.into == Side::Into::mail) from.delivery.take(bytes);
  if (from.into == Side::Into::words) from.words.append(to_text(bytes));
  from.literal -= bytes.size();
  if (from.literal == 0) end_literal(direction);
}

void Imap::end_literal(Direction direction) {
  Side& from = side(direction);
  if (std::string* const whole = line_at_hand(direction)) {
    const bool shown = from.into == Side::Into::words;
    keep(*whole, shown ? quoted(from.words) : std::string("{") + std::to_string(from.literal_size) + "}", direction);
  }
  // What APPEND stores is whole; what FETCH gives may go on behind more of the response.
  if (from.into == Side::Into::mail && direction == kClient) from.delivery.close(FileState::closed);
  from.into = Side::Into::nothing;
}

std::string* Imap::line_at_hand(Direction direction) {
  if (direction == kServer) return &response_;
  return said_ ? &said_->arguments : nullptr;
}

void Imap::keep(std::string& whole, std::string_view words, Direction direction) {
  const size_t room = out_.limit(Cap::command) - whole.size();
  whole.append(words.substr(0, room));
  if (words.size() > room) cut(direction);
}

/// Not all of the line is kept.
void Imap::cut(Direction direction) {
  out_.capped(Cap::command);
  if (direction == kClient && said_) said_->arguments_cut = true;
}

/// Writes what is to be written of an exchange, and forgets it.
void Imap::close(Exchange& exchange) {
  if (&exchange == said_) said_ = nullptr;
  if (&exchange == authenticating_) authenticating_ = nullptr;
  exchange.session = session_;
  out_.reach(exchange, kServer, kComplete, exchange.size);
  out_.reach(exchange, kClient, kComplete, exchange.size);
  // Of one that stands for what is wrong there is nothing to record.
  const bool heard = &exchange != alone_.get() || exchange.begin[index(kServer)] != kNowhere;
  if (heard) out_.emit({.tx = &exchange, .direction = kServer, .record = records().data(), .message = exchange.size});
  if (exchange.login && exchange.login->by_ntlm()) {
    out_.emit({.tx = &exchange, .direction = kServer, .record = &records()[2], .message = exchange.size});
  }
  if (&exchange == alone_.get()) {
    alone_.reset();
  } else {
    open_.close(exchange);
  }
}

void Imap::close_alone() {
  if (alone_) close(*alone_);
}

void Imap::end_delivery(Side& side) {
  if (side.literal > 0) {
    side.delivery.break_off();
  } else {
    side.delivery.end();
  }
}

void Imap::close_all() {
  close_alone();
  while (!open_.empty()) close(*open_.oldest());
}

void Imap::enter(std::string user, std::string mailbox) {
  session_ = std::make_shared<const Session>(Session{.user = std::move(user), .mailbox = std::move(mailbox)});
}

Step Imap::gap(Direction direction, uint64_t lost) {
  if (unreadable_) return Step::ok(0);
  Side& from = side(direction);
  if (direction == kClient) ahead_ = false;
  if (from.literal > 0) {
    const uint64_t within = std::min(lost, from.literal);
    if (from.into == Side::Into::mail) from.delivery.lose(within);
    if (from.into == Side::Into::words) from.into = Side::Into::nothing;
    from.literal -= within;
    if (from.literal == 0) end_literal(direction);
    if (within == lost) return Step::ok(0);
  }
  // Lines are lost, and perhaps a literal's announcement with them.
  from.tail.close();
  from.lines.pass_over();
  from.goes_on = false;
  from.lost = true;
  in_step_ = false;
  from.delivery.end();
  if (direction == kClient) {
    said_ = authenticating_ = nullptr;
    awaited_ = Awaited::nothing;
    return Step::ok(0);
  }
  greeted_ = true;
  response_.clear();
  // Before the server was heard, what the client said by then is a matter of chance.
  if (seen_[index(kServer)]) close_all();
  if (std::exchange(ahead_, false)) out_.resume(kClient);
  return Step::ok(0);
}

void Imap::finish() {
  for (Side& one : sides_) end_delivery(one);
  close_all();
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Imap>();

}  // namespace lapwing::imap
