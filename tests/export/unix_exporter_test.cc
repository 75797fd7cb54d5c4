#include "export/outputs/unix_socket/unix_exporter.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

/// A socket to send to; nothing is read from it but by read_all().
class UnixListener {
 public:
  UnixListener(const std::string& path, int type) : path_(path), type_(type) {
    unlink(path.c_str());
    listener_ = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (type == SOCK_STREAM) listen(listener_, 4);
  }
  ~UnixListener() {
    hang_up();
    close(listener_);
    unlink(path_.c_str());
  }
  void hang_up() {
    if (peer_ >= 0) close(peer_);
    peer_ = -1;
  }
  /// What comes until nothing does for `timeout_ms`; datagrams end in a newline of ours.
  std::string read_all(int timeout_ms) {
    std::string out;
    if (type_ == SOCK_STREAM && peer_ < 0) peer_ = accept(listener_, nullptr, nullptr);
    const int from = type_ == SOCK_STREAM ? peer_ : listener_;
    const timeval timeout{0, timeout_ms * 1000};
    setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    std::vector<char> part(1 << 16);
    for (ssize_t n = 0; (n = recv(from, part.data(), part.size(), 0)) > 0;) {
      out.append(part.data(), static_cast<size_t>(n));
      if (type_ == SOCK_DGRAM) out += "\n";
    }
    return out;
  }

 private:
  std::string path_;
  int type_, listener_ = -1, peer_ = -1;
};

struct UnixOutput : testing::TestWithParam<int> {
  std::string path = "/tmp/lapwing-unix-" + std::to_string(getpid());
  /// Records of ten bytes that a queue of 100 bytes holds; datagrams have no newline.
  static uint64_t kept() { return GetParam() == SOCK_STREAM ? 10 : 11; }
  std::unique_ptr<Exporter> make(const char* queue, bool lossless = false, const char* wait = "60000") const {
    Setting n = node("unused", {{"filename", path.c_str()}, {"queue-size", queue}, {"wait-send", wait}});
    const ExportContext context{.topics = kTopics, .lossless = lossless};
    return GetParam() == SOCK_STREAM ? create_unix_stream_exporter(n, context) : create_unix_dgram_exporter(n, context);
  }
};

TEST_P(UnixOutput, RecordsArriveOneALineOrDatagram) {
  UnixListener listener(path, GetParam());
  auto exporter = make("1mb");
  auto batch = flows(0, 10);
  exporter->write({&batch, 1});
  EXPECT_EQ(listener.read_all(100), lines(0, 10));
  EXPECT_EQ(exporter->counters().records, 10u);
}

TEST_P(UnixOutput, AReaderThatReadsNothingCostsItsOwnRecordsAndNoTime) {
  UnixListener listener(path, GetParam());
  auto exporter = make("10kb");
  const auto begin = std::chrono::steady_clock::now();
  constexpr uint64_t kRecords = 100000;
  for (uint64_t i = 0; i < kRecords; i += 100) {
    auto batch = flows(i, 100);
    exporter->write({&batch, 1});
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_GT(exporter->counters().dropped_backpressure, 0u);
  std::string got = listener.read_all(100);
  for (std::string more = "x"; !more.empty(); got += more) {
    exporter->flush();
    more = listener.read_all(100);
  }
  const ExporterCounters counters = exporter->counters();
  EXPECT_EQ(counters.records + counters.dropped(), kRecords);
  EXPECT_EQ(static_cast<uint64_t>(std::count(got.begin(), got.end(), '\n')), counters.records);
}

TEST_P(UnixOutput, AReplayWaitsForASlowReader) {
  UnixListener listener(path, GetParam());
  constexpr uint64_t kRecords = 50000;
  std::string got;
  std::thread reader([&] { got = listener.read_all(500); });
  {
    auto exporter = make("1kb", true);
    for (uint64_t i = 0; i < kRecords; i += 100) {
      auto batch = flows(i, 100);
      exporter->write({&batch, 1});
    }
    EXPECT_EQ(exporter->counters().dropped(), 0u);
  }
  reader.join();
  EXPECT_EQ(got, lines(0, kRecords));
}

TEST_P(UnixOutput, NobodyThereIsCountedAndTriedAgain) {
  auto exporter = make("100");
  auto batch = flows(100, 100);
  exporter->write({&batch, 1});
  EXPECT_EQ(exporter->counters().dropped_unreachable, 100 - kept());
  UnixListener listener(path, GetParam());
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  exporter->flush();
  EXPECT_EQ(exporter->counters().connections, 1u);
  EXPECT_EQ(exporter->counters().records, kept());
}

TEST_P(UnixOutput, AReplayWithNobodyThereGoesOnAfterItsTime) {
  auto exporter = make("100", true, "100");
  auto batch = flows(100, 100);
  exporter->write({&batch, 1});
  EXPECT_EQ(exporter->counters().dropped(), 100 - kept());
}

INSTANTIATE_TEST_SUITE_P(Kinds, UnixOutput, testing::Values(SOCK_STREAM, SOCK_DGRAM));

TEST(UnixStream, AReaderThatGoesIsConnectedToAgain) {
  const std::string path = "/tmp/lapwing-unix-again-" + std::to_string(getpid());
  Setting n = node("unused", {{"filename", path.c_str()}});
  UnixListener listener(path, SOCK_STREAM);
  auto exporter = create_unix_stream_exporter(n, {.topics = kTopics});
  auto batch = flows(0, 10);
  exporter->write({&batch, 1});
  EXPECT_EQ(listener.read_all(100), lines(0, 10));
  listener.hang_up();
  batch = flows(10, 10);
  exporter->write({&batch, 1});
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  exporter->flush();
  EXPECT_EQ(listener.read_all(100), lines(10, 20));
  EXPECT_EQ(exporter->counters().disconnections, 1u);
  EXPECT_EQ(exporter->counters().records, 20u);
}

TEST(UnixDgram, ARecordThatNoDatagramHoldsIsCounted) {
  const std::string path = "/tmp/lapwing-unix-large-" + std::to_string(getpid());
  Setting n = node("unused", {{"filename", path.c_str()}});
  UnixListener listener(path, SOCK_DGRAM);
  auto exporter = create_unix_dgram_exporter(n, {.topics = kTopics});
  auto large = std::make_shared<RecordBatch>();
  large->text = std::string(4 << 20, 'x') + "\n" + "{}\n";
  large->entries = {{1, (4 << 20) + 1}, {1, (4 << 20) + 4}};
  std::shared_ptr<const RecordBatch> shared = large;
  exporter->write({&shared, 1});
  EXPECT_EQ(exporter->counters().dropped_too_large, 1u);
  EXPECT_EQ(listener.read_all(100), "{}\n");
}

TEST(UnixStream, APathThatIsTooLongIsRefused) {
  Setting n = node("unused", {{"filename", std::string(200, 'x').c_str()}});
  EXPECT_THROW(create_unix_stream_exporter(n, {.topics = kTopics}), SettingError);
}

}  // namespace
}  // namespace lapwing
