// Trailers (RFC 9112 7.1.2) are fields of the message: rules over headers see them, and alert once a transaction.
#include <gmock/gmock.h>

#include "tests/pipeline/connection.h"

namespace lapwing {
namespace {

using namespace test;
using ::testing::ElementsAre;

class Trailers : public Connection {
 protected:
  void converse(std::string_view request_trailers, std::string_view answer_trailers, size_t segment = 1400) {
    const auto chunked = [](std::string_view first, std::string_view trailers) {
      return std::string(first) + "\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n" + std::string(trailers) +
             "\r\n";
    };
    handshake();
    const auto all = [&](Direction from, const std::string& text) {
      for (size_t at = 0; at < text.size(); at += segment) {
        say(from, std::string_view(text).substr(at, segment));
        acknowledge(reverse(from));
      }
    };
    all(Direction::to_server, chunked("POST /report HTTP/1.1\r\nHost: a.example", request_trailers));
    all(Direction::to_client, chunked("HTTP/1.1 200 OK\r\nServer: one", answer_trailers));
  }
  std::vector<int> signatures(const std::string& rules) {
    std::vector<int> out;
    for (const auto& alert : alerts(rules)) out.push_back(signature(alert));
    return out;
  }
};

const std::string kTrailerRules =
    "alert http any any -> any any (msg:\"1\"; flow:to_server; http.header; content:\"late-in-request\"; sid:1;)\n"
    "alert http any any -> any any (msg:\"2\"; flow:to_client; http.header; content:\"late-in-answer\"; sid:2;)\n"
    "alert http any any -> any any (msg:\"3\"; flow:to_server; http.header.raw; content:\"late-in-request\"; sid:3;)\n"
    "alert http any any -> any any (msg:\"4\"; flow:to_client; http.header_names; content:\"X-Sum\"; sid:4;)\n"
    "alert http any any -> any any (msg:\"5\"; http.request_header; content:\"X-Sum|3a| late\"; sid:5;)\n"
    "alert http any any -> any any (msg:\"6\"; http.response_header; content:\"X-Sum|3a| late\"; sid:6;)\n"
    "alert http any any -> any any (msg:\"7\"; flow:to_server; http.header; content:\"Host|3a| a\"; sid:7;)\n"
    "alert http any any -> any any (msg:\"8\"; http.uri; content:\"report\"; http.header; content:\"late\"; sid:8;)\n"
    "alert http any any => any any (msg:\"9\"; http.uri; content:\"report\"; http.response_header; "
    "content:\"late-in-answer\"; sid:9;)\n"
    "alert http any any -> any any (msg:\"10\"; flow:to_client; http.server; content:\"one\"; file.data; "
    "content:\"body\"; sid:10;)\n";

TEST_F(Trailers, AreSeenByRulesOverHeadersOnce) {
  for (size_t segment : {1400, 7, 1}) {
    converse("X-Sum: late-in-request\r\n", "X-Sum: late-in-answer\r\n", segment);
    EXPECT_THAT(signatures(kTrailerRules), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) << segment;
  }
}

TEST_F(Trailers, OfANameThatWasThereAreSeenToo) {
  converse("Host: late-in-request\r\n", "Server: late-in-answer\r\n");
  EXPECT_THAT(signatures(kTrailerRules), ElementsAre(1, 2, 3, 7, 8, 9, 10));
}

TEST_F(Trailers, ThatAreNoneChangeNothing) {
  converse("", "");
  EXPECT_THAT(signatures(kTrailerRules), ElementsAre(7, 10));
}

}  // namespace
}  // namespace lapwing
