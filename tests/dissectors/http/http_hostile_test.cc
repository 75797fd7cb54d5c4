// HTTP that was made to end, blind or drown the sensor.
#include <algorithm>

#include "dissectors/protocols/http/http.h"
#include "dissectors/protocols/http/http_files.h"
#include "tests/dissectors/http/http_dialogue.h"

namespace lapwing::test {
namespace {

using Strings = std::vector<std::string>;

const std::string kBareGet = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
const std::string kMark = "EVILMARK-0123456789";
const std::string kDefaults = "app-layer.protocols.http.libhtp.default-config.";

bool has(const Strings& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

/// The body of the only response that `text` is, which must be the same however it was cut.
std::string body_of(std::string_view text, Strings* anomalies = nullptr) {
  HttpOutcome got = play_all_ways({client(kBareGet), server(std::string(text))});
  if (anomalies) *anomalies = got.anomalies;
  const Strings bodies = got.values("http.response_body");
  return bodies.empty() ? "" : bodies.back();
}

TEST(HttpHostile, JunkBehindAnInterimAnswerIsTheBody) {
  const std::string ok = response("hello");
  const std::string junk = "--B\r\n\r\nAAAA", long_junk = "--B\r\n\r\n" + std::string(20000, 'A');
  struct {
    std::string requests, answers, body;
  } const kCases[] = {
      {kBareGet, kInterim + junk, junk},
      {kBareGet, kInterim + "junk", "junk"},
      {kBareGet, kInterim + "junk\r\n\r\nAAAA", "junk\r\n\r\nAAAA"},
      {kBareGet, kInterim + long_junk, long_junk},
      {kBareGet, kInterim + kInterim + junk, junk},
      {kBareGet, ok + kInterim + junk, "hello"},
      {kBareGet + kBareGet, ok + kInterim + junk, junk},
      {kBareGet, "HTTP/1.1 000 x\r\nContent-Length: 5\r\n\r\nhello" + kInterim + junk, "hello"},
      {kBareGet + "\x1f\x8bjunk\r\n\r\n", kInterim + long_junk, long_junk},
      {kBareGet + "junk\r\nAuth: x\r\n\r\n", ok + kInterim + long_junk, long_junk},
  };
  for (const auto& one : kCases) {
    HttpOutcome got = play_all_ways({client(one.requests), server(one.answers)});
    EXPECT_TRUE(has(got.values("http.response_body"), one.body)) << one.requests << one.answers.substr(0, 80);
  }
}

TEST(HttpHostile, EitherSideMayEndFirst) {
  for (Direction first : {Direction::to_server, Direction::to_client}) {
    for (const std::string& answer : {kInterim + "--B\r\n\r\nAAAA", std::string("junk"), kInterim, response("whole")}) {
      for (const std::string& request :
           {kBareGet, std::string("GET /x\r\n"), std::string("GET"), kBareGet + kBareGet}) {
        Dialogue d(dissector("http"));
        d.client(request)
            .server(answer)
            .end(first)
            .end(first == Direction::to_server ? Direction::to_client : Direction::to_server)
            .finish();
        EXPECT_FALSE(d.failed);
        EXPECT_FALSE(d.records.empty());
      }
    }
  }
}

TEST(HttpHostile, CodedBodiesAreDecodedAsFarAsTheyAreKept) {
  const std::string bomb = gzip(std::string(50'000'000, 'z'));
  Dialogue d(dissector("http"));
  d.client(kBareGet).server(response(bomb, "Content-Encoding: gzip\r\n")).finish();
  EXPECT_EQ(d.values("http.response_body").at(0), std::string(100 * 1024, 'z'));
  EXPECT_LT(d.worked, 200u * 1024) << "not all of it was inflated";
  EXPECT_NE(d.records[0].find("TRUNCATED"), std::string::npos);

  Dialogue two(dissector("http"));
  two.client(kBareGet).server(response(gzip(bomb), "Content-Encoding: gzip, gzip\r\n")).finish();
  EXPECT_LT(two.worked, 2u << 20);
}

TEST(HttpHostile, DecodedBytesArePaidFor) {
  Dialogue d(dissector("http"));
  d.work_limit = 50'000;
  d.client(kBareGet).server(response(gzip(std::string(90'000, 'z')), "Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(d.failed);
  Dialogue form(dissector("http"));
  form.work_limit = 100'000;
  form.client(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 60000\r\n\r\n" +
      std::string(60'000, '-'));
  EXPECT_TRUE(form.failed);
}

TEST(HttpHostile, AFlowDecodesSoMuchAndNoMore) {
  const Settings all{{kDefaults + "response-body-limit", "0"}};
  const std::string bomb = gzip(std::string(80'000'000, 'z'));
  Dialogue d(dissector("http"), all);
  d.client(kBareGet + kBareGet).server(response(bomb, "Content-Encoding: gzip\r\n")).server(response("plain")).finish();
  EXPECT_LE(d.values("http.response_body").at(0).size(), Out<http::Http>::limit(http::Http::Cap::decoded));
  EXPECT_EQ(d.values("http.response_body").at(1), "plain");
  EXPECT_TRUE(has(d.anomalies, "compression_bomb_limit_reached@0"));
}

TEST(HttpHostile, OneDecoderReadsWhatClientsRead) {
  const std::string text = kMark + std::string(3000, 'x');
  const auto coded = [](const std::string& headers, const std::string& body) { return response(body, headers); };
  EXPECT_EQ(body_of(coded("Content-Encoding: deflate\r\n", gzip(text))), text);
  EXPECT_EQ(body_of(coded("Content-Encoding: gzip\r\n", zlib(text, true))), text);
  EXPECT_EQ(body_of(coded("Content-Encoding: deflate, gzip\r\n", gzip(zlib(text, false)))), text);
  std::string named = gzip(text);
  named[3] = '\x0a';  // a name and a checksum of the header, which is wrong: browsers do not look
  named.insert(10, std::string("name\0xx", 7));
  EXPECT_EQ(body_of(coded("Content-Encoding: gzip\r\n", named)), text);
  EXPECT_EQ(body_of(coded("Content-Encoding: gzip\r\n", gzip(text) + "trailing")), text);
  for (char flags : {'\x20', '\x48'}) {
    std::string reserved = gzip(text);
    reserved[3] = flags;
    if (flags & 8) reserved.insert(10, std::string("name\0", 5));
    EXPECT_EQ(body_of(coded("Content-Encoding: gzip\r\n", reserved)), text) << "reserved flags of RFC 1952 2.3.1";
  }
  EXPECT_EQ(body_of(coded(std::string("Content-Encoding: g\0zi\0p\r\n", 26), gzip(text))), text);
  EXPECT_EQ(body_of(coded(std::string("Con\0tent-Encoding: gzip\r\n", 25), gzip(text))), text);
  Strings anomalies;
  EXPECT_EQ(body_of(coded("Content-Encoding: gzip, gzip\r\n", gzip(text)), &anomalies), text);
  EXPECT_TRUE(has(anomalies, "gzip_decompression_failed@0"));
}

/// RFC 1952 2.2: what comes out of one stands behind what came out of those before. Go, Java, Node and Python read all.
TEST(HttpHostile, AGzipFileMayHaveManyMembers) {
  const auto coded = [](const std::string& body) { return response(body, "Content-Encoding: gzip\r\n"); };
  std::string letters, many;
  for (char c = 'a'; c <= 'z'; ++c) {
    many += gzip(std::string(1, c)) + gzip("");
    letters.push_back(c);
  }
  EXPECT_EQ(body_of(coded(many + gzip(kMark))), letters + kMark);
  EXPECT_EQ(body_of(coded(gzip("") + gzip(kMark))), kMark);
  EXPECT_EQ(body_of(coded(gzip(std::string(40'000, 'z')) + gzip(kMark) + "trailing")),
            std::string(40'000, 'z') + kMark);
  EXPECT_EQ(body_of(coded(gzip(kMark) + "\x1f")), kMark);
  EXPECT_EQ(body_of(coded(zlib(kMark, true) + gzip("more"))), kMark);
  EXPECT_EQ(body_of(response(gzip(gzip("a") + gzip("b")) + gzip(gzip("c")), "Content-Encoding: gzip, gzip\r\n")),
            "abc");
  Strings anomalies;
  EXPECT_EQ(body_of(coded(gzip(kMark) + "\x1f\x8b no member"), &anomalies), kMark);
  EXPECT_TRUE(has(anomalies, "gzip_decompression_failed@0"));
  Dialogue nothing(dissector("http"));
  nothing.client(kBareGet).server(coded(gzip("") + gzip(""))).finish();
  EXPECT_TRUE(nothing.values("http.response_body").empty());
}

TEST(HttpHostile, WhatOnlySaysThatItIsCodedIsReadAsItIs) {
  for (const std::string& plain : {std::string("{\"name\": \"value\", \"list\": [1, 2, 3]}"), std::string("\x1f\x8b"),
                                   std::string("\x1f\x8b\x08\x28 no header at all"), std::string("K"),
                                   std::string(20'000, ' '), kMark + std::string(9'000, '<')}) {
    EXPECT_EQ(body_of(response(plain, "Content-Encoding: gzip\r\n")), plain) << plain.substr(0, 20);
  }
}

TEST(HttpHostile, AGuessIsGivenUpAtTheSameByteHoweverItWasCut) {
  // Bare deflate with what is no block behind it: nothing is deflate that breaks before it has made more than 8,192.
  for (size_t size : {8'190u, 8'192u, 8'193u, 8'200u}) {
    std::string text;
    for (uint32_t drawn = 1; text.size() < size; drawn = drawn * 1664525 + 1013904223) {
      text.push_back(static_cast<char>('a' + (drawn >> 24) % 8));
    }
    std::string broken = zlib(text, true);
    broken[0] = static_cast<char>(broken[0] & ~1);  // not the last block
    broken.append("\xff\xff\xff\xff\xff\xff");
    EXPECT_EQ(body_of(response(broken, "Content-Encoding: deflate\r\n")), size <= 8'192 ? broken : text) << size;
  }
}

TEST(HttpHostile, ALineOfOneSpaceEndsTheHeaders) {
  for (const std::string blank : {" \n", "\t\n"}) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n";
    EXPECT_EQ(body_of(head + "Content-Length: 20\n" + blank + "\x1f" + kMark + "-"), "\x1f" + kMark);
    EXPECT_EQ(body_of(head + "Content-Length: none\n" + blank + gzip(kMark)), kMark);
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\n" + blank + chunked(kMark, 17)), kMark);
  }
}

TEST(HttpHostile, LzmaIsUndoneWhenToldTo) {
  // "hello hello hello hello\n" by Python's lzma.FORMAT_ALONE with a dictionary of 64 KB.
  const std::string lzma(
      "\x5d\x00\x00\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x34\x19\x49\xee\x8d\xe9\x56\x0a\xc1\xb6\x20\xb7"
      "\xff\xff\xba\x34\x00\x00",
      32);
  const std::vector<Line> lines{client(kBareGet), server(response(lzma, "Content-Encoding: lzma\r\n"))};
  EXPECT_EQ(play_all_ways(lines).values("http.response_body"), (Strings{lzma}));
  EXPECT_EQ(play_all_ways(lines, {{kDefaults + "lzma-enabled", "yes"}}).values("http.response_body"),
            (Strings{"hello hello hello hello\n"}));
  std::string large = lzma;
  large[4] = '\x40';  // a dictionary of 1 GB
  EXPECT_TRUE(has(play_all_ways({client(kBareGet), server(response(large, "Content-Encoding: lzma\r\n"))},
                                {{kDefaults + "lzma-enabled", "yes"}})
                      .anomalies,
                  "lzma_memlimit_reached@0"));
}

TEST(HttpHostile, TransferCodingsAreUndone) {
  Strings anomalies;
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: ";
  EXPECT_EQ(body_of(head + "gzip, chunked\r\n\r\n" + chunked(gzip(kMark), 7)), kMark);
  EXPECT_EQ(body_of(head + "gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(gzip(kMark), 7)), kMark);
  EXPECT_EQ(body_of(head + "deflate, chunked\r\n\r\n" + chunked(zlib(kMark, false), 100)), kMark);
  EXPECT_EQ(body_of(head + "gzip\r\n\r\n" + gzip(kMark)), kMark);
}

TEST(HttpHostile, AnAmbiguousLengthIsFollowedToTheEnd) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const auto& [lengths, name] : std::vector<std::pair<Strings, std::string>>{
           {{"5", "19"}, "duplicate_content_length_field_in_response@"},
           {{"19", "5"}, "duplicate_content_length_field_in_response@"},
           {{"2", "3", "19"}, "duplicate_content_length_field_in_response@"},
           {{"0", "19"}, "duplicate_content_length_field_in_response@"},
           {{"5, 19"}, "invalid_content_length_field_in_response@"},
           {{"18446744073709551616"}, "invalid_content_length_field_in_response@"},
           {{"-1"}, "invalid_content_length_field_in_response@"},
           {{"4 x", "19"}, "invalid_content_length_field_in_response@"}}) {
    std::string headers;
    for (const auto& length : lengths) headers += "Content-Length: " + length + "\r\n";
    Strings anomalies;
    EXPECT_EQ(body_of(head + headers + "\r\n" + kMark, &anomalies), kMark) << headers;
    EXPECT_TRUE(has(anomalies, name + "0")) << headers;
    if (lengths[0] == "0") continue;  // told as a response of its own, which has no coding
    EXPECT_EQ(body_of(head + headers + "Content-Encoding: gzip\r\n\r\n" + gzip(kMark)), kMark) << headers;
  }
  Strings anomalies;
  EXPECT_EQ(body_of(head + "Content-Length: 19\r\nContent-Length: 19\r\n\r\n" + kMark + "behind", &anomalies), kMark);
  EXPECT_FALSE(has(anomalies, "duplicate_content_length_field_in_response@0"));
  EXPECT_EQ(body_of(head + "Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    chunked(kMark, 4)),
            kMark)
      << "chunks have lengths of their own";
  EXPECT_EQ(play_all_ways({client("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + kBareGet),
                           server(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + response("next"))})
                .values("http.response_body"),
            (Strings{"next"}));
}

TEST(HttpHostile, AStatusLineIsOneWhateverWasAsked) {
  for (const std::string& asked : {std::string("GET /old\r\n"), std::string("MGLNDD_192.0.2.10_80\n"),
                                   std::string("\x91\x02\0\7bin\x85\x99 q\n\x17\xfe\x44\0rest\x80\x81", 22),
                                   std::string("\x16\x03\x01\0\5hello\r\n\r\n", 14)}) {
    HttpOutcome got = play_all_ways({client(asked), server(response(kMark, "", "400 Bad Request"))});
    EXPECT_FALSE(got.failed);
    EXPECT_TRUE(has(got.values("http.stat_code"), "400")) << asked;
    EXPECT_TRUE(has(got.values("http.response_body"), kMark)) << asked;
  }
  HttpOutcome old = play_all_ways({client("GET /old\r\n"), server("\r\n" + kMark + "\nHTTP/1.1 200 OK\r\n\r\n")});
  EXPECT_EQ(old.values("http.response_body"), (Strings{"\r\n" + kMark + "\nHTTP/1.1 200 OK\r\n\r\n"}));
}

TEST(HttpHostile, LinesBehindARequestWithoutProtocolAreHeaders) {
  HttpOutcome got =
      play_all_ways({client("GET /files\nnothing to see\nHost: a.org\nUser-Agent: x\n\n"), server(kMark)});
  EXPECT_EQ(got.values("http.user_agent"), (Strings{"x"}));
  EXPECT_EQ(got.values("http.response_body"), (Strings{kMark}));
  EXPECT_TRUE(has(got.anomalies, "request_line_missing_protocol@0"));
  // One that begins a request is one.
  got = play_all_ways({client("GET /old\r\n" + kBareGet), server(response("1") + response("2"))});
  EXPECT_EQ(got.values("http.uri"), (Strings{"/old", "/x"}));
  EXPECT_EQ(got.values("http.response_body"), (Strings{"1", "2"}));
}

TEST(HttpHostile, BytesThatBeginNoRequestAreTheBodyOfTheOneBefore) {
  const std::string body = "user=root&password=toor\r\n\r\nmore of it";
  for (const std::string& head :
       {std::string("POST /a HTTP/1.1\r\nHost: h\r\n\r\n"), std::string("PATCH /a HTTP/1.0\r\n\r\n"),
        std::string("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: none\r\n\r\n"),
        std::string("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4 30\r\n\r\n")}) {
    HttpOutcome got = play_all_ways({client(head + body), server(response("ok") + response("what", "", "400 Bad")),
                                     client(kBareGet), server(response("next"))});
    EXPECT_FALSE(got.failed) << head;
    EXPECT_EQ(got.values("http.request_body"), (Strings{body})) << head;
    EXPECT_EQ(got.values("http.method")[0], head.substr(0, head.find(' ')));
    EXPECT_EQ(got.values("http.method").size(), 2u) << head;
    EXPECT_TRUE(has(got.values("http.stat_code"), "400")) << head;
    EXPECT_TRUE(has(got.anomalies, "request_body_unexpected@0")) << head;
  }
  // A plain number is believed, and a line that begins a request is one.
  HttpOutcome got = play_all_ways({client("POST /a HTTP/1.1\r\nHost: h\r\n\r\nbody\r\n" + kBareGet)});
  EXPECT_EQ(got.values("http.request_body"), (Strings{"body\r\n"}));
  EXPECT_EQ(got.values("http.uri"), (Strings{"/a", "/x"}));
}

/// Servers may care as little for the length as the client.
TEST(HttpHostile, ABodyBehindTheOneThatWasToldIsLookedAt) {
  const std::string body = "user=root&password=toor\r\n\r\nmore of it", post = "POST /a HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& told : {std::string("Content-Length: 0\r\n\r\n"), std::string("Content-Length: 3\r\n\r\nabc"),
                                  "Transfer-Encoding: chunked\r\n\r\n" + chunked("abc", 3)}) {
    HttpOutcome got =
        play_all_ways({client(post + told + body), server(response("ok")), client(kBareGet), server(response("2"))});
    EXPECT_FALSE(got.failed) << told;
    EXPECT_TRUE(has(got.values("http.request_body"), body)) << told;
    EXPECT_EQ(got.values("http.uri"), (Strings{"/a", "/x"})) << told;
    EXPECT_EQ(got.values("http.response_body"), (Strings{"ok", "2"})) << told;
    EXPECT_TRUE(has(got.anomalies, "request_body_unexpected@0")) << told;
  }
}

TEST(HttpHostile, NoTransferCodingHidesTheAnswer) {
  const std::string post = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: ", size = std::to_string(kMark.size());
  for (const std::string& framed :
       {"identity, chunked\r\n\r\n" + chunked(kMark, 4), "x,Chunked\r\n\r\n" + chunked(kMark, 4),
        "gzip, chunked\r\n\r\n" + chunked(kMark, 4), "xchunked\r\n\r\n" + kMark,
        "identity\r\nContent-Length: " + size + "\r\n\r\n" + kMark}) {
    HttpOutcome got =
        play_all_ways({client(post + framed), server(response("ok")), client(kBareGet), server(response("2"))});
    EXPECT_FALSE(got.failed) << framed;
    EXPECT_EQ(got.values("http.request_body"), (Strings{kMark})) << framed;
    EXPECT_EQ(got.values("http.uri"), (Strings{"/a", "/x"})) << framed;
    EXPECT_EQ(got.values("http.response_body"), (Strings{"ok", "2"})) << framed;
  }
}

TEST(HttpHostile, ABodyThatIsNotCodedAsTheTransferSaysIsLookedAt) {
  Strings anomalies;
  for (const std::string& body : {std::string("bodymark"), std::string("a line\r\nand another")}) {
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + body), body);
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunked(body, 5)), body);
  }
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbodymark", &anomalies), "bodymark");
  EXPECT_TRUE(has(anomalies, "invalid_response_chunk_len@0"));
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + gzip(kMark)), kMark);
}

/// Which method asked for it is no reason to take it for something else, nor to wait for it.
TEST(HttpHostile, ABodyBehindARequestThatHasNoneIsLookedAt) {
  const std::string body = "user=root&password=toor\r\n\r\nmore of it";
  for (const std::string method : {"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"}) {
    HttpOutcome got =
        play_all_ways({client(method + " /a HTTP/1.1\r\nHost: h\r\n\r\n" + body),
                       server("HTTP/1.1 204 No Content\r\n\r\n"), client(kBareGet), server(response("next"))});
    EXPECT_FALSE(got.failed) << method;
    EXPECT_EQ(got.values("http.request_body"), (Strings{body})) << method;
    EXPECT_EQ(got.values("http.uri"), (Strings{"/a", "/x"})) << method;
    EXPECT_EQ(got.values("http.stat_code"), (Strings{"204", "200"})) << method;
    EXPECT_TRUE(has(got.anomalies, "request_body_unexpected@0")) << method;
    EXPECT_EQ(got.values("http.method"), (Strings{method, "GET"}));
  }
  // The request is complete at once, and what is a request behind it is one.
  Dialogue waiting(dissector("http"));
  waiting.client(kBareGet);
  EXPECT_FALSE(waiting.values("http.uri").empty());
  waiting.client("\r\n" + kBareGet + "G3T /y HTTP/1.1\r\n\r\n").finish();
  EXPECT_EQ(waiting.values("http.uri"), (Strings{"/x", "/x", "/y"}));
  EXPECT_TRUE(waiting.values("http.request_body").empty());
}

/// The beginning of such a line says what it is: byte by byte no more is known.
TEST(HttpHostile, ALongLineIsReadAlikeHoweverItComes) {
  const std::string post = "POST /a HTTP/1.1\r\nHost: h\r\n\r\n", lots(20'000, 'x');
  for (const std::string& line :
       {lots + " HTTP/1.1\r\n\r\n", lots + kBareGet, std::string(20'000, ' ') + kBareGet,
        std::string(18'000, 'y') + kBareGet, std::string(17'990, 'y') + " HTTP/1.1\r\n" + kBareGet}) {
    for (const std::string& head : {post, std::string("GET /old\r\n")}) {
      const std::string asked = head + line;
      Strings bodies[2], methods[2];
      for (size_t bytewise : {0, 1}) {
        Dialogue d(dissector("http"));
        d.client(asked, bytewise).finish();
        bodies[bytewise] = d.values("http.request_body");
        methods[bytewise] = d.values("http.method");
      }
      EXPECT_EQ(bodies[0], bodies[1]);
      EXPECT_EQ(methods[0], methods[1]);
    }
  }
}

TEST(HttpHostile, HeadersEndWhereClientsSeeTheirEnd) {
  for (std::string_view end : {"\r\n\r\n", "\n\r\r\n\r\n", "\n\n", "\r\n\n"}) {
    const std::string packed = gzip(kMark);
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) +
                      std::string(end) + packed),
              kMark)
        << testing::PrintToString(std::string(end));
  }
}

TEST(HttpHostile, BrotliIsUndoneWithinTheSameLimits) {
  Strings anomalies;
  EXPECT_EQ(body_of(response(brotli(kMark), "Content-Encoding: br\r\n"), &anomalies), kMark);
  EXPECT_TRUE(anomalies.empty());
  EXPECT_EQ(body_of(response(gzip(brotli(kMark)), "Content-Encoding: br, gzip\r\n")), kMark);
  EXPECT_EQ(body_of(response("plain text", "Content-Encoding: br\r\n")), "plain text");
  Dialogue d(dissector("http"));
  d.client(kBareGet).server(response(brotli(std::string(50'000'000, 'z')), "Content-Encoding: br\r\n")).finish();
  EXPECT_EQ(d.values("http.response_body").at(0).size(), size_t{100} * 1024);
  EXPECT_LT(d.worked, 2u << 20) << "not all of it was decoded";
  EXPECT_TRUE(has(d.anomalies, "compression_bomb@0"));
}

TEST(HttpHostile, IdentityIsACoding) {
  Strings anomalies;
  EXPECT_EQ(body_of(response(kMark, "Content-Encoding: identity\r\n"), &anomalies), kMark);
  EXPECT_TRUE(anomalies.empty());
}

TEST(HttpHostile, ALongHeaderIsToldAndTaken) {
  Strings anomalies;
  for (size_t size : {30'000, 90'000}) {
    EXPECT_EQ(body_of(response(kMark, "X: " + std::string(size, 'a') + "\r\n"), &anomalies), kMark);
    EXPECT_TRUE(has(anomalies, "response_field_too_long@0"));
  }
  HttpOutcome got =
      play_all_ways({client("GET /" + std::string(30'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n" + kBareGet)});
  EXPECT_FALSE(got.failed);
  EXPECT_EQ(got.values("http.uri").size(), 2u);
  EXPECT_TRUE(has(got.anomalies, "request_field_too_long@0"));
  got = play_all_ways({client("GET / HTTP/1.1\r\nX: " + std::string(300'000, 'a') + "\r\n\r\n")});
  EXPECT_TRUE(got.failed);
}

TEST(HttpHostile, HeadersThatFrameAreTakenBehindAnyNumber) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "X-" + std::to_string(i) + ": v\r\n";
  Strings anomalies;
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\n" + many + "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" +
                        chunked(gzip(kMark), 9),
                    &anomalies),
            kMark);
  EXPECT_TRUE(has(anomalies, "response_too_many_headers@0"));
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\n" + many + "Content-Length: 19\r\n\r\n" + kMark + "behind"), kMark);
}

TEST(HttpHostile, ManyHeadersAreReadAsFewAre) {
  const std::string odd =
      "Repeated: one\r\nREPEATED : two\r\nno colon\r\nFolded: a\r\n  b\r\n\tc\r\nHost: h\r\nContent-Length: 2\r\n";
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    const bool request = direction == Direction::to_server;
    const auto play = [&](size_t before) {
      std::string headers;
      for (size_t i = 0; i < before; ++i) headers += "X" + std::to_string(i) + ": v\r\n";
      headers += odd + "\r\nok";
      return play_all_ways({client(request ? "POST / HTTP/1.1\r\n" + headers : kBareGet),
                            server("HTTP/1.1 200 OK\r\n" + (request ? "Content-Length: 0\r\n\r\n" : headers))});
    };
    const std::string name = request ? "http.request_header" : "http.response_header";
    Strings few = play(1).values(name), many = play(300).values(name);
    ASSERT_EQ(many.size(), few.size() + 299);
    for (const std::string& one : few) EXPECT_TRUE(has(many, one)) << one << ::testing::PrintToString(many);
    EXPECT_TRUE(has(many, "Repeated: one, two")) << ::testing::PrintToString(few);
    EXPECT_EQ(play(300).values(request ? "http.request_body" : "http.response_body"), Strings{"ok"});
  }
  std::string limited;
  for (int i = 0; i < 30; ++i) limited += "X" + std::to_string(i) + ": v\r\n";
  HttpOutcome got = play_all_ways({client("GET / HTTP/1.1\r\n" + limited + "\r\n"), server(response("x"))},
                                  {{kDefaults + "headers-limit", "10"}});
  EXPECT_TRUE(has(got.anomalies, "request_too_many_headers@0"));
  EXPECT_LT(got.values("http.request_header").size(), 12u);
}

TEST(HttpHostile, ACarriageReturnWithinAHeaderHidesNothing) {
  for (std::string_view header : {"X-Foo: a\rb", "X-Foo: a\r\rb", "X-Foo: a\r", "X-Foo:\ra", "X\r-Foo: ab"}) {
    EXPECT_EQ(body_of(response(kMark, std::string(header) + "\r\n")), kMark)
        << testing::PrintToString(std::string(header));
  }
}

TEST(HttpHostile, TooManyMessagesEndTheDissection) {
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += "GET / HTTP/1.1\r\nno colon\r\n\r\n";
  for (size_t piece : {size_t{1}, size_t{1460}, requests.size()}) {
    Dialogue d(dissector("http"));
    for (size_t at = 0; at < requests.size() && !d.failed; at += piece) d.client(requests.substr(at, piece));
    EXPECT_TRUE(d.failed) << piece;
  }
}

TEST(HttpHostile, TheOldestOfTooManyRequestsIsGivenUp) {
  const Settings eight{{kDefaults + "max-tx", "8"}};
  std::string many, answers;
  Strings uris, bodies;
  for (int i = 0; i < 20; ++i) {
    uris.push_back("/" + std::to_string(i));
    bodies.push_back("body " + std::to_string(i));
    many += "GET " + uris.back() + " HTTP/1.1\r\nHost: a\r\n\r\n";
    answers += response(bodies.back());
  }
  HttpOutcome got = play_all_ways({client(many)}, eight);
  EXPECT_FALSE(got.failed);
  EXPECT_EQ(got.values("http.uri"), uris);
  EXPECT_EQ(got.of("http").size(), 20u);
  EXPECT_EQ(got.anomalies, (Strings{"too_many_warnings@0"})) << "once a flow";

  got = play_all_ways({client(many), server(answers)}, eight);
  EXPECT_EQ(got.values("http.response_body"), bodies) << "a late answer is read all the same";

  Dialogue counted(dissector("http"), eight);
  counted.client(many).finish();
  EXPECT_EQ(counted.capped("tx"), 12u);

  std::string more;
  for (int i = 0; i < 30; ++i) more += many;
  got = play_all_ways({client(more), server(answers)}, eight);
  EXPECT_FALSE(got.failed);
  EXPECT_EQ(got.values("http.uri").size(), 600u);
  EXPECT_TRUE(got.values("http.response_body").empty()) << "nobody can tell whose they are";
}

TEST(HttpHostile, AFormKeepsItsFilesBehindAnyNumberOfParts) {
  std::string body;
  for (int i = 0; i < 3000; ++i) body += "--b\r\n\r\n";
  body += "--b\r\nContent-Disposition: form-data; name=f; filename=\"evil\"\r\n\r\nEVIL\r\n--b--\r\n";
  const http::Multipart got = http::parse_multipart(body, "b", 512);
  ASSERT_EQ(got.parts.size(), 1u);
  EXPECT_EQ(body.substr(got.parts[0].begin, got.parts[0].length), "EVIL");
}

}  // namespace
}  // namespace lapwing::test
