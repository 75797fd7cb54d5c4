// Messages as their carrier hands them over: whole and cut anywhere, they say the same.
#include "dissectors/parts/mime/mime.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/mime/mime_columns.h"
#include "sensor/base/text.h"
#include "tests/support/cost.h"
#include "tests/support/silent_sink.h"

namespace lapwing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A protocol of nothing but mail.
struct Post {
  enum class Anomaly : uint8_t {};
  using Pdu = None;
  using Cap = None;
  static constexpr Carried kParts[] = {{&mime::Mime::part}};
  static const Protocol protocol;
};
const Protocol Post::protocol{.name = "post", .parts = Post::kParts};

struct Names final : test::SilentSink {
  void anomaly(const Protocol& protocol, const Transaction&, uint8_t name, Direction) override {
    anomalies.push_back(anomaly_name(protocol, name));
  }
  void capped(const Protocol& protocol, uint8_t cap, uint64_t) override {
    caps.push_back(std::string(kCapRows.at(protocol, cap).row.name));
  }
  std::vector<std::string> anomalies, caps;
};

mime::Config config() {
  mime::Config out;
  out.header_depth = 2000;
  out.content_limit = 100'000;
  out.schemes = {"http"};
  out.body_md5 = true;
  return out;
}

struct Letter final : mime::Carrier {
  explicit Letter(const mime::Config& chosen = config())
      : options(chosen), reader(options, {out.part<mime::Mime>(), tx, Direction::to_server}, message, *this) {}

  void message_headers() override { told += "headers;"; }
  void message_file(file::File& file, Bytes bytes, bool over) override {
    if (bytes.empty() && !over) told += "file " + file.name + ';';
    passed.resize(std::max(passed.size(), message.files.size()));
    passed[static_cast<size_t>(&file - message.files.data())] += to_text(bytes);
    if (over) told += "over " + std::to_string(file.size) + ' ' + std::string(file::state_name(file.state)) + ';';
  }
  Letter& say(std::string_view text, size_t piece = 0) {
    for (size_t at = 0; at < text.size();) {
      const size_t size = piece ? std::min(piece, text.size() - at) : text.size();
      reader.take(to_bytes(text.substr(at, size)));
      at += size;
    }
    return *this;
  }
  Letter& end(FileState state = FileState::closed) {
    reader.end(state);
    return *this;
  }

  mime::Config options;
  Names sink;
  Out<Post> out{Beginning{.sink = sink}};
  Transaction tx;
  mime::Message message;
  std::string told;
  std::vector<std::string> passed;  // of each file
  mime::Reader reader;
};

const std::string kMixed =
    "From: \"A, B\" <a@example.org>\r\n"
    "To: x@example.org,\r\n\t\"Y, Z\" <y@example.org>\r\n"
    "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"
    "Received: from b by c\r\nReceived: from a by b\r\n"
    "Content-Type: multipart/mixed; boundary=\"out\"\r\n"
    "\r\n"
    "no part http://preamble.example/\r\n"
    "--out\r\n"
    "Content-Type: multipart/alternative;\r\n boundary=out1\r\n"
    "\r\n"
    "--out1\r\n"
    "\r\n"
    "plain http://One.example/a?b#c, and\r\n(HTTP://two.example)\r\n"
    "--out1\r\n"
    "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "<a href=3D'http://three.exam=\r\nple/'>x</a>\r\n"
    "--out1--\r\n"
    "epilogue\r\n"
    "--out\r\n"
    "Content-Type: application/zip; name=\"a b.zip\"\r\nContent-Transfer-Encoding: base64\r\n"
    "\r\n"
    "aGVsbG8g\r\nd29ybGQ=\r\n"
    "--out\r\n"
    "Content-Disposition: attachment; filename*0*=iso-8859-1''%FCber;\r\n filename*1=\".t\"; filename*2=xt\r\n"
    "\r\n"
    "-- \r\none\r\n\r\n-two-\r\n\r\n"
    "--out--\r\n"
    "the end\r\n";

TEST(Mime, AMessageAndItsPartsAreReadHoweverTheyAreCut) {
  for (size_t piece : {0, 1, 2, 3, 7, 64}) {
    Letter letter;
    letter.say(kMixed, piece).end();
    const mime::Message& m = letter.message;
    EXPECT_EQ(letter.told,
              "headers;file a b.zip;over 11 CLOSED;file \xc3\xbc"
              "ber.txt;over 19 CLOSED;")
        << piece;
    EXPECT_THAT(letter.passed, ElementsAre("hello world", "-- \r\none\r\n\r\n-two-\r\n"));
    EXPECT_EQ(m.subject, "=?utf-8?B?R3LDvMOfZQ==?=");
    EXPECT_EQ(mime::read::subject_text(m),
              "Gr\xc3\xbc\xc3\x9f"
              "e");
    EXPECT_THAT(m.received, ElementsAre("from b by c", "from a by b"));
    EXPECT_THAT(m.attachments, SizeIs(2));
    EXPECT_THAT(m.urls, ElementsAre("One.example/a?b#c,", "two.example)", "three.example/"));
    EXPECT_EQ(m.status, mime::Status::done);
    EXPECT_EQ(m.body_md5.size(), 32u);
    EXPECT_THAT(letter.sink.anomalies, IsEmpty());
    std::vector<std::string_view> to;
    for (std::string_view address : mime::read::to(m)) to.push_back(address);
    EXPECT_THAT(to, ElementsAre("x@example.org", "\"Y, Z\" <y@example.org>"));
  }
}

/// What came of a text, whole and in pieces.
struct Read {
  std::string told;
  std::vector<std::string> passed, anomalies, caps, urls, attachments;
};
Read read_whole(std::string_view text, const mime::Config& chosen = config()) {
  std::optional<Read> first;
  for (size_t piece : {0, 1, 3, 17}) {
    Letter letter(chosen);
    letter.say(text, piece).end();
    Read now{letter.told,      letter.passed,       letter.sink.anomalies,
             letter.sink.caps, letter.message.urls, letter.message.attachments};
    if (!first) first = now;
    EXPECT_EQ(now.told, first->told) << piece;
    EXPECT_EQ(now.passed, first->passed) << piece;
    EXPECT_EQ(now.anomalies, first->anomalies) << piece;
    EXPECT_EQ(now.urls, first->urls) << piece;
  }
  return *first;
}

std::string part(std::string_view headers, std::string_view body) {
  return "--b\r\n" + std::string(headers) + "\r\n\r\n" + std::string(body) + "\r\n";
}
const std::string kParts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

TEST(Mime, WhatIsAtFaultIsTold) {
  const std::string base64 = "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const std::string printable = "Content-Type: image/png\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
  const struct {
    std::string text, anomaly;
  } kCases[] = {
      {"Content-Type: multipart/mixed\r\n\r\nx", "mime_parse_failed"},
      {"Content-Type: multipart/mixed; boundary=\r\n\r\nx", "mime_parse_failed"},
      {"no header\r\n\r\nx", "mime_malformed_msg"},
      {base64 + "QU*JD\r\n", "mime_invalid_base64"},
      {base64 + "Q\r\n", "mime_invalid_base64"},
      {printable + "a=zz\r\n", "mime_invalid_qp"},
      {"\r\n" + std::string(999, 'x'), "mime_long_line"},
      {"A: " + std::string(997, 'x') + "\r\n\r\n", "mime_long_line"},
      {base64 + std::string(80, 'A') + "\r\n", "mime_long_enc_line"},
      {printable + std::string(77, 'A') + "\r\n", "mime_long_enc_line"},
      {std::string(76, 'N') + ": x\r\n\r\n", "mime_long_header_name"},
      {"A: " + std::string(900, 'x') + "\r\n " + std::string(900, 'x') + "\r\n " + std::string(201, 'x') + "\r\n\r\n",
       "mime_long_header_value"},
  };
  for (const auto& [text, anomaly] : kCases) EXPECT_THAT(read_whole(text).anomalies, ElementsAre(anomaly)) << text;
  const std::string good[] = {"\r\n" + std::string(998, 'x'),
                              "A: " + std::string(995, 'x') + "\r\n\r\n",
                              base64 + std::string(76, 'A') + "\r\n",
                              std::string(75, 'N') + ": x\r\n\r\n",
                              base64,
                              ""};
  for (const std::string& text : good) EXPECT_THAT(read_whole(text).anomalies, IsEmpty()) << text;
}

TEST(Mime, UuencodeIsUndone) {
  const std::string head =
      "Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n";
  const std::string lines =
      "M:&5L;&\\@=V]R;&0L('-A:60@=&AE(&UA:6P@;V8@;VQD+\"!A;F0@:70@<V%I\r\n"
      "@9\"!S;R!A=\"!S;VUE(&QE;F=T:\"!O;B!T=V\\@;&EN97, \r\n";
  const std::string text = "hello world, said the mail of old, and it said so at some length on two lines";
  EXPECT_THAT(read_whole(head + "begin 644 a.bin\r\n" + lines + "`\r\nend\r\nmore\r\n").passed, ElementsAre(text));
  EXPECT_THAT(read_whole(head + "begone\r\nbegin 644 a.bin\r\n" + lines).passed, ElementsAre("begone\r\n" + text));
  EXPECT_THAT(read_whole(head + "beg").passed, ElementsAre("beg"));
  EXPECT_THAT(read_whole(head + "plain text\r\nof two lines").passed, ElementsAre("plain text\r\nof two lines"));
}

TEST(Mime, DelimitersEndPartsAsFarOutAsTheyBelong) {
  // The inner multipart is never closed, its boundary begins like the outer one, and lines end in LF alone.
  const Read got = read_whole(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n"
      "--bb\nContent-Disposition: attachment; filename=1\n\none\n\n--bb\t\nContent-Disposition: attachment; "
      "filename=2\n\n"
      "--\n--x\ntwo--b\n--b\nContent-Disposition: attachment; filename=3\n\n\n--b--\nepilogue http://no.example/\n");
  EXPECT_EQ(got.told, "headers;file 1;over 4 CLOSED;file 2;over 13 CLOSED;file 3;over 0 CLOSED;");
  EXPECT_THAT(got.passed, ElementsAre("one\n", "--\n--x\ntwo--b", ""));
  EXPECT_THAT(got.urls, IsEmpty());
}

TEST(Mime, APartIsAFileByItsNameItsDispositionOrItsKind) {
  const struct {
    std::string_view headers;
    bool file;
  } kCases[] = {
      {"", false},
      {"Content-Type: text/html", false},
      {"Content-Type: text/plain; name=a", true},
      {"Content-Disposition: inline; filename=a", true},
      {"Content-Disposition: attachment", true},
      {"Content-Type: application/zip", true},
      {"Content-Type: message/delivery-status", false},
      {"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", true},  // which RFC 2046 5.2.1 forbids
  };
  for (const auto& [headers, file] : kCases) {
    EXPECT_EQ(read_whole(kParts + part(headers, "x") + "--b--\r\n").passed.size(), file) << headers;
  }
}

TEST(Mime, MessagesWithinAMessageAreReadAsPartsOfIt) {
  const Read got = read_whole(kParts +
                              part("Content-Type: message/rfc822; name=outer.eml",
                                   "Subject: other\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
                                   "Content-Disposition: attachment; filename=in\r\n\r\ninner\r\n--c--") +
                              part("Content-Disposition: attachment; filename=out", "outer") + "--b--\r\n");
  EXPECT_THAT(got.passed, ElementsAre("inner", "outer"));
  EXPECT_THAT(got.attachments, ElementsAre("outer.eml", "in", "out"));
}

/// How some mail clients read what no header calls a message, or what RFC 2046 has in no coding.
TEST(Mime, AMessageWithinAMessageMayBeCodedImpliedOrInPieces) {
  const std::string inner =
      "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n" +
      std::string("Content-Disposition: attachment; filename=in\r\n\r\nhttp://x\r\n--c\r\n\r\nhttp://y\r\n--c--");
  std::string printable;
  for (const char c : inner) printable += c == '=' ? "=3D" : std::string(1, c);
  const std::string digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n";
  const std::string coded = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: ";
  const struct {
    std::string head, part, body;
    size_t files;
  } kCases[] = {
      {kParts, coded + "base64", to_base64(to_bytes(inner)), 2},
      {kParts, coded + "quoted-printable", printable, 2},
      {digest, "X: y", inner, 1},
      {kParts, "Content-Type: message/partial; number=1", inner, 1},
  };
  for (const auto& [head, headers, body, files] : kCases) {
    const Read got = read_whole(head + part(headers, body) + "--b--\r\n");
    ASSERT_THAT(got.passed, SizeIs(files)) << headers;
    EXPECT_EQ(got.passed.back(), "http://x");
    EXPECT_THAT(got.attachments, ElementsAre("in"));
    EXPECT_THAT(got.urls, ElementsAre("x", "y"));
  }
  // A message of a digest has a body of its own, and what says what it is, is that.
  EXPECT_THAT(read_whole(digest + part("X: y", "Subject: x\r\n\r\nhttp://x") + "--b--\r\n").urls, ElementsAre("x"));
  EXPECT_THAT(read_whole(digest + part("Content-Type: text/plain", "http://x") + "--b--\r\n").urls, ElementsAre("x"));
  EXPECT_THAT(read_whole(kParts + part("Content-Type: message/partial; number=2", inner) + "--b--\r\n").passed,
              IsEmpty());
}

TEST(Mime, BehindLostBytesOfACodedMessageItGoesOn) {
  const std::string inner =
      "Content-Disposition: attachment; filename=in\r\n\r\n" + std::string(90, 'x') + "\r\n" + std::string(57, 'y');
  std::string coded = to_base64(to_bytes(inner));
  for (size_t at = 76; at < coded.size(); at += 78) coded.insert(at, "\r\n");
  Letter letter;
  letter.say("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n").say(coded.substr(0, 80));
  letter.reader.lose(10);
  letter.say(coded.substr(90)).end();
  ASSERT_THAT(letter.message.files, SizeIs(2));
  EXPECT_TRUE(letter.message.files[0].gaps);
  EXPECT_TRUE(letter.message.files[1].gaps);
}

TEST(Mime, OptionsDecideWhatIsUndoneAndLookedFor) {
  const std::string text = kParts + part("Content-Type: image/png\r\nContent-Transfer-Encoding: base64", "QUJD") +
                           part("Content-Type: image/png\r\nContent-Transfer-Encoding: quoted-printable", "=41") +
                           part("Content-Type: text/plain", "http://a.example/ https://b.example/") + "--b--\r\n";
  EXPECT_THAT(read_whole(text).passed, ElementsAre("ABC", "A"));
  EXPECT_THAT(read_whole(text).urls, ElementsAre("a.example/"));
  mime::Config chosen = config();
  chosen.base64 = chosen.quoted_printable = false;
  chosen.schemes = {"https"};
  chosen.log_scheme = true;
  EXPECT_THAT(read_whole(text, chosen).passed, ElementsAre("QUJD", "=41"));
  EXPECT_THAT(read_whole(text, chosen).urls, ElementsAre("https://b.example/"));
  chosen.urls = false;
  EXPECT_THAT(read_whole(text, chosen).urls, IsEmpty());
  chosen.header_depth = 3;
  Letter letter(chosen);
  letter.say("Subject: abcdef\r\nSubject: second\r\n\r\n").end();
  EXPECT_EQ(letter.message.subject, "abc");
  EXPECT_THAT(letter.sink.anomalies, ElementsAre("mime_long_header_value"));
}

TEST(Mime, ABodysDigestIsThatOfAllOfIt) {
  const std::string head = "Subject: x\r\n\r\n";
  Letter whole, lost, broken, off(mime::Config{});
  whole.say(head + "abc").end();
  EXPECT_EQ(whole.message.body_md5, "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321 A.5
  lost.say(head + "a").reader.lose(1);
  lost.say("c").end();
  broken.say(head + "abc").end(FileState::truncated);
  off.say(head + "abc").end();
  for (const Letter* letter : {&lost, &broken, &off}) EXPECT_EQ(letter->message.body_md5, "");
  EXPECT_EQ(broken.message.status, mime::Status::body);
}

TEST(Mime, BehindLostBytesTheNextLineIsReadAndNoLengthIsClaimed) {
  Letter letter;
  letter.say("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\nQU");
  letter.reader.lose(1'000'000);
  letter.say("FBQ\r\nREVG\r\n").end();
  EXPECT_THAT(letter.passed, ElementsAre("ABCDEF"));
  EXPECT_EQ(letter.told, "headers;file ;over 6 TRUNCATED;");
  EXPECT_TRUE(letter.message.files[0].gaps);
}

TEST(Mime, WhereNobodyLooksNamesAreStillTold) {
  Names sink;
  Out<Post> out{Beginning{.sink = sink}};
  Transaction tx;
  mime::Message message;
  Letter carrier;
  const mime::Config chosen = config();
  mime::Reader reader(chosen, {out.part<mime::Mime>(), tx, Direction::to_server, false}, message, carrier);
  const std::string text =
      kParts + part("Content-Disposition: attachment; filename=a", "http://x.example/") + "--b--\r\n";
  reader.take(to_bytes(text));
  reader.end(FileState::closed);
  EXPECT_THAT(message.attachments, ElementsAre("a"));
  EXPECT_THAT(message.files, IsEmpty());
}

const std::string kCodedMessage = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";

TEST(Mime, EachBoundIsToldAndCounted) {
  const auto named = [](size_t i) {
    return part("Content-Disposition: attachment; filename=" + std::to_string(i), "x");
  };
  const struct {
    std::string text, cap, anomaly;
  } kCases[] = {
      {"Content-Type: multipart/mixed; boundary=" + std::string(256, 'b') + "\r\n\r\n", "boundary",
       "mime_long_boundary"},
      {"Content-Disposition: attachment; filename=" + std::string(256, 'f') + "\r\n\r\n", "filename",
       "mime_long_filename"},
      {test::repeated(5, [](size_t) { return kCodedMessage; }) + "x", "coded", "mime_too_deep"},
      {kParts + test::repeated(257, named), "files", "mime_too_many_files"},
      {test::repeated(257, [](size_t) { return std::string("Content-Type: message/rfc822; name=m\r\n\r\n"); }), "files",
       "mime_too_many_files"},
      {test::repeated(65, [](size_t) { return std::string("Received: x\r\n"); }) + "\r\n", "received",
       "mime_too_many_hops"},
      {"\r\n" + test::repeated(257, [](size_t) { return std::string("http://x "); }), "urls", "mime_too_many_urls"},
      {"\r\n\r\nhttp://" + std::string(990, 'x') + "\r\nhttp://", "", ""},
  };
  for (const auto& [text, cap, anomaly] : kCases) {
    Letter letter;
    letter.say(text).end();
    if (cap.empty()) {
      EXPECT_THAT(letter.sink.caps, IsEmpty());
      continue;
    }
    EXPECT_THAT(letter.sink.caps, testing::Each(cap));
    EXPECT_THAT(letter.sink.anomalies, testing::Contains(anomaly)) << cap;
    EXPECT_LE(letter.message.attachments.size(), 256u);
  }
}

}  // namespace
}  // namespace lapwing
