// What the server says, and which command it answers.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/smtp/smtp.h"

namespace lapwing::smtp {

namespace {

constexpr auto kClient = Direction::to_server;
constexpr auto kServer = Direction::to_client;
constexpr uint16_t kReady = 220, kStartInput = 354, kChallenge = 334;
constexpr uint8_t kHandshake = 22;

}  // namespace

Step Smtp::server(const Chunk& chunk) {
  server_seen_ = true;
  size_t used = 0;
  while (used < chunk.data.size() && !changed_) {
    const Bytes rest = chunk.data.subspan(used);
    if (!client_seen_ && greeted_ && rest.front() == kHandshake) {  // whatever was asked for and granted
      become_tls();
      break;
    }
    const Lines::Taken taken = lines_[index(kServer)].take(rest);
    used += taken.used;
    if (!taken.line) return Step::need(used, 1);
    const Bytes wire = taken.line->wire;
    const uint64_t begin = chunk.offset + static_cast<uint64_t>(wire.data() - chunk.data.data());
    if (taken.line->cut) {
      out_.capped(Cap::line);
      out_.anomaly(Anomaly::truncated_line, kServer, &at_hand());
      out_.anomaly(Anomaly::max_reply_line_len_exceeded, kServer, &at_hand());
    }
    out_.frame(Pdu::response_line, kServer, begin, wire.size(), mails_.latest());
    reply(taken.line->text);
    if (ahead_ && mode_ != Mode::waiting) {
      // What follows may answer what the client said meanwhile.
      ahead_ = false;
      behind_ = true;
      out_.resume(kClient);
      return Step::need(used, 1);
    }
  }
  return Step::ok(used);
}

void Smtp::reply(std::string_view line) {
  const Reply reply = parse_reply(line);
  if (reply.code == 0) return out_.anomaly(Anomaly::invalid_reply, kServer, &at_hand());
  if (!greeted_) return greeting(reply);
  if (reply.continued) return;
  const auto asked = match(reply);
  if (!asked && in_step_ && (mode_ == Mode::text || mode_ == Mode::chunk)) {
    // Its end lies beyond the depth of the stream, or the server breaks it off; what it says next is of other mails.
    if (!std::exchange(current_->answered, true)) current_->last_reply = line;
    return;
  }
  Mail* const mail = asked && asked->mail ? asked->mail : current_;
  const bool of_mail = !asked || (asked->verb != Verb::quit && asked->verb != Verb::known);
  if (mail && of_mail) {
    mail->last_reply = line;
    out_.reach(*mail, kServer, kAnswer);
  }
  if (asked) return answer(*asked, reply);
  if (in_step_) return out_.anomaly(Anomaly::unable_to_match_reply_with_request, kServer, &at_hand());
  if (reply.code == kStartInput && (mode_ == Mode::commands || mode_ == Mode::waiting)) {
    if (mode_ == Mode::commands) text_begin_ = kNowhere;
    begin_data();
    lines_[index(kClient)].begin_anew();
  } else if (mode_ == Mode::text && text_lost_) {  // a text is answered when it is over
    mode_ = Mode::commands;
    end_text(FileState::truncated);
    close(*current_);
  }
}

/// RFC 5321 3.1
void Smtp::greeting(const Reply& reply) {
  if (server_.empty()) server_ = reply.text;
  if (reply.continued) return;
  greeted_ = true;
  if (reply.code != kReady) out_.anomaly(Anomaly::no_server_welcome_message, kServer, &at_hand());
}

std::optional<Smtp::Unanswered> Smtp::match(const Reply& reply) {
  if (reply.code == kStartInput) {
    // It answers DATA and nothing else.
    const auto data = std::ranges::find(unanswered_, Verb::data, &Unanswered::verb);
    if (data != unanswered_.end()) {
      for (auto passed = data - unanswered_.begin(); passed > 0; --passed) {
        const Unanswered without = take_unanswered();
        if (without.mail && without.mail != current_) close(*without.mail);
      }
    }
  }
  if (forgotten_ > 0) {
    --forgotten_;
    return Unanswered{Verb::other, nullptr};
  }
  if (unanswered_.empty()) return {};
  return take_unanswered();
}

void Smtp::answer(const Unanswered& asked, const Reply& reply) {
  switch (asked.verb) {
    case Verb::data: return answer_data(asked, reply);
    case Verb::starttls: return answer_starttls(reply);
    case Verb::helo:
    case Verb::ehlo:
      // Refused, it changes nothing (RFC 5321 4.1.4).
      if (asked.mail && !reply.positive() && !current_) {
        current_ = asked.mail;
        return;
      }
      break;
    case Verb::auth: return answer_login(reply);
    case Verb::rcpt:
      if (current_ && reply.positive()) ++current_->accepted;
      return;
    default: break;
  }
  if (!asked.mail) return;
  if (asked.mail == current_) {
    asked.mail->answered = true;
  } else {
    close(*asked.mail);
  }
}

void Smtp::answer_data(const Unanswered& asked, const Reply& reply) {
  const bool granted = reply.code == kStartInput;
  if (!granted) out_.anomaly(Anomaly::data_command_rejected, kServer, asked.mail ? asked.mail : &at_hand());
  if (mode_ != Mode::waiting || awaited_ != Verb::data) return;
  mode_ = Mode::commands;
  if (granted) begin_data();
}

void Smtp::answer_login(const Reply& reply) {
  const bool challenged = reply.code == kChallenge;
  if (mode_ == Mode::login || (mode_ == Mode::waiting && awaited_ == Verb::auth)) {
    mode_ = challenged ? Mode::login : Mode::commands;
  }
  if (challenged) return challenge(reply.text);
  if (!login_) return;
  login_->end(reply.positive() ? Outcome::success : Outcome::failure);
  Mail& now = at_hand();
  now.login = login_;
  now.logged_in = true;
  out_.reach(now, kServer, kLoginDone);
  // Each that is refused has a record of its own.
  if (login_->outcome == Outcome::failure && !now.has_envelope()) close(now);
}

void Smtp::challenge(std::string_view coded) {
  const gss::Token token = login_ ? login_->challenge(coded) : gss::Token::nothing;
  if (gss::wrong(token)) gss::tell(token, out_.part<gss::Gss>(), kServer, &at_hand());
}

void Smtp::answer_starttls(const Reply& reply) {
  if (mode_ == Mode::waiting && awaited_ == Verb::starttls) mode_ = Mode::commands;
  if (reply.code == kReady) return become_tls();
  out_.anomaly(Anomaly::tls_rejected, kServer, &at_hand());
}

void Smtp::lose_step(Direction direction) {
  in_step_ = false;
  greeted_ = true;
  // Before the server was heard it has lost its greeting; what the client said by then is a matter of chance.
  if (direction == kServer && !server_seen_) return;
  forgotten_ = 0;
  while (!unanswered_.empty()) {
    const Unanswered asked = take_unanswered();
    if (asked.mail && asked.mail != current_) close(*asked.mail);  // who may stand behind it as well
  }
  if (direction == kServer && mode_ == Mode::waiting && std::exchange(ahead_, false)) out_.resume(kClient);
}

}  // namespace lapwing::smtp
