// MIME (RFC 2045 to 2049): a message of mail as its bytes come, whoever carries it. Headers (RFC 5322), parts within
// each other, files, URLs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/out.h"
#include "dissectors/parts/file/file.h"
#include "dissectors/parts/mime/mime_coding.h"
#include "dissectors/parts/mime/mime_options.h"
#include "dissectors/parts/mime/mime_url.h"

namespace lapwing::mime {

enum class Status : uint8_t { none, headers, body, done };

/// [W] What is known of a message.
struct Message {
  Status status = Status::none;
  // Headers, the first of each name, with folding undone.
  std::optional<std::string> from, to, cc, bcc, subject, date, message_id, x_mailer, user_agent, reply_to;
  std::optional<std::string> x_originating_ip, in_reply_to, references, importance, priority, sensitivity;
  std::optional<std::string> organization, content_md5, relays;
  std::vector<std::string> received;  // of its way, latest hop first
  std::vector<file::File> files;
  std::vector<std::string> attachments;  // names of those that have one, and of messages within it
  std::vector<std::string> urls;         // as they came
  std::string body_md5;                  // where all of it came

  bool begun() const { return status != Status::none; }
};

/// The rows of the part.
struct Mime {
  enum class Anomaly : uint8_t {
    parse_failed,
    malformed_msg,
    invalid_base64,
    invalid_qp,
    long_line,
    long_enc_line,
    long_header_name,
    long_header_value,
    long_boundary,
    long_filename,
    long_url,
    too_deep,
    too_many_files,
    too_many_hops,
    too_many_urls,
  };
  enum class Cap : uint8_t { boundary, filename, depth, coded, files, content, received, urls, url };
  static constexpr lapwing::Cap kCaps[] = {
      {"boundary", 255, "bytes of a boundary; of a longer one the first count"},
      {"filename", 255, "bytes of a file's name; a longer one is cut"},
      {"depth", 32, "multiparts within each other; what is deeper is passed over"},
      {"coded", 4, "messages within each other that are coded as a whole; in deeper ones nobody looks"},
      {"files", 256, "files of one message, and messages within it that have a name; others are passed over"},
      {"content", 4 << 20, "bytes of all files of one message that are kept for rules"},
      {"received", 64, "hops of one message that are kept"},
      {"urls", 256, "URLs of one message that are kept"},
      {"url", 2048, "bytes of a URL; a longer one is cut"},
  };
  static const Part part;
};

/// Takes what a Reader tells while it reads.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// The headers of the message are final.
  virtual void message_headers() = 0;
  /// For Out::file.
  virtual void message_file(file::File& file, Bytes bytes, bool over) = 0;
};

/// [W] Of one message, which ends with end(). What it says does not depend on how the bytes are cut. All that it is
/// given outlives it.
class Reader {
 public:
  /// What a carrier hands over of itself and its transaction.
  struct Place {
    PartOut<Mime> out;
    Transaction& tx;
    Direction direction;
    bool contents = true;         // as Out::contents
    uint8_t digests = UINT8_MAX;  // as Out::digests
  };

  Reader(const Config& config, const Place& place, Message& message, Carrier& carrier);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next bytes, as they are between the ends of the message: nothing of the carrier's framing.
  void take(Bytes bytes);
  /// So many bytes never come.
  void lose(uint64_t count);
  /// `state`: closed, or truncated where the message broke off. All that grows of the message is final.
  void end(FileState state);

 private:
  using Anomaly = Mime::Anomaly;
  using Cap = Mime::Cap;
  enum class Coding : uint8_t { none, base64, quoted_printable, uuencode };
  enum class LineEnd : uint8_t { none, lf, crlf };
  struct Multipart {
    std::string boundary;
    bool digest = false;  // of messages (RFC 2046 5.1.5)
  };

  /// Of a message within one, so many codings deep.
  Reader(const Reader& outer, size_t coded);

  // Headers of the message, of its parts, and of messages within it.
  void take_header(Bytes& bytes);
  void header_line(std::string_view line);
  void begin_header(std::string_view line);
  void end_header();
  void append_value(std::string_view text);
  void begin_headers(bool of_part);
  void end_headers();

  // Parts.
  bool begin_multipart(std::string_view type);
  void begin_part(std::string type);
  /// What comes is coded, and a message (which RFC 2046 5.2.1 forbids, and mail clients undo).
  void begin_coded_message();
  void open_file(std::string_view type);
  /// Notes a file, or a message, within the message; false where there are as many already as are kept.
  bool attach(const std::string& name);
  void end_part(FileState state);
  void end_all(FileState state);
  std::string file_name();
  /// Ends and begins parts where the line is a delimiter of one that is open (RFC 2046 5.1.1).
  bool delimiter(std::string_view line);

  // Bodies.
  void take_body(Bytes& bytes);
  void take_delimiter(Bytes& bytes);
  void end_line();
  void content(Bytes bytes);
  void flush();
  file::File& file() { return message_.files[file_]; }
  bool looked_at() const { return in_file_ || in_text_ || inner_; }
  void note_url(std::string_view word, bool cut);
  size_t longest_delimiter() const { return out_.limit(Cap::boundary) + 4; }
  void tell(Anomaly name) { out_.anomaly(name, direction_, &tx_); }
  void tell(Anomaly name, Cap cap, uint64_t count = 1) {
    out_.capped(cap, count);
    tell(name);
  }

  const Config& config_;
  PartOut<Mime> out_;
  Transaction& tx_;
  const Direction direction_;
  const bool contents_;
  const uint8_t digests_;
  Message& message_;
  Carrier& carrier_;

  bool in_headers_ = true, in_main_ = true;       // headers of the message itself
  bool of_part_ = false;                          // they are those of a part of a multipart
  bool passing_ = false;                          // the rest of a line is of no interest
  std::string line_;                              // a header's, or one of a body that may be a delimiter
  uint64_t line_size_ = 0;                        // bytes of the line at hand
  std::string name_, value_;                      // the header at hand
  std::string type_, disposition_, coding_name_;  // of the part at hand
  std::vector<Multipart> multiparts_;             // that are open, outermost first
  const size_t depth_ = 0;                        // multiparts around the message
  const size_t coded_ = 0;                        // messages around it that are coded as a whole

  bool line_begins_ = true;
  bool cr_ = false;                // the last byte was a CR
  LineEnd ended_ = LineEnd::none;  // it belongs to the text where no delimiter follows
  Coding coding_ = Coding::none;
  Base64 base64_;
  QuotedPrintable quoted_printable_;
  Uuencode uuencode_;
  std::unique_ptr<Reader> inner_;           // of what is decoded
  bool in_file_ = false, in_text_ = false;  // the part is a file, is text
  size_t file_ = 0;                         // of the message's
  uint64_t keep_ = 0;                       // bytes of it at most
  size_t attached_ = 0;                     // files, and messages with a name
  uint64_t kept_ = 0;                       // bytes of the files, of one at hand the most
  std::string decoded_;                     // that nobody was told of
  Words words_;
  std::unique_ptr<file::Hasher> body_;
  bool lost_ = false;  // bytes of the message
};

}  // namespace lapwing::mime
