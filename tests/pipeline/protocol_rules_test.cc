// Rules over raw bytes that ask for a protocol see every byte that rules of TCP see, whenever the protocol is known.
#include <gmock/gmock.h>

#include "tests/pipeline/connection.h"
#include "tests/pipeline/http_answer.h"

namespace lapwing {
namespace {

using namespace test;
using ::testing::ElementsAre;

constexpr size_t kSegment = 1400, kWindow = 64'000;
constexpr std::string_view kMark = "marker-of-raw-rules";

enum class Acknowledged { each_segment, at_the_end, by_the_answer };

class ProtocolRules : public Connection {
 protected:
  void converse(const std::string& request, std::string_view answer, Acknowledged when) {
    handshake();
    for (size_t at = 0; at < request.size(); at += kSegment) {
      say(Direction::to_server, std::string_view(request).substr(at, kSegment));
      if (when == Acknowledged::each_segment) acknowledge(Direction::to_client);
    }
    if (when == Acknowledged::at_the_end) acknowledge(Direction::to_client);
    say(Direction::to_client, answer);
    acknowledge(Direction::to_server);
  }
  std::vector<int> signatures(const std::string& rules) {
    std::vector<int> out;
    for (const auto& alert : alerts(rules)) out.push_back(signature(alert));
    return out;
  }
  static std::string rules(std::string_view direction) {
    std::string out;
    const std::string body = "flow:" + std::string(direction) + "; content:\"" + std::string(kMark) + "\"; ";
    out += "alert tcp any any -> any any (msg:\"tcp\"; " + body + "sid:1;)\n";
    out += "alert http any any -> any any (msg:\"http\"; " + body + "sid:2;)\n";
    out += "alert tcp any any -> any any (msg:\"named\"; app-layer-protocol:http,final; " + body + "sid:3;)\n";
    out += "alert tcp any any -> any any (msg:\"others\"; app-layer-protocol:!http,final; " + body + "sid:4;)\n";
    return out;
  }
};

std::string with_mark(size_t size) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nAgent: " + std::string(kMark) + "\r\nFill: ", end = "\r\n\r\n";
  return head + std::string(std::max(size, head.size() + end.size()) - head.size() - end.size(), 'a') + end;
}

TEST_F(ProtocolRules, SeeTheBeginningOfARequestOfAnySize) {
  for (size_t size : {1, 600, 2559, 2560, 2561, 3800, 5121, 9000, 60'000, 200'000}) {
    for (Acknowledged when : {Acknowledged::each_segment, Acknowledged::at_the_end, Acknowledged::by_the_answer}) {
      converse(with_mark(size), kHttpAnswer, when);
      EXPECT_THAT(signatures(rules("to_server")), ElementsAre(1, 2, 3)) << size << ' ' << static_cast<int>(when);
    }
  }
}

TEST_F(ProtocolRules, SeeWhatCameBeforeTheAnswerShowedTheProtocol) {
  for (size_t size : {10, 2540, 3000, 6000, 30'000}) {
    converse("no request of any kind " + std::string(kMark) + std::string(size, 'a'), kHttpAnswer,
             Acknowledged::each_segment);
    EXPECT_THAT(signatures(rules("to_server")), ElementsAre(1, 2, 3)) << size;
  }
}

TEST_F(ProtocolRules, JoinFieldsWithRawContentAnywhereInTheMessage) {
  const std::string mark(kMark);
  const std::string rules =
      "alert http any any -> any any (http.method; content:\"POST\"; pkt_data; content:\"" + mark +
      "\"; sid:1;)\n"
      "alert http any any -> any any (http.request_body; content:\"first bytes\"; pkt_data; content:\"" +
      mark +
      "\"; content:\"next\"; distance:1; within:4; sid:2;)\n"
      "alert http any any -> any any (http.method; content:\"GET\"; pkt_data; content:\"" +
      mark + "\"; sid:3;)\n";
  for (size_t size : {40, 2540, 3000, 6000, 30'000, 300'000}) {
    for (size_t tenth : {0, 3, 6, 10}) {
      for (Acknowledged when : {Acknowledged::each_segment, Acknowledged::at_the_end, Acknowledged::by_the_answer}) {
        if (size > kWindow && when != Acknowledged::each_segment) continue;
        std::string body = "first bytes" + std::string(size, 'b');
        body.insert(11 + size * tenth / 10, mark + " next");
        const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
        converse(head + std::to_string(body.size()) + "\r\n\r\n" + body, kHttpAnswer, when);
        say(Direction::to_server, "POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nfirst bytes");
        say(Direction::to_client, kHttpAnswer);
        acknowledge(Direction::to_server);
        EXPECT_THAT(signatures(rules), ElementsAre(1, 2)) << size << ' ' << tenth << ' ' << static_cast<int>(when);
      }
    }
  }
}

TEST_F(ProtocolRules, JoinFieldsWithRawContentOfTheirOwnMessageOnly) {
  const std::string mark(kMark), next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
  handshake();
  for (const std::string& request : {"GET /first HTTP/1.1\r\nAgent: " + mark + "\r\n\r\n", next}) {
    say(Direction::to_server, request);
    say(Direction::to_client, kHttpAnswer);
    acknowledge(Direction::to_server);
  }
  EXPECT_THAT(
      signatures("alert http any any -> any any (http.uri; content:\"/next\"; pkt_data; content:\"" + mark +
                 "\"; sid:1;)\nalert http any any -> any any (http.uri; content:\"/next\"; pkt_data; content:!\"" +
                 mark + "\"; sid:2;)\n"),
      ElementsAre(2));
}

TEST_F(ProtocolRules, JoinFieldsWithTheLengthOfAMessageInAStream) {
  const std::string question("\1\2\1\0\0\1\0\0\0\0\0\0\1a\2xy\0\0\1\0\1", 22);
  handshake();
  for (int i = 0; i < 2; ++i) {
    say(Direction::to_server, std::string("\0\x16", 2) + question);
    acknowledge(Direction::to_client);
  }
  EXPECT_THAT(
      signatures("alert dns any any -> any any (dns.query; content:\"a.xy\"; pkt_data; content:\"|00 16 01 02|\"; "
                 "sid:1;)\n"),
      ElementsAre(1, 1));
}

/// Scanners' junk and methods that nobody knows are explained by the answer alone, in whatever pieces they came.
TEST_F(ProtocolRules, OverFieldsSeeTheSameHoweverAnOddRequestWasCut) {
  const std::string answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 7\r\n\r\nrefused";
  const std::string headers = " /evil HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string rules =
      "alert http any any -> any any (msg:\"status\"; http.stat_code; content:\"400\"; sid:1;)\n"
      "alert http any any -> any any (msg:\"body\"; file.data; content:\"refused\"; sid:2;)\n"
      "alert http any any -> any any (msg:\"uri\"; http.uri; content:\"/evil\"; sid:3;)\n";
  const auto expect = [&](const std::string& request, const std::vector<int>& found) {
    for (size_t piece : {size_t{1}, size_t{7}, size_t{20}, size_t{40}, request.size()}) {
      handshake();
      for (Direction from : {Direction::to_server, Direction::to_client}) {
        const std::string& text = from == Direction::to_server ? request : answer;
        for (size_t at = 0; at < text.size(); at += piece) {
          say(from, std::string_view(text).substr(at, piece));
          acknowledge(reverse(from));
        }
      }
      EXPECT_EQ(signatures(rules), found) << request << " in pieces of " << piece;
    }
  };
  for (std::string_view junk : {std::string_view("MGLNDD_192.0.2.10_80\n"), std::string_view("\r\n\r\n"),
                                std::string_view("\x16\3\1\0\5hello-not-tls\r\n\r\n", 22),
                                std::string_view("\3\0\0\x16\x11\xe0\0\0\0\1\0\xc1\2\1\0\xc2\2\1\2\xc0\1\n", 22)}) {
    expect(std::string(junk), {1, 2});
  }
  for (std::string_view method : {"G3T", "\x01GET", "LONGLONGLONGLONGLONGLONGLONGLONGMETHOD"})
    expect(std::string(method) + headers, {1, 2, 3});
}

TEST_F(ProtocolRules, SeeWhereTheStreamBeginsThoughItsFirstBytesWereLost) {
  for (size_t size : {10, 6000, 30'000}) {
    handshake();
    sent_[0] += 50;
    for (std::string rest = std::string(kMark) + std::string(size, 'a'); !rest.empty();) {
      say(Direction::to_server, std::string_view(rest).substr(0, kSegment));
      acknowledge(Direction::to_client);
      rest.erase(0, kSegment);
    }
    say(Direction::to_client, kHttpAnswer);
    acknowledge(Direction::to_server);
    std::string anchored = rules("to_server");
    for (size_t at = 0; (at = anchored.find("content:", at)) != std::string::npos; at += 8) {
      anchored.insert(anchored.find(';', at) + 1, " offset:50; depth:19;");
    }
    EXPECT_THAT(signatures(anchored), ElementsAre(1, 2, 3)) << size;
  }
}

TEST_F(ProtocolRules, SeeWhatNobodyAcknowledgedAndOnlyTheAnswerExplains) {
  for (size_t size : {10, 6000, 30'000}) {
    handshake();
    for (std::string rest = std::string(kMark) + std::string(size, 'a'); !rest.empty();) {
      say(Direction::to_server, std::string_view(rest).substr(0, kSegment));
      rest.erase(0, kSegment);
    }
    sent_[0] = 1;  // what the server acknowledges
    say(Direction::to_client, kHttpAnswer);
    EXPECT_THAT(signatures(rules("to_server")), ElementsAre(1, 2, 3)) << size;
  }
}

TEST_F(ProtocolRules, SeeTheBeginningOfAnAnswer) {
  for (size_t size : {20, 5000, 50'000}) {
    const std::string body = std::string(kMark) + std::string(size, 'b');
    converse(with_mark(1), "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
             Acknowledged::each_segment);
    EXPECT_THAT(signatures(rules("to_client")), ElementsAre(1, 2, 3)) << size;
  }
}

TEST_F(ProtocolRules, OfOtherProtocolsSeeAllOfWhatIsNone) {
  converse(std::string(kMark) + std::string(20'000, 'a'), std::string(3000, 'b'), Acknowledged::each_segment);
  EXPECT_THAT(signatures(rules("to_server")), ElementsAre(1, 4));
}

}  // namespace
}  // namespace lapwing
