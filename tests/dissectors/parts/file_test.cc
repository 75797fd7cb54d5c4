// Files of HTTP messages, and the file room by itself.
#include "dissectors/parts/file/file.h"

#include "dissectors/protocols/http/http_files.h"
#include "sensor/base/text.h"
#include "tests/dissectors/http/http_dialogue.h"

namespace lapwing::test {
namespace {

using Strings = std::vector<std::string>;

std::string multipart(std::string_view body) {
  return "POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=\"xYz\"\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(Files, EveryPartWithAFileNameIsAFile) {
  HttpOutcome got = play_all_ways({client(multipart(
      "--xYz\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nfield\r\n"
      "--xYz\r\nContent-Disposition: form-data; name=\"u\"; filename=\"a b.txt\"\r\nContent-Type: "
      "text/plain\r\n\r\nfirst\r\n"
      "--xYz\r\nContent-Disposition: form-data; name=\"v\"; filename=\"c.PDF\"\r\n\r\n\r\nsecond\n\r\n--xYz--\r\n"))});
  EXPECT_EQ(got.values("file.name"), (Strings{"a b.txt", "c.PDF"}));
  EXPECT_EQ(got.values("file.data"), (Strings{"first", "\r\nsecond\n"}));
  EXPECT_EQ(got.of("fileinfo").size(), 2u);
  EXPECT_TRUE(got.anomalies.empty());
}

TEST(Files, CutPartIsTruncated) {
  HttpOutcome got = play_all_ways({client(
      "POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900\r\n\r\n"
      "--b\r\nContent-Disposition: form-data; filename=x\r\n\r\nonly the beg")});
  ASSERT_EQ(got.of("fileinfo").size(), 1u);
  EXPECT_NE(got.of("fileinfo")[0].find(R"("state":"TRUNCATED")"), std::string::npos);
}

TEST(Files, MultipartAnomalies) {
  EXPECT_EQ(play_all_ways({client(multipart("nothing of the kind"))}).anomalies,
            (Strings{"multipart_generic_error@0"}));
  EXPECT_EQ(
      play_all_ways({client(multipart("--xYz\r\nContent-Disposition: form-data; filename=\"e\"\r\n\r\n\r\n--xYz--"))})
          .anomalies,
      (Strings{"multipart_no_filedata@0"}));
  EXPECT_EQ(play_all_ways({client(multipart("--xYz\r\nContent-Disposition: x\r\n--xYz--"))}).anomalies,
            (Strings{"multipart_invalid_header@0"}));
}

TEST(Files, OtherBodiesAreNamedByTheirPath) {
  HttpOutcome got = play_all_ways(
      {client("PUT /dir/UP.bin?x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), server(response("page"))});
  EXPECT_EQ(got.values("file.name"), (Strings{"/dir/UP.bin", "/dir/UP.bin"}));
  EXPECT_EQ(got.reversed, (std::vector<bool>{true, false, false})) << "the answer's first: the request's waits for it";
  got = play_all_ways({client("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
                       server(response("page", "Content-Disposition: attachment; filename=\"r.exe\"\r\n"))});
  EXPECT_EQ(got.values("file.name"), (Strings{"r.exe"}));
}

TEST(Files, RangeIsShown) {
  HttpOutcome got =
      play_all_ways({client("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
                     server(response("abc", "Content-Range: bytes 10-12/100\r\n", "206 Partial Content"))});
  EXPECT_NE(got.of("fileinfo")[0].find(R"("size":3,"start":10,"end":12)"), std::string::npos) << got.of("fileinfo")[0];
  EXPECT_NE(got.of("http")[0].find(R"("content_range":{"raw":"bytes 10-12/100","start":10,"end":12,"size":100})"),
            std::string::npos);
}

TEST(Files, DigestsAndMagicWhenAsked) {
  std::vector<Line> lines{client("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), server(response("%PDF-1.4\nabc"))};
  HttpOutcome got = play_all_ways(lines, {{"file.hash", "md5, SHA256"}, {"file.magic", "yes"}});
  EXPECT_NE(got.records[0].find(R"("magic":"PDF document, version 1.4")"), std::string::npos) << got.records[0];
  EXPECT_NE(got.records[0].find(R"("md5":)"), std::string::npos) << got.records[0];
  EXPECT_EQ(got.records[0].find(R"("sha1":)"), std::string::npos);
  got = play_all_ways(lines);
  EXPECT_EQ(got.records[0].find("magic"), std::string::npos);
  EXPECT_EQ(got.records[0].find("md5"), std::string::npos);
  EXPECT_EQ(got.values("filemd5").at(0).size(), 32u) << "rules may ask whatever records show";
}

TEST(Files, DigestsOfKeptAndPassedContentAgree) {
  file::File kept("a", 100), passed("b", 2, UINT8_MAX);
  for (auto* f : {&kept, &passed}) {
    f->append(to_bytes("abc"));
    f->append(to_bytes("def"));
    f->close(file::State::closed);
  }
  EXPECT_EQ(to_text(passed.content()), "ab");
  EXPECT_EQ(to_hex(kept.digest(file::Algorithm::md5).view()), "e80b5017098950fc58aad83c8c14978e");
  for (auto algorithm : file::kAlgorithms) {
    EXPECT_EQ(to_hex(kept.digest(algorithm).view()), to_hex(passed.digest(algorithm).view()));
  }
}

TEST(Files, AStoredFileIsPassedOnBeyondWhatIsInspected) {
  const std::string limit = "app-layer.protocols.http.libhtp.default-config.response-body-limit";
  for (size_t piece : {0, 1, 3}) {
    for (uint64_t depth : {uint64_t{0}, uint64_t{7}, uint64_t{100}}) {
      Dialogue talk(dissector("http"), {{limit, "4"}});
      talk.store_depth = depth;
      talk.client("GET /f HTTP/1.1\r\nHost: a\r\n\r\n").server(response("0123456789"), piece).finish();
      const std::string content = std::string("0123456789").substr(0, depth == 0 ? 4 : depth);
      const std::string digest = to_hex(file::digest(file::Algorithm::sha256, to_bytes(content)).view());
      EXPECT_EQ(talk.stored, (Strings{"/f=" + content + "#" + digest})) << piece << " " << depth;
      EXPECT_EQ(talk.values("file.data"), (Strings{"0123"})) << "inspection keeps its limit";
      const bool whole = depth == 100;
      EXPECT_NE(talk.records.at(0).find(whole ? R"("state":"CLOSED")" : R"("state":"TRUNCATED")"), std::string::npos)
          << talk.records[0];
    }
  }
}

TEST(Files, FileWithAHoleIsNeverClosed) {
  file::File f("a", 100);
  f.append(to_bytes("abc"));
  f.lose(10);
  f.append(to_bytes("def"));
  f.close(file::State::closed);
  EXPECT_EQ(f.state, file::State::truncated);
  EXPECT_EQ(f.size, 16u);
  EXPECT_EQ(to_text(f.content()), "abc");
}

TEST(HeaderParameters, QuotesEscapesAndOrder) {
  EXPECT_EQ(http::parameter("attachment; filename=\"a \\\"b\\\".txt\"", "filename"), "a \"b\".txt");
  EXPECT_EQ(http::parameter("form-data; name=x; FileName = y.txt ; z=1", "filename"), "y.txt");
  EXPECT_EQ(http::parameter("form-data; xfilename=no", "filename"), std::nullopt);
  EXPECT_EQ(http::parameter("a; b=\"; filename=no\"; filename=yes", "filename"), "yes");
  EXPECT_EQ(http::parameter("filename=\"open", "filename"), "open");
}

TEST(ContentRanges, MalformedOnesAreRefused) {
  EXPECT_EQ(http::parse_content_range("bytes 0-4/5")->end, 4u);
  EXPECT_EQ(http::parse_content_range("bytes */5")->size, 5u);
  for (auto text : {"", "bytes", "bytes 1/2", "bytes a-b/c", "pages 0-1/2", "bytes 0-99999999999999999999/1"}) {
    EXPECT_FALSE(http::parse_content_range(text)) << text;
  }
}

}  // namespace
}  // namespace lapwing::test
