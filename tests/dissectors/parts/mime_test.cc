// Messages as their carrier hands them over: whole and cut anywhere, they say the same.
#include "dissectors/parts/mime/mime.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/mime/mime_columns.h"
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
    passed.back() += to_text(bytes);
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

}  // namespace
}  // namespace lapwing
