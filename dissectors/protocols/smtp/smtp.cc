#include "dissectors/protocols/smtp/smtp.h"

#include <algorithm>
#include <utility>

#include "dissectors/contract/names.h"
#include "sensor/base/text.h"

namespace lapwing::smtp {

namespace {

constexpr auto kClient = Direction::to_server;  // who speaks
constexpr auto kServer = Direction::to_client;
constexpr uint16_t kPorts[] = {25, 465, 587};
constexpr uint8_t kHandshake = 22;  // first byte of a TLS record (RFC 8446 5.1)
constexpr ByteSet kLetters = ByteSet::range('A', 'Z') | ByteSet::range('a', 'z');
constexpr size_t kVerbSize = 10;  // bytes that tell whether a line is a command

constexpr auto kAnomalies = names<Anomaly::too_many_transactions>({
    {Anomaly::invalid_reply, "invalid_reply"},
    {Anomaly::unable_to_match_reply_with_request, "unable_to_match_reply_with_request"},
    {Anomaly::max_command_line_len_exceeded, "max_command_line_len_exceeded"},
    {Anomaly::max_reply_line_len_exceeded, "max_reply_line_len_exceeded"},
    {Anomaly::invalid_pipelined_sequence, "invalid_pipelined_sequence"},
    {Anomaly::bdat_chunk_len_exceeded, "bdat_chunk_len_exceeded"},
    {Anomaly::no_server_welcome_message, "no_server_welcome_message"},
    {Anomaly::tls_rejected, "tls_rejected"},
    {Anomaly::data_command_rejected, "data_command_rejected"},
    {Anomaly::failed_protocol_change, "failed_protocol_change"},
    {Anomaly::duplicate_fields, "duplicate_fields"},
    {Anomaly::unparsable_content, "unparsable_content"},
    {Anomaly::invalid_bdat, "invalid_bdat"},
    {Anomaly::truncated_line, "truncated_line"},
    {Anomaly::ambiguous_end_of_data, "ambiguous_end_of_data"},
    {Anomaly::too_many_commands, "too_many_commands"},
    {Anomaly::too_many_recipients, "too_many_recipients"},
    {Anomaly::too_many_transactions, "too_many_transactions"},
});
constexpr FrameKind kFrames[] = {
    {"command_line", "a command, or an answer to a challenge of AUTH, with its end"},
    {"data", "the text of a mail without the dot that ends it, or a chunk of it"},
    {"response_line", "a line of the server, with its end"},
};

#define LAPWING_SMTP_KEY "app-layer.protocols.smtp."

const auto kOptions = mime::with_options<Config, LAPWING_SMTP_KEY>({
    {LAPWING_SMTP_KEY "raw-extraction", &Config::raw_extraction, "no",
     "the whole text of a mail is a file \"rawmsg\", where mime.decode-mime is off"},
    {LAPWING_SMTP_KEY "max-tx", &Config::max_tx, "256",
     "mails of one session that may wait for their answer; then the oldest is recorded as it is"},
    {LAPWING_SMTP_KEY "record.passwords", &Config::passwords, "no", "smtp records show passwords of AUTH"},
});

bool told_login(const Event& event, LoginSeen& login) {
  const auto& mail = static_cast<const Mail&>(*event.tx);
  if (event.record != records().data() || !mail.logged_in || !mail.login) return false;
  login = mail.login->seen();
  return true;
}

/// How the server greeted, and what a login shows of both hosts.
void sightings(const Event& event, SightingSink& sink) {
  const auto& mail = static_cast<const Mail&>(*event.tx);
  if (event.record != records().data()) return;
  if (mail.logged_in && mail.login && mail.login->tokens) gss::sightings(*mail.login->tokens, sink);
  if (mail.server.empty()) return;
  sink.software({.kind = SoftwareKind::product, .side = Side::server, .value = mail.server});
}

}  // namespace

const About Smtp::about{.name = "smtp",
                        .transports = transport::tcp,
                        .ports = kPorts,
                        .help = "mail transfer (RFC 5321)",
                        .server_first = true,
                        .starts = {bytes_of("EeHhLlMmRr"), bytes_of("245")}};

const Protocol Smtp::protocol{.name = "smtp",
                              .anomalies = kAnomalies,
                              .records = records(),
                              .help = "mail transfer",
                              .file = &carried_file,
                              .login = &told_login,
                              .sightings = &sightings,
                              .head = kHeaders,
                              .loud_anomalies = true,
                              .frames = kFrames,
                              .in_alert = columns(),
                              .most_entries = 4096,
                              .caps = kCaps,
                              .parts = kParts,
                              .extent = &record_extent};

std::span<const OptionRow<Config>> Smtp::options() {
  return kOptions;
}

Likelihood Smtp::probe(const Chunk& first) {
  return judge(to_text(first.data), first.direction == kClient);
}

Smtp::Smtp(const Config& config, const Out<Smtp>& out)
    : config_(config), out_(out), in_step_(!out_.picked_up_late()), greeted_(!in_step_) {}

Step Smtp::data(const Chunk& chunk) {
  return chunk.direction == kClient ? client(chunk) : server(chunk);
}

Step Smtp::client(const Chunk& chunk) {
  client_seen_ = true;
  const Step step = read_client(chunk);
  if (std::exchange(behind_, false)) out_.resume(kServer);
  return step;
}

Step Smtp::read_client(const Chunk& chunk) {
  size_t used = 0;
  while (used < chunk.data.size() && !changed_) {
    const Bytes rest = chunk.data.subspan(used);
    read_to_ = chunk.offset + used;
    if (mode_ == Mode::waiting) {
      if (!chunk.end && !must_guess(rest)) {
        ahead_ = true;
        if (awaited_ != Verb::auth) out_.anomaly(Anomaly::invalid_pipelined_sequence, kClient, &at_hand());
        return Step::need(used, out_.limit(Cap::ahead) + 1 - rest.size());
      }
      if (!guess(rest)) return Step::need(used, 1);
      ahead_ = false;
    } else if (mode_ == Mode::text) {
      const Step step = text(chunk, used);
      if (step.kind != Step::Kind::ok) return step;
      used = step.used;
    } else if (mode_ == Mode::chunk) {
      const auto size = static_cast<size_t>(std::min<uint64_t>(rest.size(), chunk_left_));
      take_chunk(rest.first(size));
      used += size;
    } else if (!take_line(chunk, used)) {
      return Step::need(used, 1);
    }
  }
  return Step::ok(used);
}

/// Reads a command, or an answer to a challenge. False when there is none.
bool Smtp::take_line(const Chunk& chunk, size_t& used) {
  Lines& lines = lines_[index(kClient)];
  if (!long_line_.empty()) {
    used += lines.pass(chunk.data.subspan(used));
    if (lines.passing()) return false;
    take_command(std::exchange(long_line_, {}), chunk.offset + used);
    return true;
  }
  const Lines::Taken taken = lines.take(chunk.data.subspan(used));
  used += taken.used;
  if (!taken.line) return false;
  const std::string_view text = taken.line->text;
  line_begin_ = chunk.offset + static_cast<uint64_t>(taken.line->wire.data() - chunk.data.data());
  if (taken.line->cut) {
    // What it announces comes behind its end.
    long_line_ = text;
    out_.capped(Cap::line);
    out_.anomaly(Anomaly::truncated_line, kClient, &at_hand());
    out_.anomaly(Anomaly::max_command_line_len_exceeded, kClient, &at_hand());
  } else {
    take_command(text, chunk.offset + used);
  }
  return true;
}

void Smtp::take_command(std::string_view line, uint64_t end) {
  const uint64_t begin = line_begin_;
  command(line, end);
  out_.frame(Pdu::command_line, kClient, begin, end - begin, mails_.latest());
}

void Smtp::command(std::string_view line, uint64_t end) {
  const auto [verb, argument] = parse_command(line);
  if (mode_ == Mode::login) {
    // Where no answers tell, a command says that the login is over.
    if (verb == Verb::other || (server_seen_ && in_step_)) {
      if (login_) credential(line);
      return await(Verb::auth);
    }
    mode_ = Mode::commands;
  }
  if (std::exchange(behind_chunk_, false) && verb == Verb::other) {
    out_.anomaly(Anomaly::bdat_chunk_len_exceeded, kClient, &at_hand());
  }
  if (!line.empty() && !kLetters.has(static_cast<uint8_t>(line.front()))) {
    out_.anomaly(Anomaly::unparsable_content, kClient, &at_hand());
  }
  switch (verb) {
    case Verb::lhlo: each_recipient_ = true; [[fallthrough]];
    case Verb::helo:
    case Verb::ehlo: return greet(argument);
    case Verb::mail: return sender(argument);
    case Verb::rcpt: return recipient(argument);
    case Verb::bdat: return begin_chunk(argument, end);
    case Verb::auth: return begin_login(argument);
    case Verb::rset: return unanswered(verb, set_aside());
    case Verb::data: out_.reach(mail(), kClient, kRecipients); [[fallthrough]];
    case Verb::starttls: text_begin_ = end; return await(verb, current_);
    default: return unanswered(verb);
  }
}

void Smtp::greet(std::string_view argument) {
  argument = argument.substr(0, argument.find_first_of(" \t"));
  if (!helo_.empty()) {
    out_.anomaly(Anomaly::duplicate_fields, kClient, &at_hand());
  } else {
    helo_ = argument;
  }
  Mail* const before = set_aside();
  // A session without a mail has a record of who greeted.
  if (!before && !recorded_ && mails_.empty()) mail();
  if (current_ && !helo_.empty()) {
    current_->helo = helo_;
    out_.reach(*current_, kClient, kHello);
  }
  unanswered(Verb::helo, before);
}

void Smtp::sender(std::string_view argument) {
  Mail& now = mail();
  if (now.from) {
    out_.anomaly(Anomaly::duplicate_fields, kClient, &now);
  } else {
    now.from = path(argument);
    now.envelope += argument.size();
    out_.reach(now, kClient, kSender);
  }
  unanswered(Verb::mail);
}

void Smtp::recipient(std::string_view argument) {
  Mail& now = mail();
  if (out_.within(Cap::recipients, now.to.size() + 1)) {
    now.to.emplace_back(path(argument));
    now.envelope += argument.size();
  } else {
    out_.anomaly(Anomaly::too_many_recipients, kClient, &now);
  }
  unanswered(Verb::rcpt);
}

void Smtp::begin_chunk(std::string_view argument, uint64_t end) {
  const auto size = parse_chunk_size(argument);
  if (!size) {
    out_.anomaly(Anomaly::invalid_bdat, kClient, &at_hand());
    return unanswered(Verb::bdat);
  }
  Mail& now = mail();
  out_.reach(now, kClient, kRecipients);
  now.chunked = true;
  if (!reading_) begin_text();
  mode_ = Mode::chunk;
  chunk_left_ = size->bytes;
  last_chunk_ = size->last;
  read_to_ = end;
  out_.frame(Pdu::data, kClient, end, std::min(size->bytes, kNowhere / 2), &now);
  unanswered(Verb::bdat, last_chunk_ ? &now : nullptr);
  if (chunk_left_ == 0) end_chunk();
}

void Smtp::begin_login(std::string_view argument) {
  const std::string_view mechanism = argument.substr(0, argument.find_first_of(" \t"));
  login_ = Login{.mechanism = std::string(mechanism)};
  const std::string_view first = trim(argument.substr(mechanism.size()));
  if (helo_.empty()) at_hand();  // that of a greeting has begun
  if (!first.empty()) credential(first);
  await(Verb::auth);
}

void Smtp::credential(std::string_view coded) {
  const gss::Token token = login_->answer(coded, config_.passwords);
  if (gss::wrong(token)) gss::tell(token, out_.part<gss::Gss>(), kClient, &at_hand());
}

Mail* Smtp::set_aside() {
  if (!current_ || !current_->has_envelope()) return nullptr;
  Mail* const out = current_;
  if (reading_) end_text(FileState::truncated);
  current_ = nullptr;
  return out;
}

/// What the client says next depends on the answer: who refuses takes commands.
void Smtp::await(Verb verb, Mail* mail) {
  mode_ = Mode::waiting;
  awaited_ = verb;
  unanswered(verb, mail);
}

void Smtp::unanswered(Verb verb, Mail* mail, const Mail* pending) {
  const bool over = mail && mail != current_;
  if (over && !server_seen_) return close(*mail);
  if (!out_.within(Cap::unanswered, unanswered_.size() + 1)) {
    out_.anomaly(Anomaly::too_many_commands, kClient, &at_hand());
    const Unanswered oldest = take_unanswered();
    ++forgotten_;
    const bool goes_on = oldest.mail == current_ || oldest.mail == mail || oldest.mail == pending;
    if (oldest.mail && !goes_on) close(*oldest.mail);
  }
  unanswered_.push_back({verb, mail});
  if (mail) ++mail->asked;
}

/// The oldest.
Smtp::Unanswered Smtp::take_unanswered() {
  const Unanswered out = unanswered_.front();
  unanswered_.pop_front();
  if (out.mail) --out.mail->asked;
  return out;
}

bool Smtp::must_guess(Bytes rest) const {
  return !server_seen_ || !in_step_ || rest.size() > out_.limit(Cap::ahead);
}

bool Smtp::guess(Bytes rest) {
  if (rest.size() > out_.limit(Cap::ahead)) out_.capped(Cap::ahead);
  if (awaited_ == Verb::starttls) {
    mode_ = Mode::commands;
    if (rest.front() == kHandshake) become_tls();
    return true;
  }
  const std::string_view line = to_text(rest).substr(0, to_text(rest).find_first_of("\r\n"));
  if (line.size() == rest.size() && rest.size() < kVerbSize) return false;
  if (parse_command(line).verb != Verb::other) {
    mode_ = Mode::commands;
  } else if (awaited_ == Verb::auth) {
    mode_ = Mode::login;
  } else {
    begin_data();
  }
  return true;
}

void Smtp::become_tls() {
  if (!out_.knows("tls")) {
    out_.anomaly(Anomaly::failed_protocol_change, kServer, &at_hand());
    return;
  }
  changed_ = true;
  if (current_) current_->tls = true;
  out_.become("tls");
}

Step Smtp::gap(Direction direction, uint64_t lost) {
  if (direction == kClient) {
    ahead_ = false;
    long_line_.clear();
  }
  if (direction == kClient && mode_ == Mode::text) {
    lose_text(lost);
    text_lost_ = true;
    text_.lose();
  } else if (direction == kClient && mode_ == Mode::chunk) {
    const uint64_t within = std::min(lost, chunk_left_);
    lose_text(within);
    chunk_left_ -= within;
    if (chunk_left_ == 0) end_chunk();
    if (within < lost) lines_[index(direction)].pass_over();
  } else {
    lines_[index(direction)].pass_over();
  }
  lose_step(direction);
  return Step::ok(0);
}

void Smtp::finish() {
  const uint64_t end = line_begin_ + long_line_.size();
  if (!long_line_.empty()) take_command(std::exchange(long_line_, {}), end);
  if (reading_) end_text(FileState::truncated);
  current_ = nullptr;
  while (!mails_.empty()) close(*mails_.oldest());
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Smtp>();

}  // namespace lapwing::smtp
