// HTTP transactions and records from whole dialogues.
#include "dissectors/protocols/http/http.h"

#include <algorithm>

#include "tests/dissectors/http/http_dialogue.h"

namespace lapwing::test {
namespace {

using Strings = std::vector<std::string>;

const std::string kGet = "GET /index.html?q=1 HTTP/1.1\r\nHost: www.Example.org:8080\r\nUser-Agent: tests\r\n\r\n";

TEST(Http, RecordsOneRequestAndItsResponse) {
  HttpOutcome got = play_all_ways({client(kGet), server(response("hello", "Content-Type: text/plain; charset=x\r\n"))});
  ASSERT_EQ(got.records.size(), 2u);
  EXPECT_EQ(
      got.records[1],
      R"({"http":{"hostname":"www.Example.org","http_port":8080,"url":"/index.html?q=1","http_user_agent":"tests",)"
      R"("http_content_type":"text/plain","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":5}})");
  EXPECT_EQ(got.of("fileinfo").size(), 1u);
  EXPECT_EQ(got.reversed, (std::vector<bool>{true, false})) << "the server sent the file";
  EXPECT_TRUE(got.anomalies.empty());
}

TEST(Http, ShowsRefererAndRedirectUnlessRecordsAreShort) {
  std::vector<Line> lines{client("GET / HTTP/1.0\r\nReferer: http://a/\r\n\r\n"),
                          server("HTTP/1.0 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")};
  EXPECT_NE(play(lines).records[0].find(R"("http_refer":"http://a/")"), std::string::npos);
  EXPECT_NE(play(lines).records[0].find(R"("redirect":"/b")"), std::string::npos);
  EXPECT_EQ(play(lines, 0, {{"app-layer.protocols.http.record.extended", "no"}}).records[0], R"({"http":{"url":"/"}})");
}

TEST(Http, DumpsAllHeadersWhenAsked) {
  HttpOutcome got = play({client("GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n\r\n"), server(response(""))}, 0,
                         {{"app-layer.protocols.http.record.dump-all-headers", "both"}});
  EXPECT_NE(got.records[0].find(R"("request_headers":[{"name":"Host","value":"a"},{"name":"X-One","value":"1"}],)"
                                R"("response_headers":[{"name":"Content-Length","value":"0"}])"),
            std::string::npos)
      << got.records[0];
}

TEST(Http, ShowsTheHeadersThatAreNamed) {
  const std::vector<Line> lines{
      client("GET / HTTP/1.1\r\nHost: a\r\nVIA: b\r\nX-One: 1\r\n\r\n"),
      server("HTTP/1.1 200 OK\r\nServer: c\r\nContent-Range: bytes 0-0/9\r\nContent-Length: 0\r\nvia: d\r\n\r\n")};
  const std::string custom = "app-layer.protocols.http.record.custom",
                    dump = "app-layer.protocols.http.record.dump-all-headers";
  const std::string all = R"("request_headers":[{"name":"Host","value":"a"},{"name":"VIA","value":"b"},)"
                          R"({"name":"X-One","value":"1"}])";
  const std::string named = R"("response_headers":[{"name":"Server","value":"c"},)"
                            R"({"name":"Content-Range","value":"bytes 0-0/9"},{"name":"via","value":"d"}])";
  const std::string names = "Via,server,content-range,x-two";
  std::string record = play(lines, 0, {{custom, names}}).records[0];
  EXPECT_NE(record.find(R"("request_headers":[{"name":"VIA","value":"b"}],)" + named), std::string::npos) << record;
  EXPECT_EQ(record.find("content_range"), record.rfind("content_range")) << record;
  record = play(lines, 0, {{custom, names}, {dump, "request"}}).records[0];
  EXPECT_NE(record.find(all + "," + named), std::string::npos) << record;
  record = play(lines, 0, {{custom, "x-two"}}).records[0];
  EXPECT_EQ(record.find("_headers"), std::string::npos) << record;
}

TEST(Http, DumpsNoHeadersThatDidNotCome) {
  const std::string record =
      play({client("GET / HTTP/1.0\r\n\r\n")}, 0, {{"app-layer.protocols.http.record.dump-all-headers", "both"}})
          .records[0];
  EXPECT_EQ(record.find("_headers"), std::string::npos) << record;
}

TEST(Http, AlertsShowBodiesWhenAsked) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na=\x01\x02";
  const std::vector<Line> lines{client(post), server(response("hello"))};
  EXPECT_EQ(play(lines).alerts.back().find("_body"), std::string::npos);
  const HttpOutcome got = play_all_ways(lines, {{"app-layer.protocols.http.alert.body", "yes"},
                                                {"app-layer.protocols.http.alert.body-printable", "yes"}});
  EXPECT_NE(got.alerts.back().find(R"("http_request_body_printable":"a=..","http_request_body":"YT0BAg==",)"
                                   R"("http_response_body_printable":"hello","http_response_body":"aGVsbG8=")"),
            std::string::npos)
      << got.alerts.back();
  for (const std::string& record : got.records) EXPECT_EQ(record.find("_body"), std::string::npos) << record;
}

TEST(Http, RecordsTheFileOfARequestWithTheAnswer) {
  const std::string post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfile";
  HttpOutcome got = play_all_ways({client(post), server(response("no", "", "403 Forbidden"))});
  ASSERT_EQ(got.of("fileinfo").size(), 2u);
  EXPECT_EQ(got.reversed, (std::vector<bool>{true, false, false}));
  for (const std::string& file : got.of("fileinfo")) EXPECT_NE(file.find(R"("status":403)"), std::string::npos) << file;
  got = play_all_ways({client(post)});
  ASSERT_EQ(got.of("fileinfo").size(), 1u) << "no answer came";
}

TEST(Http, KeepsPipelinedRequestsApart) {
  HttpOutcome got =
      play_all_ways({client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
                            "xyzGET /3 HTTP/1.1\r\nHost: a\r\n\r\n"),
                     server(response("one") + response("two") + response("three"))});
  EXPECT_EQ(got.values("http.uri"), (Strings{"/1", "/2", "/3"}));
  EXPECT_EQ(got.values("http.response_body"), (Strings{"one", "two", "three"}));
  EXPECT_EQ(got.values("http.request_body"), (Strings{"xyz"}));
  EXPECT_EQ(got.records.size(), 7u) << "three transactions, three files of the server, one of the client";
}

TEST(Http, JoinsChunksAndReadsTrailers) {
  HttpOutcome got = play_all_ways(
      {client(kGet), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                            chunked("all of the body\r\n\r\n", 4) + response("next", "", "404 Not Found"))});
  EXPECT_EQ(got.values("http.response_body")[0], "all of the body\r\n\r\n");
  got = play_all_ways({client(kGet + kGet), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                                   "3;ext=1\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n" +
                                                   response("next"))});
  EXPECT_EQ(got.values("http.response_body"), (Strings{"abc", "next"}));
}

TEST(Http, UndoesContentEncodings) {
  const std::string text(20000, 'a');
  for (const auto& [name, body] : std::vector<std::pair<std::string, std::string>>{{"gzip", gzip(text)},
                                                                                   {"x-gzip", gzip(text)},
                                                                                   {"deflate", zlib(text, false)},
                                                                                   {"deflate", zlib(text, true)},
                                                                                   {"gzip, gzip", gzip(gzip(text))}}) {
    HttpOutcome got = play_all_ways({client(kGet), server(response(body, "Content-Encoding: " + name + "\r\n"))});
    EXPECT_EQ(got.values("http.response_body"), (Strings{text})) << name;
    EXPECT_EQ(got.values("file.data").size(), 1u);
  }
}

TEST(Http, UndoesNoMoreLayersThanTold) {
  HttpOutcome got = play_all_ways(
      {client(kGet), server(response(gzip(gzip(gzip("deep"))), "Content-Encoding: gzip, gzip, gzip\r\n"))});
  EXPECT_EQ(got.values("http.response_body")[0].find("deep"), std::string::npos);
  EXPECT_EQ(got.anomalies, (Strings{"too_many_encoding_layers@0"}));
}

TEST(Http, BrokenCompressionBreaksAtOnePlace) {
  std::string random;
  for (uint32_t i = 0, x = 1; i < 30000; ++i) random.push_back(static_cast<char>((x = x * 1103515245 + 12345) >> 16));
  std::string body = gzip(random);
  body[9000] = static_cast<char>(body[9000] ^ 0x55);
  body[9001] = static_cast<char>(body[9001] ^ 0x55);
  play_all_ways({client(kGet), server(response(body, "Content-Encoding: gzip\r\n"))});
  HttpOutcome got = play_all_ways({client(kGet), server(response("no gzip at all", "Content-Encoding: gzip\r\n"))});
  EXPECT_EQ(got.values("http.response_body"), (Strings{"no gzip at all"})) << "as the browser shows it";
}

TEST(Http, PassesOverBodiesThatNobodyLooksAt) {
  const std::string broken = "Content-Encoding: gzip\r\n" + std::string("Transfer-Encoding: chunked\r\n\r\n");
  std::string body = gzip(std::string(20'000, 'a') + std::string(20'000, 'b'));
  body[body.size() / 2] ^= 0x55;
  Heard looked_at, passed;
  for (Heard* heard : {&looked_at, &passed}) {
    FlowDriver flow({.known = "http", .frames = true, .contents = heard == &looked_at}, *heard);
    flow.say(Direction::to_server, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody" + kGet);
    flow.say(Direction::to_client, "HTTP/1.1 200 OK\r\n" + broken + chunked(body, 1000) + response("second"));
    flow.finish();
  }
  EXPECT_EQ(looked_at.anomalies.size(), 1u);
  EXPECT_EQ(passed.anomalies, Strings());
  EXPECT_EQ(passed.frames, looked_at.frames);
  auto records = [](const Heard& heard, bool of_files) {
    return std::ranges::count_if(
        heard.records, [&](const auto& r) { return (r.find("\"fileinfo\"") != std::string::npos) == of_files; });
  };
  EXPECT_EQ(records(looked_at, false), 2);
  EXPECT_EQ(records(passed, false), 2);
  EXPECT_GT(records(looked_at, true), 0);
  EXPECT_EQ(records(passed, true), 0);
}

TEST(Http, BodyIsFinalAtTheLimit) {
  const Settings settings{{"app-layer.protocols.http.libhtp.default-config.response-body-limit", "1000"},
                          {"app-layer.protocols.http.libhtp.default-config.request-body-limit", "10"}};
  HttpOutcome got =
      play_all_ways({client("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'q')),
                     server(response(std::string(5000, 'r')))},
                    settings);
  EXPECT_EQ(got.values("http.request_body"), (Strings{std::string(10, 'q')}));
  EXPECT_EQ(got.values("http.response_body"), (Strings{std::string(1000, 'r')}));
  EXPECT_EQ(got.values("filesize"), (Strings{"10", "1000"}));
  ASSERT_EQ(got.of("fileinfo").size(), 2u);
  EXPECT_NE(got.of("fileinfo")[1].find(R"("state":"TRUNCATED")"), std::string::npos);
  EXPECT_NE(got.records.back().find(R"("length":5000)"), std::string::npos) << "the record counts what was sent";

  got = play_all_ways({client(kGet), server(response(std::string(1000, 'r')))}, settings);
  EXPECT_NE(got.of("fileinfo")[0].find(R"("state":"CLOSED")"), std::string::npos) << "exactly the limit is whole";
}

TEST(Http, GivesUpACompressionBombAtTheBodyLimit) {
  const std::string bomb = gzip(gzip(std::string(30'000'000, 0)));
  HttpOutcome got = play_all_ways({client(kGet), server(response(bomb, "Content-Encoding: gzip, gzip\r\n"))});
  EXPECT_LE(got.values("http.response_body").at(0).size(), 100u * 1024);
  EXPECT_EQ(got.anomalies, (Strings{"compression_bomb@0"}));
}

TEST(Http, BodyWithoutLengthRunsToTheEnd) {
  HttpOutcome got =
      play_all_ways({client("GET / HTTP/1.0\r\n\r\n"), server("HTTP/1.0 200 OK\r\n\r\nto the "), server("end")});
  EXPECT_EQ(got.values("http.response_body"), (Strings{"to the end"}));
  EXPECT_NE(got.of("fileinfo")[0].find(R"("state":"CLOSED")"), std::string::npos);
}

TEST(Http, UnfinishedBodyIsWhatCame) {
  HttpOutcome got = play_all_ways({client(kGet), server("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")});
  EXPECT_NE(got.of("fileinfo")[0].find(R"("size":4)"), std::string::npos);
  EXPECT_EQ(got.values("http.response_body"), (Strings{"half"}));
}

/// What came behind a hole that the receiver never filled is none of the file, however the message said its length.
TEST(Http, AFileBrokenOffAtAHoleIsTruncated) {
  const std::string whole = response("whole");
  for (std::string head : {"Content-Length: 50\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\n32\r\n"}) {
    for (bool broken_off : {false, true}) {
      Dialogue d(dissector("http"));
      d.client(kGet).client(kGet).server(whole).server("HTTP/1.1 200 OK\r\n" + head + "half");
      d.end(Direction::to_client, broken_off).end(Direction::to_server).finish();
      std::vector<std::string> files;
      std::ranges::copy_if(d.records, std::back_inserter(files),
                           [](const std::string& record) { return record.find("\"state\"") != std::string::npos; });
      ASSERT_EQ(files.size(), 2U) << head;
      EXPECT_NE(files[0].find(R"("state":"CLOSED")"), std::string::npos) << files[0];
      EXPECT_NE(files[1].find(R"("gaps":false)"), std::string::npos) << files[1];
      EXPECT_NE(files[1].find(R"("size":4)"), std::string::npos) << files[1];
      EXPECT_NE(files[1].find(broken_off ? R"("state":"TRUNCATED")" : R"("state":"CLOSED")"), std::string::npos)
          << head << files[1];
    }
  }
}

TEST(Http, InterimResponseIsNotTheResponse) {
  HttpOutcome got =
      play_all_ways({client("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
                     server("HTTP/1.1 100 Continue\r\n\r\n"), client("ok"), server(response("fine"))});
  EXPECT_EQ(got.values("http.stat_code"), (Strings{"200"}));
  EXPECT_EQ(got.values("http.request_body"), (Strings{"ok"}));
  EXPECT_EQ(got.values("http.header.raw").back(), "Content-Length: 4\r\n\r\n");
}

TEST(Http, OldestVersionHasNoHeaders) {
  HttpOutcome got = play_all_ways({client("GET /old\r\n"), server("<html>bare</html>\nmore")});
  EXPECT_EQ(got.values("http.uri"), (Strings{"/old"}));
  EXPECT_EQ(got.values("http.response_body"), (Strings{"<html>bare</html>\nmore"}));
}

TEST(Http, MissingProtocolIsForgivenWhenHeadersFollow) {
  HttpOutcome got = play_all_ways({client("GET /x\r\nHost: a\r\nUser-Agent: u\r\n\r\n"), server(response("y"))});
  EXPECT_EQ(got.values("http.user_agent"), (Strings{"u"}));
  EXPECT_NE(std::ranges::find(got.anomalies, "request_line_missing_protocol@0"), got.anomalies.end());
}

TEST(Http, ResponseWithoutRequestIsRecorded) {
  HttpOutcome got = play_all_ways({server(response("alone"))});
  EXPECT_EQ(got.values("http.response_body"), (Strings{"alone"}));
  EXPECT_TRUE(got.values("http.method").empty());
  EXPECT_NE(got.records.back().find(R"("url":"/libhtp::request_uri_not_seen")"), std::string::npos);
  EXPECT_EQ(got.anomalies, (Strings{"unable_to_match_response_to_request@0"}));
}

TEST(Http, RequestWithoutResponseIsRecordedAtTheEnd) {
  HttpOutcome got = play_all_ways({client(kGet)});
  ASSERT_EQ(got.records.size(), 1u);
  EXPECT_EQ(got.records[0].find("status"), std::string::npos);
}

TEST(Http, AnswerWithoutStatusLineIsTheBody) {
  HttpOutcome got = play_all_ways({client(kGet), server("SSH-2.0-x\r\nnot a web server\r\n")});
  EXPECT_EQ(got.values("http.response_body"), (Strings{"SSH-2.0-x\r\nnot a web server\r\n"}));
  got = play_all_ways({client(kGet), server("junk\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")});
  EXPECT_EQ(got.values("http.stat_code"), (Strings{"200"}));
}

/// A server that ends its side hears on: what it answered is over, and requests are read as before.
TEST(Http, AServerThatEndsItsSideEndsNoRequest) {
  const std::string request = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
  for (const std::string answer :
       {"", "HTTP/1.0 200 OK\r\n\r\nto the end", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut",
        "HTTP/1.1 200 OK\r\nServer: cut", "HTTP/1.1 200 OK"}) {
    for (size_t before = 0; before <= request.size(); ++before) {
      Dialogue d(dissector("http"), {});
      d.client(kGet).server(answer).client(request.substr(0, before)).end(Direction::to_client);
      d.client(request.substr(before), before % 2).client(kGet).finish();
      EXPECT_EQ(d.values("http.method"), (Strings{"GET", "POST", "GET"})) << answer << before;
      EXPECT_EQ(d.values("http.host"), (Strings{"www.example.org", "a", "www.example.org"})) << answer << before;
      EXPECT_EQ(d.values("http.request_body"), (Strings{"body"})) << answer << before;
      EXPECT_EQ(d.values("http.stat_code"), answer.empty() ? Strings{} : Strings{"200"}) << answer << before;
    }
  }
}

TEST(Http, ABodyGoesOnBehindAGap) {
  for (size_t piece : {size_t{0}, size_t{1}, size_t{5}}) {
    Dialogue d(dissector("http"), {});
    d.client(kGet + kGet, piece).server("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nbefore", piece);
    d.gap(Direction::to_client, 8).server("behind" + response("next"), piece).finish();
    EXPECT_EQ(d.values("http.response_body"), (Strings{"beforebehind", "next"}));
    ASSERT_EQ(d.records.size(), 4u);
    EXPECT_NE(d.records[0].find(R"("gaps":true,"state":"TRUNCATED")"), std::string::npos) << d.records[0];
    EXPECT_NE(d.records[0].find(R"("size":20)"), std::string::npos) << d.records[0];
  }
}

TEST(Http, AChunkGoesOnBehindAGap) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\nbefore";
  for (size_t piece : {size_t{0}, size_t{1}, size_t{5}}) {
    Dialogue d(dissector("http"), {});
    d.client(kGet + kGet, piece).server(head, piece).gap(Direction::to_client, 8);
    d.server("behind\r\n0\r\n\r\n" + response("next"), piece).finish();
    EXPECT_EQ(d.values("http.response_body"), (Strings{"beforebehind", "next"}));
    EXPECT_NE(d.records[0].find(R"("size":20)"), std::string::npos) << d.records[0];

    Dialogue beyond(dissector("http"), {});
    beyond.client(kGet, piece).server(head, piece).gap(Direction::to_client, 30).server("behind", piece).finish();
    EXPECT_EQ(beyond.values("http.response_body"), (Strings{"beforebehind"})) << "no chunk is known any more";

    // Two packets make a gap of any size: nothing is put in the place of so many bytes.
    Dialogue vast(dissector("http"), {});
    vast.client(kGet + kGet, piece).server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000000\r\n", piece);
    vast.gap(Direction::to_client, 0x2000000).server("\r\n0\r\n\r\n" + response("next"), piece).finish();
    EXPECT_EQ(vast.values("http.stat_code"), (Strings{"200"})) << "what follows is body";
  }
}

TEST(Http, GapBetweenMessagesResynchronises) {
  Dialogue d(dissector("http"), {});
  d.client(kGet).server(response("1")).gap(Direction::to_server, 500);
  d.client("lf: of a header\r\nHost: x\r\n\r\nGET /again HTTP/1.1\r\nHost: a\r\n\r\n").finish();
  EXPECT_EQ(d.values("http.uri"), (Strings{"/index.html?q=1", "/again"}));
}

TEST(Http, GapInHeadersEndsTheDirection) {
  Dialogue d(dissector("http"), {});
  d.client("GET / HTTP/1.1\r\nHost").gap(Direction::to_server, 10).client("\r\n\r\n").finish();
  EXPECT_FALSE(d.failed);
  EXPECT_EQ(d.records.size(), 1u);
}

TEST(Http, TooManyHeadersAreTold) {
  std::string headers;
  for (int i = 0; i < 2000; ++i) headers += "X-" + std::to_string(i) + ": v\r\n";
  HttpOutcome got = play_all_ways({client("GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n"), server(response("x"))});
  EXPECT_NE(std::ranges::find(got.anomalies, "request_too_many_headers@0"), got.anomalies.end());
}

TEST(Http, AnomaliesOfTheRequest) {
  auto anomalies = [](std::string request) { return play_all_ways({client(std::move(request))}).anomalies; };
  EXPECT_EQ(anomalies("GET / HTTP/1.1\r\n\r\n"), (Strings{"missing_host_header@0"}));
  EXPECT_EQ(anomalies("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"), (Strings{"host_header_ambiguous@0"}));
  EXPECT_EQ(anomalies("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Strange x\r\n\r\n"),
            (Strings{"request_auth_unrecognized@0"}));
  for (const char* known : {"Basic YTpi", "Bearer abc", "bearer abc"}) {
    EXPECT_EQ(anomalies(std::string("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ") + known + "\r\n\r\n"), Strings{})
        << known;
  }
  EXPECT_EQ(anomalies("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
            (Strings{"duplicate_content_length_field_in_request@0"}));
  EXPECT_EQ(anomalies("GET / HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n"),
            (Strings{"request_field_missing_colon@0"}));
  EXPECT_EQ(anomalies(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (Strings{"request_line_leading_whitespace@0"}));
}

}  // namespace
}  // namespace lapwing::test
