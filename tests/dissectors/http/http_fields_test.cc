// What rules see of an HTTP transaction.
#include "tests/dissectors/http/http_dialogue.h"

namespace lapwing::test {
namespace {

using Strings = std::vector<std::string>;

HttpOutcome request(std::string text, const Settings& settings = {}) {
  return play_all_ways({client(std::move(text))}, settings);
}
Strings uri(std::string target, const Settings& settings = {}) {
  return request("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", settings).values("http.uri");
}

TEST(HttpFields, UriIsDecodedOnceAndItsPathNormalised) {
  EXPECT_EQ(uri("/a/./b//c/../%64?x=%41%2541+1#f"), (Strings{"/a/b/d?x=A%41+1#f"}));
  EXPECT_EQ(uri("http://host:80/p?q"), (Strings{"/p?q"}));
  EXPECT_EQ(uri("/CaSe"), (Strings{"/CaSe"}));
  EXPECT_EQ(uri("/a%20b"), (Strings{"/a b"}));
  EXPECT_EQ(uri("/with space"), (Strings{"/with space"}));
  const std::string base = "app-layer.protocols.http.libhtp.default-config.";
  EXPECT_EQ(uri("/?x=a+b", {{base + "query-plusspace-decode", "yes"}}), (Strings{"/?x=a b"}));
  EXPECT_EQ(uri("/%2541", {{base + "double-decode-path", "yes"}}), (Strings{"/A"}));
  EXPECT_EQ(uri("http://host:81/p", {{base + "uri-include-all", "yes"}}), (Strings{"http://host:81/p"}));
}

TEST(HttpFields, RawUri) {
  HttpOutcome got = request("GET /%41 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(got.values("http.uri.raw"), (Strings{"/%41"}));
  EXPECT_EQ(got.values("http.request_line"), (Strings{"GET /%41 HTTP/1.1"}));
  EXPECT_EQ(got.values("http.protocol"), (Strings{"HTTP/1.1"}));
}

TEST(HttpFields, HostIsLowerCaseWithoutPort) {
  HttpOutcome got = request("GET / HTTP/1.1\r\nHost: WWW.Example.ORG:81\r\n\r\n");
  EXPECT_EQ(got.values("http.host"), (Strings{"www.example.org"}));
  EXPECT_EQ(got.values("http.host.raw"), (Strings{"WWW.Example.ORG:81"}));
  EXPECT_EQ(request("CONNECT a.org:443 HTTP/1.1\r\n\r\n").values("http.host"), (Strings{"a.org"}));
  EXPECT_EQ(request("CONNECT / HTTP/1.1\r\n\r\n").values("http.host"), Strings{});
}

TEST(HttpFields, HeadersInNormalFormWithoutCookies) {
  HttpOutcome got =
      request("GET / HTTP/1.1\r\nHost:   a  \r\nX-A: 1\r\nCookie: c=1\r\nx-a: 2\r\nAccept: */*\r\nCookie: d=2\r\n\r\n");
  EXPECT_EQ(got.values("http.header"), (Strings{"Host: a\r\nX-A: 1, 2\r\nAccept: */*\r\n"}));
  EXPECT_EQ(got.values("http.cookie"), (Strings{"c=1, d=2"}));
  EXPECT_EQ(got.values("http.header_names"), (Strings{"\r\nHost\r\nX-A\r\nCookie\r\nAccept\r\n\r\n"}));
  EXPECT_EQ(got.values("http.start"),
            (Strings{"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1, 2\r\nCookie: c=1, d=2\r\nAccept: */*\r\n\r\n"}));
  EXPECT_EQ(got.values("http.header.raw"),
            (Strings{"Host:   a  \r\nX-A: 1\r\nCookie: c=1\r\nx-a: 2\r\nAccept: */*\r\nCookie: d=2\r\n\r\n"}));
  EXPECT_EQ(got.values("http.request_header"), (Strings{"Host: a", "X-A: 1, 2", "Cookie: c=1, d=2", "Accept: */*"}));
}

TEST(HttpFields, SingleHeadersByName) {
  HttpOutcome got = play_all_ways(
      {client("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: UA\r\nReferer: R\r\nAccept: A\r\nAccept-Encoding: E\r\n"
              "Accept-Language: L\r\nConnection: close\r\nContent-Type: T\r\n\r\n"),
       server("HTTP/1.1 301 Moved on\r\nServer: S\r\nLocation: /l\r\nSet-Cookie: k=v\r\nContent-Type: text/html\r\n"
              "Connection: keep\r\nContent-Length: 0\r\n\r\n")});
  EXPECT_EQ(got.values("http.user_agent"), (Strings{"UA"}));
  EXPECT_EQ(got.values("http.referer"), (Strings{"R"}));
  EXPECT_EQ(got.values("http.accept"), (Strings{"A"}));
  EXPECT_EQ(got.values("http.accept_enc"), (Strings{"E"}));
  EXPECT_EQ(got.values("http.accept_lang"), (Strings{"L"}));
  EXPECT_EQ(got.values("http.connection"), (Strings{"close", "keep"}));
  EXPECT_EQ(got.values("http.content_type"), (Strings{"T", "text/html"}));
  EXPECT_EQ(got.values("http.content_len"), (Strings{"0"}));
  EXPECT_EQ(got.values("http.server"), (Strings{"S"}));
  EXPECT_EQ(got.values("http.location"), (Strings{"/l"}));
  EXPECT_EQ(got.values("http.cookie"), (Strings{"k=v"}));
  EXPECT_EQ(got.values("http.stat_code"), (Strings{"301"}));
  EXPECT_EQ(got.values("http.stat_msg"), (Strings{"Moved on"}));
  EXPECT_EQ(got.values("http.response_line"), (Strings{"HTTP/1.1 301 Moved on"}));
}

TEST(HttpFields, RowsAreSound) {
  const Protocol& protocol = *dissector("http").protocol;
  for (const Field& field : protocol.fields) {
    EXPECT_TRUE(field.paths[0].found() || field.paths[1].found()) << field.name;
    EXPECT_GT(field.stage, 0) << field.name;
    for (const Field& other : protocol.fields) {
      if (&field == &other) continue;
      EXPECT_NE(field.name, other.name);
      EXPECT_FALSE(field.pcre_letter && field.pcre_letter == other.pcre_letter) << field.name << other.name;
    }
  }
}

TEST(HttpProbe, DecidesByContent) {
  const DissectorRow& http = dissector("http");
  const auto to_server = Direction::to_server, to_client = Direction::to_client;
  EXPECT_EQ(probe(http, to_server, "GET / HTTP/1.1\r\n"), Likelihood::sure);
  EXPECT_EQ(probe(http, to_server, "\r\nGET /"), Likelihood::sure);
  EXPECT_EQ(probe(http, to_server, "GE"), Likelihood::more);
  for (const size_t blanks : {30, 2000, 2048, 3000}) {
    const std::string before(blanks, '\n');
    const bool few = blanks < 2048;
    for (const auto& [from, begins] :
         {std::pair(to_server, "GET / HTTP/1.1\r\n"), {to_client, "HTTP/1.1 200 OK\r\n"}}) {
      EXPECT_EQ(probe(http, from, before), few ? Likelihood::more : Likelihood::no) << blanks;
      EXPECT_EQ(probe(http, from, before + begins), few ? Likelihood::sure : Likelihood::no) << blanks;
    }
  }
  EXPECT_EQ(probe(http, to_server, "STRANGE /x"), Likelihood::more);
  EXPECT_EQ(probe(http, to_server, "STRANGE /x HTTP/1.1\r\n"), Likelihood::sure);
  EXPECT_EQ(probe(http, to_server, "OPTIONS rtsp://h RTSP/1.0\r\n"), Likelihood::no);
  EXPECT_EQ(probe(http, to_server, "PRI * HTTP/2.0\r\n"), Likelihood::no);
  EXPECT_EQ(probe(http, to_server, std::string_view("\x16\x03\x01", 3)), Likelihood::no);
  EXPECT_EQ(probe(http, to_client, "HTTP/1.1 200 OK\r\n"), Likelihood::sure);
  EXPECT_EQ(probe(http, to_client, "HTT"), Likelihood::more);
  EXPECT_EQ(probe(http, to_client, "220 smtp"), Likelihood::no);
  EXPECT_EQ(probe(http, to_client, "HTTP/1.1 200 OK\r\n", true), Likelihood::no);
}

}  // namespace
}  // namespace lapwing::test
