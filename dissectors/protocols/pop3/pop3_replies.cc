// What the server says, and which command it answers.
#include <algorithm>
#include <cstring>
#include <utility>

#include "dissectors/protocols/pop3/pop3.h"

namespace lapwing::pop3 {

namespace {

constexpr auto kClient = Direction::to_server;
constexpr auto kServer = Direction::to_client;
constexpr size_t kReplyLimit = 512;  // bytes of its first line with its end (RFC 2449 4)

bool retrieves(Verb verb) {
  return verb == Verb::retr || verb == Verb::top;
}

/// As begins(), where no more bytes come.
Begins begins_at_last(Bytes rest) {
  const Status::Kind kind = parse_status(to_text(rest)).kind;
  return kind == Status::Kind::ok || kind == Status::Kind::error ? Begins::status : Begins::line;
}

Bytes first_line(Bytes bytes) {
  const void* end = std::memchr(bytes.data(), '\n', bytes.size());
  return end ? bytes.first(static_cast<size_t>(static_cast<const uint8_t*>(end) - bytes.data()) + 1) : bytes;
}

}  // namespace

Step Pop3::server(const Chunk& chunk) {
  server_seen_ = true;
  Lines& lines = lines_[index(kServer)];
  size_t used = 0;
  while (used < chunk.data.size()) {
    const Bytes rest = chunk.data.subspan(used);
    const uint64_t offset = chunk.offset + used;
    if (reading_ == Reading::text) {
      const Step step = text(chunk, used);
      if (step.kind != Step::Kind::ok) return step;
      used = step.used;
      continue;
    }
    if (lines.passing()) {
      used += lines.pass(rest);
      continue;
    }
    if (turns_to_tls(kServer, rest)) {
      become_tls();
      return Step::ok(used);
    }
    if (reading_ == Reading::unsure || lost_) {
      constexpr size_t kEnough = 2;  // for turns_to_tls
      Begins what = rest.size() < kEnough ? Begins::more : begins(rest);
      if (what == Begins::more && !chunk.end) return Step::need(used, 1);
      if (what == Begins::more) what = begins_at_last(rest);
      if (lost_) {
        go_on(what, offset);
      } else if (what == Begins::status) {
        end_reply();
      } else {
        begin_text(what == Begins::header, true, offset);
      }
      if (lost_) lines.pass_over();
      if (lost_ || reading_ == Reading::text) continue;
    }
    const auto line = take_line(chunk, used);
    if (!line) return Step::need(used, 1);
    reply(*line, chunk.offset + static_cast<size_t>(line->wire.data() - chunk.data.data()));
  }
  return Step::ok(used);
}

void Pop3::reply(const Lines::Line& line, uint64_t offset) {
  const Status status = parse_status(line.text);
  if (line.cut) out_.capped(Cap::line);
  if (status.kind == Status::Kind::challenge) return challenge(line, status.text, offset);
  if (status.kind == Status::Kind::none) return junk(line, offset);
  junk_ = false;
  const bool greeting = !std::exchange(greeted_, true);
  Exchange& exchange = greeting || open_.empty() ? begin_alone() : *open_.oldest();
  if (greeting) exchange.further = Further::none;
  exchange.status = status.kind;
  exchange.header = status.text;
  exchange.size += line.wire.size();
  exchange.begin[index(kServer)] = offset;
  out_.frame(Pdu::response_line, kServer, offset, line.wire.size(), &exchange);
  if (line.wire.size() > kReplyLimit) out_.anomaly(Anomaly::response_too_long, kServer, &exchange);
  if (stls_ == Stls::granted) out_.anomaly(Anomaly::plaintext_behind_stls, kServer, &exchange);
  conclude(exchange, offset + line.wire.size());
}

void Pop3::challenge(const Lines::Line& line, std::string_view coded, uint64_t offset) {
  Exchange* asked = open_.oldest();
  if (!asked || asked->verb != Verb::auth || !greeted_) {
    if (in_step_ && asked) return junk(line, offset);
    return out_.frame(Pdu::response_line, kServer, offset, line.wire.size());
  }
  ++asked->challenges;
  if (asked->login) gss::tell(asked->login->challenge(coded), out_.part<gss::Gss>(), kServer, asked);
  asked->size += line.wire.size();
  out_.frame(Pdu::response_line, kServer, offset, line.wire.size(), asked);
}

/// A line that is no reply, and that nobody has asked for; of several the first.
void Pop3::junk(const Lines::Line& line, uint64_t offset) {
  if (std::exchange(junk_, true)) return out_.frame(Pdu::response_line, kServer, offset, line.wire.size());
  Exchange& exchange = begin_alone();
  exchange.header = line.text;
  exchange.size = line.wire.size();
  exchange.begin[index(kServer)] = offset;
  out_.frame(Pdu::response_line, kServer, offset, line.wire.size(), &exchange);
  out_.anomaly(Anomaly::invalid_reply, kServer, &exchange);
  close(exchange);
}

Exchange& Pop3::begin_alone() {
  alone_.reset();
  out_.open(alone_);
  alone_.user = user_;
  return alone_;
}

void Pop3::conclude(Exchange& exchange, uint64_t end) {
  const bool positive = exchange.status == Status::Kind::ok;
  if (exchange.login) exchange.login->end(positive ? Outcome::success : Outcome::failure);
  if (exchange.verb == Verb::stls && stls_ != Stls::granted) stls_ = positive ? Stls::granted : Stls::none;
  out_.reach(exchange, kServer, kStatus, exchange.size);
  replying_ = &exchange;
  if (!positive || exchange.further == Further::none) return end_reply();
  if (exchange.further == Further::lines) return begin_text(retrieves(exchange.verb), true, end);
  reading_ = Reading::unsure;
}

void Pop3::go_on(Begins what, uint64_t offset) {
  if (what == Begins::status) {
    // Most clients wait for a reply before they go on: what they asked for since then is what is answered.
    while (doubtful_ > 1 || (doubtful_ == 1 && open_.size() > 1)) close(*open_.oldest());
    doubtful_ = 0;
    lost_ = false;
    return;
  }
  while (doubtful_ > 0 && open_.oldest()->further != Further::lines) close(*open_.oldest());
  if (doubtful_ == 0) return;
  doubtful_ = 0;
  lost_ = false;
  replying_ = open_.oldest();
  begin_text(retrieves(replying_->verb), what == Begins::header, offset);
  text_lost_ = true;
}

void Pop3::end_reply() {
  reading_ = Reading::status;
  const bool of_unkept = replying_ == &alone_ && alone_.further != Further::none;
  if (of_unkept && unkept_ > 0) --unkept_;
  close(*replying_);
}

void Pop3::begin_text(bool message, bool headers, uint64_t offset) {
  reading_ = Reading::text;
  text_ = {};
  text_lost_ = false;
  text_end_ = offset;
  out_.frame(Pdu::data, kServer, offset, kOpenLength, replying_);
  if (!message) return;
  replying_->message = std::make_unique<mime::Message>();
  if (!config_.decode || !headers) return;
  mime::Carrier& carrier = *this;
  reader_.emplace(config_,
                  mime::Reader::Place{out_.part<mime::Mime>(), *replying_, kServer, out_.contents(), out_.digests()},
                  *replying_->message, carrier);
}

Step Pop3::text(const Chunk& chunk, size_t used) {
  Bytes rest = chunk.data.subspan(used);
  const bool others_wait = open_.size() > (replying_ == &alone_ ? 0 : 1);
  if (text_lost_ && others_wait) {
    // Its end may be among what is lost: a reply to the next command tells.
    if (text_.line_begins()) {
      Begins what = begins(rest);
      if (what == Begins::more && !chunk.end) return Step::need(used, 1);
      if (what == Begins::more) what = begins_at_last(rest);
      if (what == Begins::status) {
        end_text(FileState::truncated, chunk.offset + used);
        end_reply();
        return Step::ok(used);
      }
    }
    rest = first_line(rest);
  }
  const DottedText::Taken taken = text_.read(rest, [this](Bytes bytes) { take_text(bytes); });
  used += taken.used;
  text_end_ = chunk.offset + used;
  if (taken.end == 0) return taken.used < rest.size() ? Step::need(used, 1) : Step::ok(used);
  if (taken.ambiguous) out_.anomaly(Anomaly::ambiguous_end_of_text, kServer, replying_);
  // Of what is shown by TOP the rest may be missing.
  end_text(replying_->verb == Verb::top ? FileState::truncated : FileState::closed, text_end_);
  end_reply();
  return Step::ok(used + taken.end);
}

void Pop3::take_text(Bytes bytes) {
  Exchange& exchange = *replying_;
  exchange.size += bytes.size();
  if (exchange.message) {
    exchange.message_size += bytes.size();
    exchange.lines.append(to_text(bytes), config_.message_data);
    if (reader_) reader_->take(bytes);
    return;
  }
  const bool cut = exchange.lines.cut();
  if (exchange.lines.append(to_text(bytes), out_.limit(Cap::reply)) || cut) return;
  out_.capped(Cap::reply);
  out_.anomaly(Anomaly::response_too_long, kServer, &exchange);
}

void Pop3::end_text(FileState state, uint64_t end) {
  reading_ = Reading::status;
  out_.end_frame(Pdu::data, kServer, end, replying_);
  if (reader_) {
    reader_->end(state);
    reader_.reset();
  }
  out_.reach(*replying_, kServer, kText, replying_->size);
}

void Pop3::message_headers() {
  out_.reach(*replying_, kServer, kHeaders, replying_->size);
}

void Pop3::message_file(file::File& file, Bytes bytes, bool over) {
  out_.file(*replying_, kServer, file, bytes, over);
}

}  // namespace lapwing::pop3
