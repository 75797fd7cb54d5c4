#include "dissectors/parts/mime/mime.h"

#include <algorithm>
#include <utility>

#include "dissectors/contract/names.h"
#include "dissectors/parts/mime/mime_header.h"
#include "sensor/base/text.h"

namespace lapwing::mime {

namespace {

constexpr size_t kLineLimit = 998;       // RFC 5322 2.1.1, without its end
constexpr size_t kCodedLineLimit = 76;   // RFC 2045 6.7, 6.8
constexpr size_t kHeaderNameLimit = 75;  // with the colon as long as a coded line
constexpr size_t kHeaderLine = 1024;     // bytes of a header's line beyond its value's that are kept

constexpr auto kAnomalies = names<Mime::Anomaly::too_many_urls>({
    {Mime::Anomaly::parse_failed, "parse_failed"},
    {Mime::Anomaly::malformed_msg, "malformed_msg"},
    {Mime::Anomaly::invalid_base64, "invalid_base64"},
    {Mime::Anomaly::invalid_qp, "invalid_qp"},
    {Mime::Anomaly::long_line, "long_line"},
    {Mime::Anomaly::long_enc_line, "long_enc_line"},
    {Mime::Anomaly::long_header_name, "long_header_name"},
    {Mime::Anomaly::long_header_value, "long_header_value"},
    {Mime::Anomaly::long_boundary, "long_boundary"},
    {Mime::Anomaly::long_filename, "long_filename"},
    {Mime::Anomaly::long_url, "long_url"},
    {Mime::Anomaly::too_deep, "too_deep"},
    {Mime::Anomaly::too_many_files, "too_many_files"},
    {Mime::Anomaly::too_many_hops, "too_many_hops"},
    {Mime::Anomaly::too_many_urls, "too_many_urls"},
});

constexpr struct {
  std::string_view name;
  std::optional<std::string> Message::*member;
} kHeaders[] = {
    {"from", &Message::from},
    {"to", &Message::to},
    {"cc", &Message::cc},
    {"bcc", &Message::bcc},
    {"subject", &Message::subject},
    {"date", &Message::date},
    {"message-id", &Message::message_id},
    {"x-mailer", &Message::x_mailer},
    {"user-agent", &Message::user_agent},
    {"reply-to", &Message::reply_to},
    {"x-originating-ip", &Message::x_originating_ip},
    {"in-reply-to", &Message::in_reply_to},
    {"references", &Message::references},
    {"importance", &Message::importance},
    {"priority", &Message::priority},
    {"sensitivity", &Message::sensitivity},
    {"organization", &Message::organization},
    {"content-md5", &Message::content_md5},
    {"relays", &Message::relays},
};

size_t find_line_end(Bytes bytes) {
  return std::min(to_text(bytes).find('\n'), bytes.size());
}

/// A message within a message (RFC 2046 5.2.1, RFC 6532 3.7).
bool is_message(std::string_view type) {
  return type == "message/rfc822" || type == "message/global" || type == "message/news";
}

}  // namespace

const Part Mime::part{.name = "mime", .help = "a message of mail", .anomalies = kAnomalies, .caps = kCaps};

Reader::Reader(const Config& config, const Place& place, Message& message, Carrier& carrier)
    : config_(config),
      out_(place.out),
      tx_(place.tx),
      direction_(place.direction),
      contents_(place.contents),
      digests_(place.digests),
      message_(message),
      carrier_(carrier),
      words_(out_.limit(Cap::url)) {
  message_.status = Status::headers;
}

Reader::Reader(const Reader& outer, size_t coded)
    : config_(outer.config_),
      out_(outer.out_),
      tx_(outer.tx_),
      direction_(outer.direction_),
      contents_(outer.contents_),
      digests_(outer.digests_),
      message_(outer.message_),
      carrier_(outer.carrier_),
      in_main_(false),
      depth_(outer.depth_ + outer.multiparts_.size()),
      coded_(coded),
      attached_(outer.attached_),
      kept_(outer.kept_),
      words_(out_.limit(Cap::url)) {}

void Reader::take(Bytes bytes) {
  if (body_) body_->update(bytes);
  while (!bytes.empty()) {
    if (passing_) {
      const size_t end = find_line_end(bytes);
      passing_ = end == bytes.size();
      bytes = bytes.subspan(std::min(end + 1, bytes.size()));
      if (!passing_) end_line();
    } else if (in_headers_) {
      take_header(bytes);
      if (!in_main_ && !body_ && coded_ == 0 && config_.body_md5) {
        body_ = std::make_unique<file::Hasher>(file::bit(file::Algorithm::md5));
        body_->update(bytes);
      }
    } else if (line_begins_ && !multiparts_.empty() && (!line_.empty() || bytes.front() == '-')) {
      take_delimiter(bytes);
    } else {
      take_body(bytes);
    }
  }
  flush();
}

void Reader::lose(uint64_t count) {
  if (in_headers_) {
    name_.clear();
    value_.clear();
  }
  lost_ = true;
  line_.clear();
  cr_ = false;
  ended_ = LineEnd::none;
  base64_ = {};
  quoted_printable_ = {};
  uuencode_ = {};
  words_.begin_anew();
  passing_ = true;
  // How much of it was the file's, and not coding, other parts or other mails, nobody knows.
  if (in_file_) file().lose(0);
  if (inner_) inner_->lose(count);
}

void Reader::end(FileState state) {
  end_all(state);
  if (body_ && !lost_ && state == FileState::closed)
    message_.body_md5 = to_hex(body_->finish(file::Algorithm::md5).view());
  if (state == FileState::closed) message_.status = Status::done;
}

void Reader::end_all(FileState state) {
  if (in_headers_) {
    if (!line_.empty()) header_line(std::exchange(line_, {}));
    end_header();
    if (in_main_) end_headers();
  } else if (!line_.empty() && !delimiter(line_)) {
    content(to_bytes(line_));
  }
  end_part(state);
}

// Headers.

void Reader::take_header(Bytes& bytes) {
  const size_t end = find_line_end(bytes);
  const bool ended = end < bytes.size();
  const size_t room = kHeaderLine + config_.header_depth - line_.size();
  line_size_ += end;
  line_.append(to_text(bytes.first(std::min(end, room))));
  bytes = bytes.subspan(end + ended);
  if (!ended) return;
  if (line_size_ == line_.size() && line_.ends_with('\r')) line_.pop_back();
  if (line_size_ > kLineLimit + 1) tell(Anomaly::long_line);
  line_size_ = 0;
  header_line(line_);
  line_.clear();
}

void Reader::header_line(std::string_view line) {
  if (line.empty()) {
    end_header();
    end_headers();
  } else if (delimiter(line)) {
    return;
  } else if (line.front() == ' ' || line.front() == '\t') {
    append_value(line.substr(1));  // of folding nothing but one blank is undone
  } else {
    end_header();
    begin_header(line);
  }
}

void Reader::begin_header(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return tell(Anomaly::malformed_msg);
  const std::string_view name = trim(line.substr(0, colon));
  if (name.size() > kHeaderNameLimit) tell(Anomaly::long_header_name);
  name_ = to_lower(name);
  const size_t value = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
  append_value(line.substr(value));
}

void Reader::append_value(std::string_view text) {
  const size_t room = config_.header_depth - value_.size();
  if (text.size() > room) tell(Anomaly::long_header_value);
  value_.append(text.substr(0, room));
}

void Reader::end_header() {
  const std::string name = std::exchange(name_, {});
  std::string value = std::exchange(value_, {});
  for (auto [known, kept] : {std::pair("content-type", &type_), std::pair("content-disposition", &disposition_),
                             std::pair("content-transfer-encoding", &coding_name_)}) {
    if (name == known && kept->empty()) *kept = value;
  }
  if (!in_main_) return;
  if (name == "received") {
    if (message_.received.size() == out_.limit(Cap::received)) return tell(Anomaly::too_many_hops, Cap::received);
    return message_.received.push_back(std::move(value));
  }
  for (const auto& row : kHeaders) {
    if (row.name == name && !(message_.*row.member)) message_.*row.member = std::move(value);
  }
}

void Reader::begin_headers(bool of_part) {
  in_headers_ = true;
  of_part_ = of_part;
  type_.clear();
  disposition_.clear();
  coding_name_.clear();
}

void Reader::end_headers() {
  in_headers_ = false;
  if (in_main_) {
    in_main_ = false;
    message_.status = Status::body;
    carrier_.message_headers();
  }
  std::string type = media_type(type_);
  if (type.starts_with("multipart/") && begin_multipart(type)) return;
  begin_part(std::move(type));
}

// Parts.

bool Reader::begin_multipart(std::string_view type) {
  std::string boundary = parameter(type_, "boundary").value_or("");
  if (boundary.empty()) {
    tell(Anomaly::parse_failed);
    return false;
  }
  if (depth_ + multiparts_.size() >= out_.limit(Cap::depth)) {
    tell(Anomaly::too_deep, Cap::depth);
    return true;
  }
  if (boundary.size() > out_.limit(Cap::boundary)) {
    tell(Anomaly::long_boundary, Cap::boundary);
    boundary.resize(out_.limit(Cap::boundary));
  }
  multiparts_.push_back({std::move(boundary), type == "multipart/digest"});
  return true;
}

void Reader::begin_part(std::string type) {
  const std::string coding = media_type(coding_name_);
  if (coding == "base64" && config_.base64) {
    coding_ = Coding::base64;
  } else if (coding == "quoted-printable" && config_.quoted_printable) {
    coding_ = Coding::quoted_printable;
  } else if (coding == "x-uuencode" || coding == "uuencode" || coding == "x-uue" || coding == "uue") {
    coding_ = Coding::uuencode;
  }
  if (type.empty() && of_part_ && multiparts_.back().digest) type = "message/rfc822";
  // Of one that is sent in pieces the first has the headers (RFC 2046 5.2.2).
  const bool piece = type == "message/partial" && parameter(type_, "number") == "1";
  const bool message = piece || is_message(type);
  if (message && coding_ == Coding::none) {
    if (const std::string name = file_name(); !name.empty()) attach(name);
    return begin_headers(false);
  }
  open_file(type);
  in_text_ = config_.urls && contents_ && (type.empty() || type == "text/plain" || type == "text/html");
  if (message) begin_coded_message();
}

void Reader::begin_coded_message() {
  if (coded_ == out_.limit(Cap::coded)) return tell(Anomaly::too_deep, Cap::coded);
  inner_.reset(new Reader(*this, coded_ + 1));
}

std::string Reader::file_name() {
  std::optional<std::string> name = parameter(disposition_, "filename");
  if (!name || name->empty()) name = parameter(type_, "name");
  std::string out = decode_words(name.value_or(""));
  if (out.size() > out_.limit(Cap::filename)) {
    tell(Anomaly::long_filename, Cap::filename);
    out.resize(out_.limit(Cap::filename));
  }
  return out;
}

/// What has a name, is meant to be saved, or is of no kind that a reader shows in the text.
void Reader::open_file(std::string_view type) {
  std::string name = file_name();
  const bool shown = type.empty() || type.starts_with("text/") || type.starts_with("multipart/") ||
                     (type.starts_with("message/") && !is_message(type));
  if (name.empty() && shown && media_type(disposition_) != "attachment") return;
  if (!attach(name) || !contents_) return;
  const uint64_t wanted = config_.content_limit ? config_.content_limit : UINT64_MAX;
  keep_ = std::min(wanted, out_.limit(Cap::content) - kept_);
  kept_ += keep_;
  in_file_ = true;
  file_ = message_.files.size();
  carrier_.message_file(message_.files.emplace_back(std::move(name), keep_, digests_), {}, false);
}

bool Reader::attach(const std::string& name) {
  if (attached_ == out_.limit(Cap::files)) {
    tell(Anomaly::too_many_files, Cap::files);
    return false;
  }
  ++attached_;
  if (!name.empty()) message_.attachments.push_back(name);
  return true;
}

void Reader::end_part(FileState state) {
  if (coding_ == Coding::quoted_printable) quoted_printable_.end_line(decoded_);
  if (coding_ == Coding::base64) base64_.finish(decoded_);
  if (coding_ == Coding::uuencode) uuencode_.end_line(decoded_);
  flush();
  if (base64_.invalid() && !lost_) tell(Anomaly::invalid_base64);
  if (quoted_printable_.invalid() && !lost_) tell(Anomaly::invalid_qp);
  words_.finish([this](std::string_view word, bool cut) { note_url(word, cut); });
  if (inner_) {
    inner_->end_all(state);
    attached_ = inner_->attached_;
    kept_ = inner_->kept_;
    inner_.reset();
  }
  if (in_file_) {
    file::File& file = this->file();
    kept_ -= keep_ - file.content().size();
    const bool cut = !file.gaps && file.size > file.content().size();
    if (cut && kept_ == out_.limit(Cap::content)) out_.capped(Cap::content);
    file.close(state);
    carrier_.message_file(file, {}, true);
    file.over = true;
  }
  in_file_ = in_text_ = false;
  coding_ = Coding::none;
  base64_ = {};
  quoted_printable_ = {};
  uuencode_ = {};
  ended_ = LineEnd::none;
  cr_ = false;
}

bool Reader::delimiter(std::string_view line) {
  if (!line.starts_with("--")) return false;
  line.remove_prefix(2);
  // One boundary may begin like another; the line is the delimiter of the longest.
  size_t found = multiparts_.size(), longest = 0;
  for (size_t i = multiparts_.size(); i-- > 0;) {
    const std::string& boundary = multiparts_[i].boundary;
    if (boundary.size() <= longest || !line.starts_with(boundary)) continue;
    found = i;
    longest = boundary.size();
  }
  if (found == multiparts_.size()) return false;
  const bool closes = line.substr(longest).starts_with("--");
  end_header();
  end_part(FileState::closed);
  multiparts_.resize(closes ? found : found + 1);
  in_headers_ = false;
  if (!closes) begin_headers(true);
  in_main_ = false;
  return true;
}

// Bodies.

/// The beginning of a line, as far as it takes to tell whether it is a delimiter.
void Reader::take_delimiter(Bytes& bytes) {
  const size_t end = find_line_end(bytes);
  const size_t room = longest_delimiter() - line_.size();
  const size_t size = std::min(end, room);
  line_.append(to_text(bytes.first(size)));
  bytes = bytes.subspan(size);
  if (bytes.empty() && line_.size() < longest_delimiter()) return;
  const std::string line = std::exchange(line_, {});
  if (delimiter(line)) {
    passing_ = true;
  } else {
    line_begins_ = false;
    Bytes rest = to_bytes(line);
    take_body(rest);
  }
}

void Reader::take_body(Bytes& bytes) {
  if (coding_ == Coding::base64 && line_size_ == 0 && !cr_ && looked_at()) {
    const size_t used = base64_.decode_lines(bytes, kCodedLineLimit, decoded_);
    if (used > 0) {
      ended_ = bytes[used - 2] == '\r' ? LineEnd::crlf : LineEnd::lf;
      bytes = bytes.subspan(used);
      return end_line();
    }
  }
  const size_t end = find_line_end(bytes);
  Bytes piece = bytes.first(end);
  const bool ended = end < bytes.size();
  bytes = bytes.subspan(end + ended);
  line_begins_ = false;
  if (!piece.empty()) {
    if (std::exchange(cr_, piece.back() == '\r')) content(to_bytes("\r"));
    content(piece.first(piece.size() - cr_));
  }
  if (!ended) return;
  content({});
  ended_ = cr_ ? LineEnd::crlf : LineEnd::lf;
  if (coding_ == Coding::quoted_printable && !quoted_printable_.end_line(decoded_)) ended_ = LineEnd::none;
  if (coding_ == Coding::uuencode && !uuencode_.end_line(decoded_)) ended_ = LineEnd::none;
  end_line();
}

void Reader::end_line() {
  line_begins_ = true;
  cr_ = false;
  line_size_ = 0;
}

/// Bytes of a line, without its end. Those of the line before are followed by more, and so its end is text.
void Reader::content(Bytes bytes) {
  const LineEnd before = std::exchange(ended_, LineEnd::none);
  line_size_ += bytes.size();
  if (line_size_ > kLineLimit) tell(Anomaly::long_line);
  if (coding_ != Coding::none && line_size_ > kCodedLineLimit) tell(Anomaly::long_enc_line);
  if (!looked_at()) return;
  if (coding_ == Coding::base64) return base64_.decode(bytes, decoded_);
  if (before != LineEnd::none) decoded_.append(before == LineEnd::crlf ? "\r\n" : "\n");
  if (coding_ == Coding::quoted_printable) {
    quoted_printable_.decode(bytes, decoded_);
  } else if (coding_ == Coding::uuencode) {
    uuencode_.decode(bytes, decoded_);
  } else {
    decoded_.append(to_text(bytes));
  }
}

/// Tells of what was decoded.
void Reader::flush() {
  if (decoded_.empty()) return;
  const Bytes text = to_bytes(decoded_);
  if (in_file_) {
    file::File& file = this->file();
    file.append(text);
    carrier_.message_file(file, text, false);
  }
  if (inner_) inner_->take(text);
  if (in_text_) words_.take(text, [this](std::string_view word, bool cut) { note_url(word, cut); });
  decoded_.clear();
}

/// Of the URLs in a word only the last may have been cut.
void Reader::note_url(std::string_view word, bool cut) {
  for (Url url = find_url(word, config_.schemes); !url.text.empty(); url = find_url(word, config_.schemes)) {
    word.remove_prefix(static_cast<size_t>(url.text.data() - word.data()) + url.text.size());
    if (cut && word.empty()) tell(Anomaly::long_url, Cap::url);
    if (message_.urls.size() == out_.limit(Cap::urls)) return tell(Anomaly::too_many_urls, Cap::urls);
    message_.urls.emplace_back(url.text.substr(config_.log_scheme ? 0 : url.scheme));
  }
}

}  // namespace lapwing::mime
