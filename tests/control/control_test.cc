// The control socket: the protocol, its limits, and what becomes of those who break it.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "sensor/control/address.h"
#include "sensor/control/requests.h"

namespace lapwing {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    char folder[] = "/tmp/lapwing-control-XXXXXX";
    folder_ = mkdtemp(folder);
    path_ = folder_ + "/s.sock";
  }
  ~ControlTest() override {
    for (std::thread& thread : threads_) thread.join();
    server_.reset();
    unlink((path_ + ".lock").c_str());
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  std::vector<ControlCommand> commands() {
    return {
        {"echo",
         {"loud"},
         [](const ControlInput& input, const ControlAnswer& answer) { answer(true, input.flags.empty() ? "1" : "2"); }},
        {"refuse", {}, [](const ControlInput&, const ControlAnswer& answer) { answer(false, R"({"reason":"no"})"); }},
        {"fail", {}, [](const ControlInput&, const ControlAnswer&) { throw std::runtime_error("\"broken\""); }},
        {"later",
         {},
         [this](const ControlInput&, const ControlAnswer& answer) {
           threads_.emplace_back([this, answer] {
             while (!go_) std::this_thread::yield();
             answer(true, "3");
           });
         }},
        {"say",
         {},
         [](const ControlInput& input, const ControlAnswer& answer) {
           answer(true, '"' + input.argument("what") + '"');
         },
         {"what"}}};
  }
  void start(int max_idle = ControlServer::kMaxIdle) {
    server_ = std::make_unique<ControlServer>(path_, 0600, commands(), max_idle);
  }
  std::string ask(std::string_view request) { return ask_sensor(path_, request, 5); }

  std::string folder_, path_;
  std::unique_ptr<ControlServer> server_;
  std::vector<std::thread> threads_;
  std::atomic<bool> go_ = false;
};

/// A client that says what it likes.
class Raw {
 public:
  explicit Raw(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address = control_address(path);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval patience{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Raw() { close(fd_); }
  void say(std::string_view text) { [[maybe_unused]] auto sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  void end() { shutdown(fd_, SHUT_WR); }
  /// Up to the end of the connection, or `lines` lines.
  std::string hear(size_t lines = SIZE_MAX) {
    std::string out;
    char byte;
    while (lines > 0 && recv(fd_, &byte, 1, 0) == 1) {
      out += byte;
      lines -= byte == '\n';
    }
    return out;
  }

 private:
  int fd_;
};

TEST_F(ControlTest, AnswersEachLineInOrder) {
  start();
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})");
  EXPECT_EQ(ask(R"({"command":"echo","loud":true})"), R"({"return":"OK","message":2})");
  EXPECT_EQ(ask(R"({"loud":false,"command":"echo"})"), R"({"return":"OK","message":1})");
  EXPECT_EQ(ask(R"({"command":"refuse"})"), R"({"return":"NOK","message":{"reason":"no"}})");
  Raw client(path_);
  client.say("{\"command\":\"echo\"}\n\n{\"command\":\"refuse\"}\n{\"command\":\"echo\"}\r\n");
  client.end();
  EXPECT_EQ(client.hear(),
            "{\"return\":\"OK\",\"message\":1}\n{\"return\":\"NOK\",\"message\":{\"reason\":\"no\"}}\n{\"return\":"
            "\"OK\",\"message\":1}\n");
  EXPECT_EQ(server_->counters().requests, 7u);
}

TEST_F(ControlTest, ALineMayComeInPieces) {
  start();
  Raw client(path_);
  for (char c : std::string("{\"command\":\"echo\"}\n")) client.say({&c, 1});
  EXPECT_EQ(client.hear(1), "{\"return\":\"OK\",\"message\":1}\n");
}

TEST_F(ControlTest, WhatIsNoCommandIsToldAndCounted) {
  start();
  const char* garbage[] = {"hello",
                           "[]",
                           "{}",
                           R"({"command":7})",
                           R"({"command":"none"})",
                           R"({"command":"echo","x":true})",
                           R"({"command":"echo","loud":1})",
                           "\xff\xfe{",
                           "[[[[[[[[[[",
                           R"({"command":"echo","loud":[[[[1]]]]})",
                           R"({"command":"echo","arguments":{"what":"x"}})",
                           R"({"command":"say"})",
                           R"({"command":"say","arguments":{"what":1}})",
                           R"({"command":"say","arguments":{"what":"x","why":"y"}})",
                           R"({"command":"say","arguments":["what"]})",
                           R"({"command":"say","arguments":{"what":{"what":{}}}})",
                           R"({"version":"0.3"})",
                           R"({"version":2})",
                           R"({"version":"0.2","command":"none"})"};
  for (const char* line : garbage) EXPECT_THAT(ask(line), StartsWith(R"({"return":"NOK","message":")")) << line;
  EXPECT_THAT(ask(R"({"command":"none"})"), HasSubstr("echo, refuse, fail, later, say"));
  EXPECT_EQ(server_->counters().bad_requests, std::size(garbage) + 1);
  EXPECT_EQ(ask(R"({"command":"fail"})"), R"({"return":"NOK","message":"\"broken\""})");
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})");
}

TEST_F(ControlTest, ArgumentsComeWithTheirNames) {
  start();
  EXPECT_EQ(ask(R"({"command":"say","arguments":{"what":"eth0.100"}})"), R"({"return":"OK","message":"eth0.100"})");
  EXPECT_EQ(ask(R"({"arguments":{},"command":"echo"})"), R"({"return":"OK","message":1})");
}

TEST_F(ControlTest, ClientsOfSuricatasAreGreeted) {
  start();
  const std::string hello = R"({"version": "0.2"})", echo = "{\"command\": \"echo\"}\n";
  const std::string answers = "{\"return\":\"OK\"}\n{\"return\":\"OK\",\"message\":1}\n";
  {
    Raw client(path_);
    client.say(hello);
    EXPECT_EQ(client.hear(1), "{\"return\":\"OK\"}\n");
    client.say(echo);
    EXPECT_EQ(client.hear(1), "{\"return\":\"OK\",\"message\":1}\n");
    client.say(hello);  // once
    client.say("\n");
    EXPECT_THAT(client.hear(1), StartsWith(R"({"return":"NOK")"));
  }
  {
    Raw client(path_);
    client.say(hello + "\n" + echo);
    EXPECT_EQ(client.hear(2), answers);
  }
  {
    Raw client(path_);
    for (char c : hello) client.say({&c, 1});
    EXPECT_EQ(client.hear(1), "{\"return\":\"OK\"}\n");
    client.say("\n" + echo);
    EXPECT_EQ(client.hear(1), "{\"return\":\"OK\",\"message\":1}\n");
  }
  Raw(path_).say("{\"version\": \"" + std::string(ControlServer::kMaxHello, '0') + "\"}");
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})");
}

TEST_F(ControlTest, AnEndlessLineEndsItsConnection) {
  start();
  {
    Raw client(path_);
    client.say(std::string(3 * ControlServer::kMaxLine, 'x'));
    EXPECT_THAT(client.hear(), HasSubstr("at most 4096 bytes"));
  }
  EXPECT_EQ(server_->counters().line_max, 1u);
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})");
  const std::string padding(ControlServer::kMaxLine - 18, ' ');
  EXPECT_EQ(ask(R"({"command":"echo"})" + padding), R"({"return":"OK","message":1})")
      << "the longest line there may be";
}

TEST_F(ControlTest, TooManyClientsAreTurnedAway) {
  start();
  std::vector<std::unique_ptr<Raw>> clients;
  for (size_t i = 0; i < ControlServer::kMaxClients; ++i) {
    clients.push_back(std::make_unique<Raw>(path_));
    clients.back()->say("{\"command\":\"echo\"}\n");
    EXPECT_EQ(clients.back()->hear(1), "{\"return\":\"OK\",\"message\":1}\n");
  }
  EXPECT_THAT(Raw(path_).hear(), HasSubstr("too many clients"));
  EXPECT_EQ(server_->counters().clients_max, 1u);
  clients.pop_back();
  while (ask_sensor(path_, R"({"command":"echo"})", 5) != R"({"return":"OK","message":1})") std::this_thread::yield();
}

TEST_F(ControlTest, TheSilentAreLetGoButNotThoseWhoWait) {
  start(1);
  Raw silent(path_), waiting(path_);
  waiting.say("{\"command\":\"later\"}\n");
  EXPECT_EQ(silent.hear(), "");
  EXPECT_EQ(server_->counters().idle_max, 1u);
  sleep(2);
  EXPECT_EQ(server_->counters().idle_max, 1u);
  go_ = true;
  EXPECT_EQ(waiting.hear(1), "{\"return\":\"OK\",\"message\":3}\n");
}

TEST_F(ControlTest, OthersAreServedWhileOneWaits) {
  start();
  Raw waiting(path_);
  waiting.say("{\"command\":\"later\"}\n{\"command\":\"echo\"}\n");
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})");
  go_ = true;
  EXPECT_EQ(waiting.hear(2), "{\"return\":\"OK\",\"message\":3}\n{\"return\":\"OK\",\"message\":1}\n");
}

TEST_F(ControlTest, AnAnswerMayOutliveClientAndServer) {
  start();
  {
    Raw client(path_);
    client.say("{\"command\":\"later\"}\n");
    while (server_->counters().requests == 0) std::this_thread::yield();
  }
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})");
  server_.reset();
  go_ = true;
}

TEST_F(ControlTest, ALivingHolderKeepsTheSocketAndADeadOneDoesNot) {
  start();
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  try {
    ControlServer second(path_, 0600, commands());
    ADD_FAILURE() << "two servers on one socket";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another sensor has it"));
  }
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})") << "the first is unharmed";
  server_.reset();
  EXPECT_NE(stat(path_.c_str(), &status), 0) << "removed at its end";
  EXPECT_THROW(ask(R"({"command":"echo"})"), std::runtime_error);

  // What a killed sensor leaves behind: a socket nobody listens on.
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = control_address(path_);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(dead);
  start();
  EXPECT_EQ(ask(R"({"command":"echo"})"), R"({"return":"OK","message":1})");
}

TEST_F(ControlTest, AStrangersFileOrSocketIsNotTouched) {
  std::ofstream(path_) << "mine";
  EXPECT_THROW(start(), std::runtime_error);
  std::string text;
  std::ifstream(path_) >> text;
  EXPECT_EQ(text, "mine");
  unlink(path_.c_str());
  const int other = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = control_address(path_);
  ASSERT_EQ(bind(other, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(other, 1), 0);
  EXPECT_THROW(start(), std::runtime_error);
  close(other);
  EXPECT_THROW(ControlServer("/tmp/" + std::string(200, 'x'), 0600, {}), std::runtime_error);
}

TEST_F(ControlTest, PathsComeFromTheEnvironment) {
  setenv("RUNTIME_DIRECTORY", (folder_ + ":/elsewhere").c_str(), 1);
  setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  EXPECT_THAT(default_control_paths(),
              testing::ElementsAre(folder_ + "/lapwing.sock", "/run/lapwing/lapwing.sock", "/run/user/7/lapwing.sock"));
  EXPECT_EQ(own_control_path(), folder_ + "/lapwing.sock");
  unsetenv("RUNTIME_DIRECTORY");
  unsetenv("XDG_RUNTIME_DIR");
  EXPECT_THAT(default_control_paths(), testing::ElementsAre("/run/lapwing/lapwing.sock"));
}

}  // namespace
}  // namespace lapwing
