// Whose bytes an alert is on, and so between whom: its direction and its addresses tell the same.
#include "tests/pipeline/connection.h"

namespace lapwing {
namespace {

using namespace test;

class AlertAddresses : public Connection {
 protected:
  static void expect_from_server(const nlohmann::json& alert) {
    SCOPED_TRACE(alert.dump());
    EXPECT_EQ(alert["direction"], "to_client");
    EXPECT_EQ(alert["src_ip"], kServerAddress);
    EXPECT_EQ(alert["src_port"], kServerPort);
    EXPECT_EQ(alert["dest_ip"], kClientAddress);
    EXPECT_EQ(alert["dest_port"], kClientPort);
    EXPECT_EQ(alert["alert"]["target"]["ip"], kClientAddress);
  }
};

TEST_F(AlertAddresses, OfWhatNobodyAcknowledgedAreItsSenders) {
  handshake();
  say(Direction::to_server, "GET /report HTTP/1.1\r\nHost: a.example\r\n\r\n");
  acknowledge(Direction::to_client);
  say(Direction::to_client, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbrown fox");
  const auto found = alerts(
      "alert http any any -> any any (msg:\"body\"; flow:to_client; file.data; content:\"fox\"; target:dest_ip; "
      "sid:1;)\n"
      "alert tcp any any -> any any (msg:\"stream\"; content:\"brown\"; target:dest_ip; sid:2;)\n"
      "alert tcp any any -> any any (msg:\"answer\"; flow:only_stream; content:\"200 OK\"; target:dest_ip; sid:3;)\n");
  ASSERT_EQ(found.size(), 3u);
  for (const auto& alert : found) expect_from_server(alert);
}

TEST_F(AlertAddresses, OfAnUnacknowledgedRequestAreTheClients) {
  handshake();
  say(Direction::to_server, "GET /report HTTP/1.1\r\nHost: a.example\r\n\r\n");
  const auto found = alerts("alert http any any -> any any (msg:\"request\"; http.uri; content:\"report\"; sid:1;)\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["direction"], "to_server");
  EXPECT_EQ(found[0]["src_ip"], kClientAddress);
  EXPECT_EQ(found[0]["dest_port"], kServerPort);
}

/// Picked up at the answer, the connection turns only when rules have looked at its first 2,560 bytes.
TEST_F(AlertAddresses, OfATurnedConnectionAreThoseOfItsSides) {
  set_value(root_, "stream.midstream=yes");
  say(Direction::to_client,
      "HTTP/1.1 200 OK\r\nServer: brown\r\nContent-Length: 4000\r\n\r\nfox" + std::string(3997, 'x'));
  acknowledge(Direction::to_server);
  const auto found = alerts(
      "alert tcp any any -> any any (msg:\"either\"; flow:only_stream; content:\"brown\"; target:dest_ip; sid:1;)\n"
      "alert tcp any any -> any any (msg:\"answer\"; flow:only_stream,to_client; content:\"fox\"; target:dest_ip; "
      "sid:2;)\n"
      "alert tcp any any -> any any (msg:\"request\"; flow:only_stream,to_server; content:\"fox\"; sid:3;)\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(signature(found[0]), 1);
  EXPECT_EQ(signature(found[1]), 2);
  for (const auto& alert : found) expect_from_server(alert);
}

}  // namespace
}  // namespace lapwing
