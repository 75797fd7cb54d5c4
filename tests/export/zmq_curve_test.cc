// CURVE: only listed keys read, and who is refused is counted.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zmq.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

class ZmqCurve : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / ("lapwing-curve-" + std::to_string(getpid()));
    fs::create_directory(folder);
    for (const char* name : {"sensor", "friend", "stranger"}) write_new_keys(path(name));
    write("allowed", "# who may read\n" + read_public_key(path("friend.pub")) + "  the friend\n");
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  std::unique_ptr<Exporter> publisher(const std::string& where) const {
    Setting n = node(where, {{"curve.secret-key-file", path("sensor").c_str()},
                             {"curve.allowed-clients-file", path("allowed").c_str()}});
    return create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  }
  CurveFiles keys_of(const char* name) const { return {.secret_key = path(name), .server_key = path("sensor.pub")}; }
  /// Publishes until the reader got something, some 2 s at most.
  static bool arrives(Exporter& exporter, Subscriber& subscriber) {
    Reader reader;
    for (int i = 0; i < 40 && reader.records.empty(); ++i) {
      auto batch = flows(0, 1, true);
      exporter.write({&batch, 1});
      reader.receive(subscriber, 50);
    }
    return !reader.records.empty();
  }
  static std::string refusal(const std::function<void()>& action) {
    try {
      action();
    } catch (const SettingError& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder;
};

TEST_F(ZmqCurve, AListedClientReads) {
  const std::string where = endpoint("curve-friend");
  auto exporter = publisher(where);
  Subscriber subscriber({.endpoints = {where}, .curve = keys_of("friend")});
  EXPECT_TRUE(arrives(*exporter, subscriber));
  EXPECT_EQ(exporter->counters().clients_refused, 0u);
  EXPECT_GE(exporter->counters().connections, 1u);
}

TEST_F(ZmqCurve, AnUnknownKeyIsRefusedAndCountedWhileOthersRead) {
  const std::string where = endpoint("curve-stranger");
  auto exporter = publisher(where);
  Subscriber stranger({.endpoints = {where}, .curve = keys_of("stranger")});
  EXPECT_FALSE(arrives(*exporter, stranger));
  EXPECT_GE(exporter->counters().clients_refused, 1u);
  Subscriber subscriber({.endpoints = {where}, .curve = keys_of("friend")});
  EXPECT_TRUE(arrives(*exporter, subscriber));
}

TEST_F(ZmqCurve, WhoDoesNotEncryptOrHasAnotherServerInMindGetsNothing) {
  const std::string where = endpoint("curve-plain");
  auto exporter = publisher(where);
  Subscriber plain({.endpoints = {where}});
  EXPECT_FALSE(arrives(*exporter, plain));
  CurveFiles wrong = keys_of("friend");
  wrong.server_key = path("stranger.pub");
  Subscriber misled({.endpoints = {where}, .curve = wrong});
  EXPECT_FALSE(arrives(*exporter, misled));
  EXPECT_GE(exporter->counters().handshakes_failed, 1u);
}

TEST_F(ZmqCurve, ReopeningReadsTheListAnewAndKeepsTheOldOneWhenItIsBroken) {
  const std::string where = endpoint("curve-reload");
  auto exporter = publisher(where);
  Subscriber subscriber({.endpoints = {where}, .curve = keys_of("stranger")});
  EXPECT_FALSE(arrives(*exporter, subscriber));
  write("allowed", "no key\n");
  exporter->reopen();
  Subscriber friendly({.endpoints = {where}, .curve = keys_of("friend")});
  EXPECT_TRUE(arrives(*exporter, friendly));
  write("allowed", read_public_key(path("stranger.pub")) + "\n");
  exporter->reopen();
  Subscriber again({.endpoints = {where}, .curve = keys_of("stranger")});
  EXPECT_TRUE(arrives(*exporter, again));
}

TEST_F(ZmqCurve, ASensorThatConnectsIsTheClient) {
  const std::string where = endpoint("curve-connect");
  write("sensors", read_public_key(path("friend.pub")) + "\n");
  Subscriber collector({.endpoints = {where},
                        .bind = true,
                        .curve = {.secret_key = path("sensor"), .allowed_clients = path("sensors")}});
  for (auto [name, allowed] : {std::pair{"stranger", false}, {"friend", true}}) {
    Setting n = node(where, {{"mode", "connect"},
                             {"curve.secret-key-file", path(name).c_str()},
                             {"curve.server-key-file", path("sensor.pub").c_str()}});
    auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
    EXPECT_EQ(arrives(*exporter, collector), allowed) << name;
  }
  EXPECT_GE(collector.connections().clients_refused, 1u);
}

TEST_F(ZmqCurve, PushIsEncryptedToo) {
  const std::string where = endpoint("curve-push");
  Setting n = node(where, {{"curve.secret-key-file", path("sensor").c_str()},
                           {"curve.allowed-clients-file", path("allowed").c_str()}});
  auto exporter = create_zmq_push_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  Subscriber stranger({.endpoints = {where}, .pull = true, .curve = keys_of("stranger")});
  EXPECT_FALSE(arrives(*exporter, stranger));
  Subscriber consumer({.endpoints = {where}, .pull = true, .curve = keys_of("friend")});
  EXPECT_TRUE(arrives(*exporter, consumer));
}

TEST_F(ZmqCurve, SecretKeysThatOthersMayReadAreRefused) {
  for (mode_t mode : {0640, 0604, 0620}) {
    chmod(path("sensor").c_str(), mode);
    EXPECT_NE(refusal([&] { publisher(endpoint("x")); }).find("chmod 600"), std::string::npos);
  }
}

TEST_F(ZmqCurve, KeyFilesThatAreNotRightAreNamed) {
  EXPECT_NE(refusal([&] { read_secret_key(path("none")); }).find("none: No such file"), std::string::npos);
  EXPECT_NE(refusal([&] { read_secret_key(folder.string()); }).find("no regular file"), std::string::npos);
  write("list", "# comment\n#\n\nshort\n");
  EXPECT_NE(refusal([&] { read_client_keys(path("list")); }).find("list:4:1: not a key"), std::string::npos);
  const std::string key = read_public_key(path("friend.pub"));
  write("list", key + "\n" + key + "\n");
  EXPECT_NE(refusal([&] { read_client_keys(path("list")); }).find("list:2:1: this key is listed twice"),
            std::string::npos);
  EXPECT_NE(refusal([&] { read_public_key(path("list")); }).find("2 keys instead of one"), std::string::npos);
  EXPECT_NE(refusal([&] { write_new_keys(path("friend")); }).find("File exists"), std::string::npos);
}

TEST_F(ZmqCurve, OptionsThatDoNotFitTogetherAreRefused) {
  Setting no_key = node(endpoint("y"), {{"curve.allowed-clients-file", path("allowed").c_str()}});
  EXPECT_NE(refusal([&] { create_zmq_exporter(no_key, {.topics = kTopics}); }).find("secret key"), std::string::npos);
  Setting no_server = node(endpoint("y"), {{"mode", "connect"}, {"curve.secret-key-file", path("sensor").c_str()}});
  EXPECT_NE(refusal([&] { create_zmq_exporter(no_server, {.topics = kTopics}); }).find("public key"),
            std::string::npos);
}

TEST(ZmqEndpoint, WithoutKeysOnlyAFileSaysWhoReads) {
  EXPECT_TRUE(kept_by_file_mode("ipc:///tmp/x"));
  for (const char* open :
       {"tcp://127.0.0.1:1", "tcp://[::1]:1", "tcp://*:1", "tcp://eth0:1", "ipc://@abstract", "ipc://", "inproc://x"}) {
    EXPECT_FALSE(kept_by_file_mode(open)) << open;
  }
}

}  // namespace
}  // namespace lapwing
