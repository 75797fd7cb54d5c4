// What the client says.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/imap/imap.h"
#include "sensor/base/text.h"

namespace lapwing::imap {

namespace {

constexpr auto kClient = Direction::to_server;
constexpr auto kServer = Direction::to_client;

}  // namespace

Step Imap::client(const Chunk& chunk) {
  const Step step = read_client(chunk);
  if (std::exchange(behind_, false)) out_.resume(kServer);
  return step;
}

Step Imap::read_client(const Chunk& chunk) {
  size_t used = 0;
  while (used < chunk.data.size() && !over_) {
    const Bytes rest = chunk.data.subspan(used);
    if (unreadable_) return Step::ok(chunk.data.size());
    if (awaited_ != Awaited::nothing) {
      if (!chunk.end && !must_guess(rest)) {
        ahead_ = true;
        out_.anomaly(Anomaly::invalid_pipelined_sequence, kClient, &at_hand());
        return Step::need(used, out_.limit(Cap::ahead) + 1 - rest.size());
      }
      ahead_ = false;
      if (!guess(rest, chunk.end)) return Step::need(used, 1);
    } else if (begins_tls(side(kClient), rest)) {
      become_tls();
    } else if (!read(chunk, used)) {
      return Step::need(used, 1);
    }
  }
  return Step::ok(used);
}

void Imap::client_line(const Line& line) {
  Side& from = side(kClient);
  auto literal = parse_literal(line.last);
  const bool unreadable = literal && !literal->readable;
  if (unreadable) literal.reset();
  const std::string_view words = literal && !line.cut ? line.text.substr(0, literal->begin) : line.text;
  const bool goes_on = std::exchange(from.goes_on, literal.has_value());
  if (goes_on && said_) keep(said_->arguments, words, kClient);
  Exchange* const of = goes_on ? said_ : begin_command(words, line);
  out_.frame(Pdu::command_line, kClient, line.begin, line.size(), of);
  if (line.cut) out_.anomaly(Anomaly::command_line_too_long, kClient, of ? of : &at_hand());
  if (unreadable) out_.anomaly(Anomaly::invalid_literal, kClient, of ? of : &at_hand());
  if (of) of->size += line.size();
  if (literal) return announce_literal(*literal, line.end);
  if (said_) end_command(*std::exchange(said_, nullptr));
}

/// What the line belongs to, if to anything.
Exchange* Imap::begin_command(std::string_view words, const Line& line) {
  Side& from = side(kClient);
  const auto command = parse_command(words);
  if (!command && authenticating_) {  // base64 has no blanks
    credential(*authenticating_, words);
    return authenticating_;
  }
  if (words.empty() || equal_nocase(words, "DONE")) return open_.latest();  // RFC 2177
  if (!command || (from.lost && command->verb == Verb::other)) {
    if (in_step_) out_.anomaly(Anomaly::invalid_command, kClient, &at_hand());
    return nullptr;
  }
  from.lost = false;
  authenticating_ = nullptr;
  close_alone();
  std::string tag(command->tag);
  const bool known = open_.find(tag) != nullptr;
  while (open_.size() >= std::max<uint64_t>(config_.max_tx, 1)) {
    out_.capped(Cap::tx);
    if (!std::exchange(told_max_tx_, true)) out_.anomaly(Anomaly::too_many_transactions, kClient, open_.oldest());
    close(*open_.oldest());
  }
  Exchange& exchange = open_.open(tag);
  out_.open(exchange);
  exchange.begin[index(kClient)] = line.begin;
  exchange.verb = command->verb;
  exchange.tag = std::move(tag);
  exchange.command = command->name;
  exchange.arguments_cut = line.cut;
  exchange.session = session_;
  said_ = &exchange;
  keep(exchange.arguments, command->arguments, kClient);
  if (known) out_.anomaly(Anomaly::duplicate_tag, kClient, &exchange);
  if (securing_) out_.anomaly(Anomaly::data_behind_starttls, kClient, &exchange);
  return &exchange;
}

/// `at`: where it begins in the stream.
void Imap::announce_literal(const Literal& literal, uint64_t at) {
  if (said_) name_mailbox(*said_);
  announced_ = literal.size;
  announced_at_ = at;
  awaited_ = Awaited::literal;
  if (!literal.waits) go_ahead();
}

/// The literal that was announced comes.
void Imap::go_ahead() {
  awaited_ = Awaited::nothing;
  const bool stores = said_ && (said_->verb == Verb::append || said_->verb == Verb::replace);
  const bool is_mail = stores && !said_->mailbox.empty();
  if (is_mail) side(kClient).delivery.begin(*said_, {}, announced_at_);
  begin_literal(kClient, announced_, is_mail, announced_at_);
}

/// An argument of some commands, as soon as it is there.
void Imap::name_mailbox(Exchange& exchange) {
  const Verb verb = exchange.verb;
  if (verb != Verb::append && verb != Verb::replace && verb != Verb::mailbox && verb != Verb::select) return;
  std::string_view rest = exchange.arguments;
  if (verb == Verb::replace) next_argument(rest);  // RFC 8508: of the message that goes
  if (exchange.mailbox.empty()) exchange.mailbox = next_argument(rest).value_or("");
}

void Imap::end_command(Exchange& exchange) {
  if (exchange.arguments_cut) out_.anomaly(Anomaly::command_too_long, kClient, &exchange);
  name_mailbox(exchange);
  exchange.asked = parse_asked_part(exchange.arguments);
  switch (exchange.verb) {
    case Verb::login:
    case Verb::authenticate: log_in(exchange); break;
    case Verb::starttls: awaited_ = Awaited::starttls; break;
    case Verb::compress: awaited_ = Awaited::compress; break;
    default: break;
  }
  out_.reach(exchange, kClient, kCommand, exchange.size);
}

void Imap::credential(Exchange& exchange, std::string_view coded) {
  gss::tell(exchange.login->answer(coded, config_.passwords), out_.part<gss::Gss>(), kClient, &exchange);
}

void Imap::log_in(Exchange& exchange) {
  Login& login = exchange.login.emplace();
  std::string_view rest = exchange.arguments;
  std::string first = next_argument(rest).value_or(""), second = next_argument(rest).value_or("");
  if (exchange.verb == Verb::login) {
    login.user = std::move(first);
    login.say(second, config_.passwords);
  } else {
    login.mechanism = std::move(first);
    if (!second.empty()) credential(exchange, second);
    authenticating_ = &exchange;
  }
}

bool Imap::must_guess(Bytes rest) const {
  return !seen_[index(kServer)] || !in_step_ || rest.size() > out_.limit(Cap::ahead);
}

/// What `rest` looks like, of which nobody tells; false while there is too little of it.
bool Imap::guess(Bytes rest, bool end) {
  if (rest.size() > out_.limit(Cap::ahead)) out_.capped(Cap::ahead);
  if (awaited_ == Awaited::literal) {
    go_ahead();
    return true;
  }
  if (awaited_ == Awaited::compress) {
    const Likelihood verdict = judge(to_text(rest), true);
    if (verdict == Likelihood::more && !end) return false;
    if (verdict == Likelihood::no) {
      unreadable_ = true;
      finish();
    }
  }
  awaited_ = Awaited::nothing;
  return true;
}

}  // namespace lapwing::imap
