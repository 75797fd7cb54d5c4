#include "dissectors/protocols/imap/imap_message.h"

#include <utility>

#include "dissectors/protocols/imap/imap.h"
#include "sensor/base/text.h"

namespace lapwing::imap {

namespace {

constexpr std::string_view kLineEnd = "\r\n";  // ends headers, though none came

}  // namespace

Delivery::Delivery(const Config& config, Out<Imap>& out, Direction direction)
    : config_(config), out_(out), direction_(direction) {}

Delivery::~Delivery() = default;

void Delivery::begin(const Exchange& of, const Place& place, uint64_t at) {
  if (!goes_on(place)) {
    end();
    open(of, place, at);
  }
  const std::string_view name = place.section.name;
  if (std::string& section = exchange_->mail->section; section.empty()) {
    section = name;
  } else if (!place.section.partial) {
    section.append(" ").append(name);  // behind its header
  }
  kind_ = place.section.kind;
  part_ = place.section.part;
  asked_ = place.asked;
  whole_ = place.whole;
  begun_ = exchange_->mail->size;
}

/// Whether the message under way goes on with the literal.
bool Delivery::goes_on(const Place& place) const {
  using Kind = Section::Kind;
  if (!exchange_ || !place.number) return false;
  const Mail& mail = *exchange_->mail;
  if (!same_message(mail.number, mail.uid, place.number, place.uid)) return false;
  if (place.section.partial) {
    return equal_nocase(mail.section, place.section.name) && place.section.offset == mail.offset + mail.size;
  }
  if (mail.partial || part_ != place.section.part) return false;
  return (kind_ == Kind::header && place.section.kind == Kind::text) ||
         (kind_ == Kind::mime && place.section.kind == Kind::part);
}

void Delivery::open(const Exchange& of, const Place& place, uint64_t at) {
  using Kind = Section::Kind;
  const Section& section = place.section;
  exchange_ = std::make_unique<Exchange>();
  Exchange& now = *exchange_;
  out_.open(now);
  now.begin[index(direction_)] = at;
  now.tag = of.tag;
  now.command = of.command;
  now.session = of.session;
  now.mailbox = of.mailbox;
  const bool from_start = section.offset == 0;
  const bool headers = from_start && (section.kind == Kind::whole || section.kind == Kind::header);
  now.mail = std::make_unique<Mail>(Mail{.direction = direction_,
                                         .number = place.number,
                                         .uid = place.uid,
                                         .section = {},
                                         .headers = headers,
                                         .partial = section.partial,
                                         .offset = section.offset});
  if (!config_.decode) return;
  const bool part = section.kind == Kind::part;
  std::string name = part && place.header ? place.header->file_name() : std::string();
  // What is decoded has no lines of mail any more.
  const bool file = part && (!place.header || !from_start || (section.decoded && !name.empty()));
  if (file) return open_file(std::move(name));
  mime::Carrier& carrier = *this;
  reader_.emplace(config_,
                  mime::Reader::Place{out_.part<mime::Mime>(), now, direction_, out_.contents(), out_.digests()},
                  now.mail->message, carrier);
  if (part) reader_->take(to_bytes(place.header->text(section.decoded)));
  if (part || !from_start || section.kind == Kind::text) reader_->take(to_bytes(kLineEnd));
}

/// A part without its headers may be anything, and is a file as it comes.
void Delivery::open_file(std::string name) {
  if (!out_.contents()) return;
  PartOut part = out_.part<mime::Mime>();
  if (!part.within(mime::Mime::Cap::filename, name.size())) {
    part.anomaly(mime::Mime::Anomaly::long_filename, direction_, exchange_.get());
    name.resize(part.limit(mime::Mime::Cap::filename));
  }
  const uint64_t keep = config_.content_limit ? config_.content_limit : UINT64_MAX;
  message_file(exchange_->mail->message.files.emplace_back(std::move(name), keep, out_.digests()), {}, false);
}

void Delivery::take(Bytes bytes) {
  Mail& mail = *exchange_->mail;
  mail.size += bytes.size();
  if (reader_) return reader_->take(bytes);
  if (mail.message.files.empty()) return;
  file::File& file = mail.message.files.back();
  file.append(bytes);
  message_file(file, bytes, false);
}

void Delivery::lose(uint64_t count) {
  Mail& mail = *exchange_->mail;
  mail.size += count;
  if (reader_) return reader_->lose(count);
  if (!mail.message.files.empty()) mail.message.files.back().lose(count);
}

void Delivery::end_line(std::optional<uint64_t> uid) {
  if (!exchange_) return;
  Mail& mail = *exchange_->mail;
  if (!mail.uid) mail.uid = uid;
  if (!mail.partial) {
    if (kind_ != Section::Kind::header && kind_ != Section::Kind::mime) close(FileState::closed);
    return;
  }
  const uint64_t came = mail.size - begun_;
  if ((asked_ && came < *asked_) || (whole_ && mail.offset + mail.size >= *whole_)) {
    mail.partial = mail.offset > 0;
    close(FileState::closed);
  }
}

void Delivery::end() {
  if (exchange_) close(exchange_->mail->partial ? FileState::truncated : FileState::closed);
}

void Delivery::close(FileState state) {
  if (!exchange_) return;
  tell(state);
  exchange_.reset();
}

void Delivery::break_off() {
  if (!exchange_) return;
  tell(FileState::truncated);
  told_ = std::move(exchange_);
}

void Delivery::tell(FileState state) {
  Exchange& now = *exchange_;
  Mail& mail = *now.mail;
  if (reader_) {
    reader_->end(state);
    reader_.reset();
  } else if (!mail.message.files.empty()) {
    file::File& file = mail.message.files.back();
    file.close(state);
    message_file(file, {}, true);
    file.over = true;
  }
  out_.reach(now, direction_, kText, mail.size);
  out_.reach(now, direction_, kComplete, mail.size);
  const bool reversed = direction_ == Direction::to_client;
  for (file::File& file : mail.message.files) {
    out_.emit({.tx = &now,
               .direction = direction_,
               .record = &records()[1],
               .detail = &file,
               .file = &file,
               .reversed = reversed,
               .message = mail.size});
  }
  out_.emit(
      {.tx = &now, .direction = direction_, .record = records().data(), .reversed = reversed, .message = mail.size});
}

void Delivery::message_headers() {
  out_.reach(*exchange_, direction_, kHeaders, exchange_->mail->size);
}

void Delivery::message_file(file::File& file, Bytes bytes, bool over) {
  out_.file(*exchange_, direction_, file, bytes, over);
}

}  // namespace lapwing::imap
