#include "export/unix_socket/unix_exporter.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>

#include "sensor/base/log.h"

namespace lapwing {
namespace {

struct UnixOptions {
  std::string path;
  uint64_t queue = 0, wait_send = 0;
};
constexpr OptionRow<UnixOptions> kRows[] = {
    {"filename", &UnixOptions::path, "/run/lapwing/eve.sock", "path of the socket"},
    {"queue-size", &UnixOptions::queue, "16mb",
     "bytes of records that may wait for the reader; beyond, they are dropped", Unit::bytes},
    {"wait-send", &UnixOptions::wait_send, "60000",
     "how long a replay waits for a reader that takes nothing or is not there, before it goes on and loses records",
     Unit::milliseconds},
};

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kConnectEvery{1};
constexpr std::chrono::milliseconds kPause{20};
/// At the end the reader has so long to take what waits.
constexpr std::chrono::milliseconds kLinger{2000};

class UnixExporter final : public Exporter {
 public:
  UnixExporter(std::string_view name, int type, UnixOptions options, const sockaddr_un& address, bool lossless)
      : name_(name), type_(type), options_(std::move(options)), address_(address), lossless_(lossless) {
    connect_again();
  }
  ~UnixExporter() override {
    wait_until(kLinger, [this] { return waiting_.empty(); });
    if (descriptor_ >= 0) close(descriptor_);
  }

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      uint32_t begin = 0;
      for (const RecordBatch::Entry& entry : batch->entries) {
        take(std::string_view(batch->text).substr(begin, entry.end - begin));
        begin = entry.end;
      }
    }
    send_waiting();
  }
  void flush() override { send_waiting(); }
  ExporterCounters counters() const override { return counters_; }
  ExporterLabel label() const override { return {name_, options_.path}; }

 private:
  void take(std::string_view record) {
    if (type_ == SOCK_DGRAM) record.remove_suffix(1);
    if (bytes_ + record.size() > options_.queue) {
      send_waiting();
      if (lossless_ && !gave_up_ && !wait_until(std::chrono::milliseconds(options_.wait_send), [&] {
            return bytes_ + record.size() <= options_.queue;
          })) {
        gave_up_ = true;
        spdlog::error("{}: took nothing for {} ms: records are being lost", options_.path, options_.wait_send);
      }
    }
    if (bytes_ + record.size() > options_.queue) {
      ++(descriptor_ < 0 ? counters_.dropped_unreachable : counters_.dropped_backpressure);
      return;
    }
    bytes_ += record.size();
    waiting_.emplace_back(record);
  }

  template <class Condition>
  bool wait_until(std::chrono::milliseconds limit, Condition&& done) {
    const auto end = Clock::now() + limit;
    while (true) {
      send_waiting();
      if (done()) return true;
      if (Clock::now() >= end) return false;
      pollfd item{descriptor_, POLLOUT, 0};
      poll(&item, 1, static_cast<int>(kPause.count()));
    }
  }

  void send_waiting() {
    if (waiting_.empty() || (descriptor_ < 0 && !connect_again())) return;
    while (!waiting_.empty()) {
      const std::string& record = waiting_.front();
      const ssize_t n =
          send(descriptor_, record.data() + offset_, record.size() - offset_, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return;
        ++counters_.errors;
        if (errno != EMSGSIZE) return disconnect();
        ++counters_.dropped_failed;  // a datagram that the kernel will never take
        finish_front();
        continue;
      }
      offset_ += static_cast<size_t>(n);
      if (offset_ < record.size()) continue;
      ++counters_.records;
      counters_.bytes += record.size();
      finish_front();
    }
  }

  void finish_front() {
    bytes_ -= waiting_.front().size();
    waiting_.pop_front();
    offset_ = 0;
  }

  void disconnect() {
    spdlog::warn("{}: {}; connecting again", options_.path, std::strerror(errno));
    close(descriptor_);
    descriptor_ = -1;
    offset_ = 0;  // the next reader gets the record whole
    ++counters_.disconnections;
  }

  bool connect_again() {
    if (tried_ && Clock::now() - last_try_ < (lossless_ ? kPause : kConnectEvery)) return false;
    const bool first = !tried_;
    tried_ = true;
    last_try_ = Clock::now();
    // Without waiting: a listener whose backlog is full must not hold up the other outputs.
    const int fresh = socket(AF_UNIX, type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fresh >= 0 && connect(fresh, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) == 0) {
      descriptor_ = fresh;
      ++counters_.connections;
      return true;
    }
    if (first) spdlog::warn("{}: {}; trying again", options_.path, std::strerror(errno));
    if (fresh >= 0) close(fresh);
    return false;
  }

  const std::string name_;
  const int type_;
  const UnixOptions options_;
  const sockaddr_un address_;
  const bool lossless_;
  int descriptor_ = -1;
  bool tried_ = false, gave_up_ = false;
  Clock::time_point last_try_;
  std::deque<std::string> waiting_;
  size_t offset_ = 0;   // sent of the first one that waits
  uint64_t bytes_ = 0;  // that wait
  ExporterCounters counters_;
};

std::unique_ptr<Exporter> create(std::string_view name, int type, const Setting& node, const ExportContext& context) {
  auto options = read_options<UnixOptions>(node, kRows);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options.path.empty() || options.path.size() >= sizeof address.sun_path) {
    const Setting* where = node.find("filename");
    (where ? *where : node)
        .fail("'" + options.path + "' is no path of a socket: 1 to " + std::to_string(sizeof address.sun_path - 1) +
              " bytes");
  }
  std::copy(options.path.begin(), options.path.end(), address.sun_path);
  return std::make_unique<UnixExporter>(name, type, std::move(options), address, context.lossless);
}

}  // namespace

std::vector<OptionInfo> unix_exporter_options() {
  return describe_options<UnixOptions>(kRows);
}

std::unique_ptr<Exporter> create_unix_stream_exporter(const Setting& node, const ExportContext& context) {
  return create("unix_stream", SOCK_STREAM, node, context);
}

std::unique_ptr<Exporter> create_unix_dgram_exporter(const Setting& node, const ExportContext& context) {
  return create("unix_dgram", SOCK_DGRAM, node, context);
}

}  // namespace lapwing
