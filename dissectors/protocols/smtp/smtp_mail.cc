// Mails of a session, and their text.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/smtp/smtp.h"

namespace lapwing::smtp {

namespace {

constexpr auto kClient = Direction::to_server;
constexpr auto kServer = Direction::to_client;

}  // namespace

Mail& Smtp::mail() {
  if (current_) return *current_;
  if (config_.max_tx && mails_.size() >= config_.max_tx) {
    out_.capped(Cap::tx);
    out_.anomaly(Anomaly::too_many_transactions, kClient, mails_.oldest());
    close(*mails_.oldest());
  }
  current_ = &mails_.open();
  out_.open(*current_);
  current_->begin[index(kClient)] = line_begin_;
  current_->helo = helo_;
  if (!helo_.empty()) out_.reach(*current_, kClient, kHello);
  return *current_;
}

Mail& Smtp::at_hand() {
  return current_ || mails_.empty() ? mail() : *mails_.latest();
}

void Smtp::begin_data() {
  mode_ = Mode::text;
  out_.reach(mail(), kClient, kRecipients);
  begin_text();
  if (text_begin_ != kNowhere) out_.frame(Pdu::data, kClient, text_begin_, kOpenLength, current_);
}

void Smtp::begin_text() {
  end_reading(FileState::truncated);  // of chunks, behind which DATA begins anew
  reading_ = current_->text = true;
  text_ = {};
  text_lost_ = false;
  Mail& now = *current_;
  if (config_.decode) {
    mime::Carrier& carrier = *this;
    reader_.emplace(config_,
                    mime::Reader::Place{out_.part<mime::Mime>(), now, kClient, out_.contents(), out_.digests()},
                    now.message, carrier);
  } else if (config_.raw_extraction && out_.contents()) {
    const uint64_t most = out_.part<mime::Mime>().limit(mime::Mime::Cap::content);
    const uint64_t keep = config_.content_limit ? std::min(config_.content_limit, most) : most;
    message_file(now.message.files.emplace_back("rawmsg", keep, out_.digests()), {}, false);
  }
}

Step Smtp::text(const Chunk& chunk, size_t used) {
  const DottedText::Taken taken = text_.read(chunk.data.subspan(used), [this](Bytes bytes) { take_text(bytes); });
  used += taken.used;
  if (taken.end == 0) return used == chunk.data.size() ? Step::ok(used) : Step::need(used, 1);
  // Servers that disagree on where a text ends can be made to take what follows for a mail of its own.
  if (taken.ambiguous) out_.anomaly(Anomaly::ambiguous_end_of_data, kClient, current_);
  read_to_ = chunk.offset + used;
  Mail* const over = current_;
  mode_ = Mode::commands;
  end_text(FileState::closed);
  current_ = nullptr;
  if (each_recipient_ && server_seen_) {
    for (size_t others = std::min<size_t>(over->accepted, over->to.size()); others > 1; --others)
      unanswered(Verb::text, nullptr, over);
  }
  unanswered(Verb::text, over);
  return Step::ok(used + taken.end);
}

void Smtp::take_text(Bytes bytes) {
  Mail& now = *current_;
  now.size += bytes.size();
  if (reader_) return reader_->take(bytes);
  if (now.message.files.empty()) return;
  file::File& file = now.message.files.back();
  file.append(bytes);
  message_file(file, bytes, false);
}

void Smtp::lose_text(uint64_t count) {
  if (reader_) return reader_->lose(count);
  if (!current_->message.files.empty()) current_->message.files.back().lose(0);
}

void Smtp::take_chunk(Bytes bytes) {
  take_text(bytes);
  read_to_ += bytes.size();
  chunk_left_ -= bytes.size();
  if (chunk_left_ == 0) end_chunk();
}

void Smtp::end_chunk() {
  mode_ = Mode::commands;
  behind_chunk_ = true;
  out_.end_frame(Pdu::data, kClient, read_to_, current_);
  if (!last_chunk_) return;
  end_text(FileState::closed);
  Mail* const over = std::exchange(current_, nullptr);
  if (over->answered || !server_seen_) close(*over);
}

void Smtp::end_text(FileState state) {
  Mail& now = *current_;
  out_.end_frame(Pdu::data, kClient, read_to_, &now);
  end_reading(state);
  out_.reach(now, kClient, kText, now.size);
  out_.reach(now, kClient, kComplete, now.size);
}

/// No more comes of the text, or of the chunks of it, that is read.
void Smtp::end_reading(FileState state) {
  if (!std::exchange(reading_, false)) return;
  auto& files = current_->message.files;
  if (reader_) {
    reader_->end(state);
    reader_.reset();
  } else if (!files.empty()) {
    file::File& file = files.back();
    file.close(state);
    message_file(file, {}, true);
    file.over = true;
  }
}

/// Writes what is to be written of a mail, and forgets it.
void Smtp::close(Mail& mail) {
  out_.reach(mail, kClient, kComplete, mail.size);
  out_.reach(mail, kServer, kComplete);
  for (Unanswered& asked : unanswered_) {
    if (mail.asked == 0) break;
    if (asked.mail != &mail) continue;
    asked.mail = nullptr;
    --mail.asked;
  }
  if (current_ == &mail) current_ = nullptr;
  const bool session = !recorded_ && (!mail.helo.empty() || login_);  // of which nothing else tells
  if (mail.has_envelope() || mail.logged_in || session) record(mail);
  mails_.close(mail);
}

void Smtp::record(Mail& mail) {
  recorded_ = true;
  mail.server = server_;
  mail.login = login_;
  const uint64_t bytes = mail.size + mail.envelope;
  for (file::File& file : mail.message.files) {
    out_.emit({.tx = &mail,
               .direction = kClient,
               .record = &records()[1],
               .detail = &file,
               .file = &file,
               .message = bytes / mail.message.files.size()});  // each says again what the others say of the mail
  }
  out_.emit({.tx = &mail, .direction = kClient, .record = records().data(), .message = bytes});
  if (mail.logged_in && mail.login && mail.login->by_ntlm()) {
    out_.emit({.tx = &mail, .direction = kClient, .record = &records()[2], .message = bytes});
  }
}

void Smtp::message_headers() {
  out_.reach(*current_, kClient, kHeaders, current_->size);
}

void Smtp::message_file(file::File& file, Bytes bytes, bool over) {
  out_.file(*current_, kClient, file, bytes, over);
}

}  // namespace lapwing::smtp
