// Records as syslog messages to a server of the test's own, over each way there is.
#include "export/outputs/syslog/syslog_exporter.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <regex>
#include <thread>

#include "export/outputs/socket/socket_address.h"
#include "export/outputs/syslog/syslog_header.h"
#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

enum class Way { local, udp, tcp };

/// Takes messages apart by the rules of RFC 5426 and RFC 6587, and comes back at the address it had.
class Server {
 public:
  explicit Server(Way way) : way_(way) {
    if (way == Way::local) {
      path_ = "/tmp/lapwing-syslog-" + std::to_string(getpid());
      address_ = *unix_address(path_, SOCK_DGRAM);
    } else {
      std::string error;
      address_ = look_up({"127.0.0.1", "1"}, way == Way::tcp ? SOCK_STREAM : SOCK_DGRAM, error).at(0);
      reinterpret_cast<sockaddr_in&>(address_.storage).sin_port = 0;
    }
    come();
  }
  ~Server() { go(); }

  void come() {
    listener_ = socket(address_.family(), address_.type | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address_.storage), address_.length), 0);
    if (way_ != Way::local) getsockname(listener_, reinterpret_cast<sockaddr*>(&address_.storage), &address_.length);
    if (way_ == Way::tcp) listen(listener_, 4);
  }
  void go() {
    if (peer_ >= 0) close(peer_);
    if (listener_ >= 0) close(listener_);
    peer_ = listener_ = -1;
    stream_.clear();
    if (!path_.empty()) unlink(path_.c_str());
  }
  std::string destination() const {
    if (way_ == Way::local) return path_;
    const auto port = ntohs(reinterpret_cast<const sockaddr_in&>(address_.storage).sin_port);
    return (way_ == Way::tcp ? "tcp://127.0.0.1:" : "udp://127.0.0.1:") + std::to_string(port);
  }

  /// Messages until `count` are there or nothing came for a second.
  std::vector<std::string> receive(size_t count) {
    std::vector<std::string> out;
    std::vector<char> part(1 << 17);
    while (out.size() < count) {
      if (way_ == Way::tcp && peer_ < 0) {
        if (!readable(listener_)) break;
        peer_ = accept(listener_, nullptr, nullptr);
      }
      const int from = way_ == Way::tcp ? peer_ : listener_;
      if (!readable(from)) break;
      const ssize_t n = recv(from, part.data(), part.size(), 0);
      if (n <= 0) break;
      if (way_ != Way::tcp) {
        out.emplace_back(part.data(), static_cast<size_t>(n));
        continue;
      }
      stream_.append(part.data(), static_cast<size_t>(n));
      while (auto message = next_counted()) out.push_back(*message);
    }
    return out;
  }

 private:
  static bool readable(int descriptor) {
    pollfd item{descriptor, POLLIN, 0};
    return poll(&item, 1, 1000) > 0;
  }
  /// MSG-LEN SP SYSLOG-MSG, where it is whole.
  std::optional<std::string> next_counted() {
    const size_t space = stream_.find(' ');
    if (space == std::string::npos) return std::nullopt;
    const size_t length = std::stoul(stream_.substr(0, space));
    if (stream_.size() < space + 1 + length) return std::nullopt;
    std::string message = stream_.substr(space + 1, length);
    stream_.erase(0, space + 1 + length);
    return message;
  }

  Way way_;
  std::string path_, stream_;
  SocketAddress address_;
  int listener_ = -1, peer_ = -1;
};

std::unique_ptr<Exporter> make(const std::string& destination,
                               std::initializer_list<std::pair<const char*, const char*>> more = {},
                               ExportContext context = {.topics = kTopics}) {
  Setting n = node("unused", more);
  Setting& where = n.make("destination");
  where.kind = Setting::Kind::scalar;
  where.scalar = destination;
  return create_syslog_exporter(n, context);
}

/// Flushes as the publisher does, until all was sent or `seconds` are over.
void settle(Exporter& exporter, uint64_t records, int seconds = 5) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (exporter.counters().records < records && std::chrono::steady_clock::now() < end) {
    exporter.flush();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// MSG of a message whose header is one by the grammar of RFC 5424, section 6.
std::string content(const std::string& message) {
  static const std::regex kGrammar(
      R"(<([0-9]|[1-9][0-9]|1[0-8][0-9]|19[01])>1 )"
      R"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d) )"
      R"(([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - (.*))");
  std::smatch parts;
  EXPECT_TRUE(std::regex_match(message, parts, kGrammar)) << message;
  return parts.empty() ? "" : parts[11].str();
}

std::vector<std::string> contents(const std::vector<std::string>& messages) {
  std::vector<std::string> out;
  for (const std::string& message : messages) out.push_back(content(message));
  return out;
}

std::vector<std::string> records(uint64_t from, uint64_t to) {
  std::vector<std::string> out;
  for (uint64_t i = from; i < to; ++i) out.push_back("{\"n\":" + std::to_string(i) + "}");
  return out;
}

struct SyslogOutput : testing::TestWithParam<Way> {
  Server server{GetParam()};
};

TEST_P(SyslogOutput, ARecordIsAMessage) {
  auto exporter = make(server.destination(), {{"facility", "local5"}, {"level", "Warning"}, {"identity", "watch"}},
                       {.topics = kTopics, .sensor = "lab one"});
  put(*exporter, 0, 5);
  settle(*exporter, 5);
  const auto got = server.receive(5);
  EXPECT_EQ(contents(got), records(0, 5));
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got[0].substr(0, 7), "<172>1 ");  // 21 * 8 + 4
  EXPECT_NE(got[0].find("Z lab_one watch " + std::to_string(getpid()) + " flow - {"), std::string::npos) << got[0];
  EXPECT_EQ(exporter->counters().records, 5u);
  EXPECT_EQ(exporter->label().type, "syslog");
  EXPECT_EQ(exporter->label().destination, server.destination());
}

TEST_P(SyslogOutput, AServerThatGoesIsConnectedToAgain) {
  auto exporter = make(server.destination());
  put(*exporter, 0, 3);
  settle(*exporter, 3);
  EXPECT_EQ(contents(server.receive(3)), records(0, 3));
  server.go();
  // UDP learns of it by what it loses: that one counts as sent, and the refusal as an error.
  const uint64_t lost = GetParam() == Way::udp ? 1 : 0;
  for (uint64_t i = 0; i < lost; ++i) put(*exporter, 3 + i, 1);
  put(*exporter, 3 + lost, 2);
  EXPECT_EQ(exporter->counters().disconnections, 1u);
  EXPECT_EQ(exporter->counters().records, 3 + lost);
  server.come();
  settle(*exporter, 5 + lost);
  EXPECT_EQ(contents(server.receive(2)), records(3 + lost, 5 + lost));
  EXPECT_EQ(exporter->counters().connections, 2u);
  EXPECT_EQ(exporter->counters().dropped(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Ways, SyslogOutput, testing::Values(Way::local, Way::udp, Way::tcp));

TEST(Syslog, AServerThatIsNotThereCostsRecordsAndNoTime) {
  Server server(Way::tcp);
  server.go();
  auto exporter = make(server.destination(), {{"queue-size", "1kb"}});
  const auto begin = std::chrono::steady_clock::now();
  put(*exporter, 0, 1000);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  const uint64_t dropped = exporter->counters().dropped_unreachable;
  EXPECT_GT(dropped, 980u);
  server.come();
  settle(*exporter, 1000 - dropped);
  EXPECT_EQ(contents(server.receive(1000 - dropped)), records(0, 1000 - dropped)) << "the first ones had room";
}

TEST(Syslog, AServerThatReadsNothingCostsItsOwnRecords) {
  Server server(Way::tcp);
  auto exporter = make(server.destination(), {{"queue-size", "10kb"}});
  for (uint64_t i = 0; i < 1000; ++i) put(*exporter, i * 200, 200);
  EXPECT_GT(exporter->counters().dropped_backpressure, 0u);
  size_t got = 0;
  for (size_t more = 1; more > 0; got += more) {
    exporter->flush();
    more = server.receive(10000).size();
  }
  const ExporterCounters counters = exporter->counters();
  EXPECT_EQ(got, counters.records);
  EXPECT_EQ(counters.records + counters.dropped(), 200000u);
}

TEST(Syslog, AReplayWaitsForASlowServer) {
  Server server(Way::tcp);
  constexpr size_t kRecords = 20000;
  std::vector<std::string> got;
  std::thread reader([&] { got = server.receive(kRecords); });
  {
    auto exporter = make(server.destination(), {{"queue-size", "1kb"}}, {.topics = kTopics, .lossless = true});
    for (uint64_t i = 0; i < kRecords; i += 100) put(*exporter, i, 100);
    EXPECT_EQ(exporter->counters().dropped(), 0u);
  }
  reader.join();
  EXPECT_EQ(got.size(), kRecords);
  EXPECT_EQ(content(got.back()), "{\"n\":19999}");
}

TEST(Syslog, AMessageThatNoDatagramMayHoldIsCounted) {
  Server server(Way::udp);
  auto exporter = make(server.destination(), {{"max-udp-message", "1000"}});
  auto batch = std::make_shared<RecordBatch>();
  batch->text = std::string(1000, 'x') + "\n{}\n";
  batch->entries = {{0, 1001}, {0, 1004}};
  std::shared_ptr<const RecordBatch> shared = batch;
  exporter->write({&shared, 1});
  EXPECT_EQ(contents(server.receive(1)), std::vector<std::string>{"{}"});
  EXPECT_EQ(exporter->counters().dropped_too_large, 1u);
  EXPECT_EQ(exporter->counters().records, 1u);
}

TEST(Syslog, WhatIsWrongIsSaid) {
  const struct {
    const char *key, *value, *says;
  } kCases[] = {
      {"destination", "localhost:514", "none of /path, udp://host:port and tcp://host:port"},
      {"destination", "udp://localhost", "has no host:port"},
      {"destination", "tcp://localhost:0", "has no host:port"},
      {"destination", "tcp://::1:514", "has no host:port"},
      {"destination", "udp://host.invalid:514", "'host.invalid': "},
      {"facility", "local8", "is no facility"},
      {"level", "loud", "none of Emergency"},
      {"identity", "two words", "1 to 48 printable"},
      {"max-udp-message", "65508", "1 to 65507"},
  };
  for (const auto& c : kCases) {
    Setting n = node("unused", {{c.key, c.value}});
    try {
      create_syslog_exporter(n, {.topics = kTopics});
      ADD_FAILURE() << c.value << " was taken";
    } catch (const SettingError& error) {
      EXPECT_NE(std::string(error.what()).find(c.says), std::string::npos) << error.what();
    }
  }
}

TEST(Syslog, NamesOfTheHeaderKeepItsGrammar) {
  const Timestamp time = Timestamp::from_seconds(1065910455, 3'000'000);
  std::string out;
  SyslogHeader(20, 5, "mymachine.example.com", "su", 7).write(out, time, "ID47");
  EXPECT_EQ(out, "<165>1 2003-10-11T22:14:15.003000Z mymachine.example.com su 7 ID47 - ");
  for (std::string host : {std::string(), std::string("a b\xc3\xa9\n"), std::string(300, 'h')}) {
    for (std::string id : {std::string(), std::string(40, 'i')}) {
      out.clear();
      SyslogHeader(23, 7, host, "lapwing", 1).write(out, time, id);
      EXPECT_EQ(content(out + "{}"), "{}");
    }
  }
  EXPECT_EQ(syslog_facility("LOCAL7"), 23);
  EXPECT_EQ(syslog_severity("Emergency"), 0);
}

}  // namespace
}  // namespace lapwing
