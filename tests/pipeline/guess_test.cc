// Which transaction the alert of a rule shows that names none: detect.guess-applayer-tx.
#include "tests/pipeline/connection.h"

namespace lapwing {
namespace {

using namespace test;

constexpr int kPacket = 1, kStream = 2;

/// A rule over single packets and one over the stream.
std::string both(const std::string& text) {
  return "alert tcp-pkt any any -> any any (content:\"" + text + "\"; sid:1;)\n" +
         "alert tcp-stream any any -> any any (content:\"" + text + "\"; sid:2;)\n";
}

std::string get(const std::string& name) {
  return "GET /" + name + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
}
std::string post(const std::string& name) {
  return "POST /" + name + " HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\n";
}
const std::string kForbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nstop";

const std::string kFin = "alert tcp any any -> any any (flow:to_server; flags:F+; sid:3;)\n";

/// RFC 1035 4.1.
std::string question(const std::string& label) {
  return std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) + static_cast<char>(label.size()) + label +
         std::string("\x00\x00\x01\x00\x01", 5);
}

class Guess : public Connection {
 protected:
  Guess() { set_value(root_, "detect.guess-applayer-tx=yes"); }

  void tell(Direction from, const std::string& text, size_t piece = SIZE_MAX) {
    for (size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) {
      say(from, std::string_view(text).substr(at, piece));
      acknowledge(reverse(from));
    }
  }
  void datagram(const std::string& payload) {
    frames_->add(
        PacketBuilder().ether().ipv4(kClientAddress, kServerAddress).udp(kClientPort, 53).payload(payload).build());
  }
  /// By signature, of which each alerts once.
  std::map<int, nlohmann::json> by_signature(const std::string& rules) {
    std::map<int, nlohmann::json> out;
    for (const auto& alert : alerts(rules)) EXPECT_TRUE(out.emplace(signature(alert), alert).second) << alert;
    return out;
  }
};

bool names_none(const nlohmann::json& alert) {
  return !alert.contains("tx_id") && !alert.contains("tx_guessed") && !alert.contains("http") && !alert.contains("dns");
}

// What a packet brings is dissected once it is acknowledged: its rules look before.

TEST_F(Guess, IsTheOnlyTransaction) {
  handshake();
  tell(kUp, post("report"));
  tell(kUp, "mark");
  tell(kDown, kForbidden);
  auto found = by_signature(both("mark"));
  for (int sid : {kPacket, kStream}) {
    EXPECT_EQ(found[sid]["tx_id"], 0) << found[sid];
    EXPECT_EQ(found[sid]["tx_guessed"], true);
    EXPECT_EQ(found[sid]["http"]["url"], "/report");
  }
  EXPECT_FALSE(found[kPacket]["http"].contains("status")) << "as it was when the packet came";
  EXPECT_EQ(found[kStream]["http"]["status"], 403);
}

TEST_F(Guess, IsNotMadeUnasked) {
  set_value(root_, "detect.guess-applayer-tx=no");
  handshake();
  tell(kUp, post("report"));
  tell(kUp, "mark");
  tell(kDown, kForbidden);
  auto found = by_signature(both("mark"));
  EXPECT_TRUE(names_none(found[kPacket]));
  EXPECT_EQ(found[kStream]["http"]["url"], "/report") << "its bytes lie there";
  EXPECT_EQ(found[kStream]["tx_guessed"], true);
}

TEST_F(Guess, IsNotMadeBetweenTwo) {
  handshake();
  tell(kUp, get("first"));
  tell(kUp, post("second"));
  tell(kUp, "mark");
  auto found = by_signature(both("mark"));
  EXPECT_TRUE(names_none(found[kPacket])) << found[kPacket];
  EXPECT_EQ(found[kStream]["http"]["url"], "/second") << "its bytes lie there";
  EXPECT_EQ(found[kStream]["tx_guessed"], true);
}

TEST_F(Guess, IsNotTheTransactionThatEndedBefore) {
  handshake();
  tell(kUp, get("first"));
  tell(kDown, kForbidden);
  tell(kUp, post("second"));
  tell(kUp, "mark");
  tell(kDown, kForbidden);
  frames_->add(packet(kUp).ack(sent_[1]).fin().build());
  auto found = by_signature(both("mark") + kFin);
  for (int sid : {kPacket, kStream}) {
    EXPECT_EQ(found[sid]["tx_id"], 1) << found[sid];
    EXPECT_EQ(found[sid]["tx_guessed"], true);
    EXPECT_EQ(found[sid]["http"]["url"], "/second");
  }
  EXPECT_TRUE(names_none(found[3])) << found[3];
}

TEST_F(Guess, IsTheTransactionThatEndsWithThePacket) {
  handshake();
  tell(kUp, get("report"));
  say(kDown, kForbidden);
  frames_->add(packet(kUp).ack(sent_[1]).fin().build());
  auto found = by_signature(both("Forbidden") + kFin);
  for (int sid : {kPacket, kStream, 3}) EXPECT_EQ(found[sid]["tx_guessed"], true) << found[sid];
  EXPECT_FALSE(found[kPacket]["http"].contains("status"));
  for (int sid : {kStream, 3}) EXPECT_EQ(found[sid]["http"]["status"], 403);
}

TEST_F(Guess, IsNotWhatARuleNames) {
  handshake();
  tell(kUp, get("report"));
  auto found = by_signature("alert http any any -> any any (http.uri; content:\"report\"; sid:1;)\n");
  EXPECT_EQ(found[1]["http"]["url"], "/report");
  EXPECT_FALSE(found[1].contains("tx_guessed"));
}

TEST_F(Guess, OverTheStreamDoesNotDependOnSegments) {
  const std::string request = "GET /long HTTP/1.1\r\nHost: a\r\nMark: mark\r\nCookie: " + std::string(6000, 'x') +
                              "\r\n\r\n" + get("next") + get("last");
  const std::string rules =
      "alert tcp-stream any any -> any any (content:\"mark\"; sid:1;)\n"
      "alert tcp-stream any any -> any any (content:\"/next\"; sid:2;)\n"
      "alert tcp-stream any any -> any any (content:\"/last\"; sid:3;)\n";
  for (size_t piece : {1400, 100, 7}) {
    handshake();
    tell(kUp, request, piece);
    auto found = by_signature(rules);
    for (int sid : {1, 2, 3}) {
      EXPECT_EQ(found[sid]["tx_id"], sid - 1);
      EXPECT_EQ(found[sid]["tx_guessed"], true);
    }
  }
}

TEST_F(Guess, OfMessagesInAStreamIsTheMessage) {
  const auto message = [](const std::string& label) {
    const std::string text = question(label);
    return std::string{0, static_cast<char>(text.size())} + text;
  };
  for (size_t piece : {size_t{5}, SIZE_MAX}) {
    handshake();
    tell(kUp, message("first") + message("second"), piece);
    auto found = by_signature("alert tcp-stream any any -> any any (content:\"second\"; sid:2;)\n");
    EXPECT_EQ(found[kStream]["tx_id"], 1) << piece;
    EXPECT_EQ(found[kStream]["tx_guessed"], true) << piece;
    EXPECT_EQ(found[kStream]["dns"]["queries"][0]["rrname"], "second");
  }
}

TEST_F(Guess, OverADatagramIsNone) {
  datagram(question("first"));
  datagram(question("second"));
  auto found = by_signature(
      "alert udp any any -> any any (content:\"second\"; sid:1;)\n"
      "alert dns any any -> any any (content:\"second\"; sid:2;)\n");
  for (int sid : {1, 2}) {
    EXPECT_EQ(found[sid]["tx_id"], 1);
    EXPECT_EQ(found[sid]["dns"]["queries"][0]["rrname"], "second");
    EXPECT_FALSE(found[sid].contains("tx_guessed")) << "it is its message";
  }
}

}  // namespace
}  // namespace lapwing
