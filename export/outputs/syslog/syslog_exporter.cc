#include "export/outputs/syslog/syslog_exporter.h"

#include <unistd.h>

#include <chrono>
#include <climits>

#include "export/outputs/socket/socket_queue.h"
#include "export/outputs/syslog/syslog_header.h"

namespace lapwing {
namespace {

/// What the longest datagram over IPv4 carries (RFC 5426, section 3.2).
constexpr uint64_t kMaxUdpMessage = 65507;

struct SyslogOptions {
  std::string destination, facility, level, identity;
  uint64_t max_udp_message = 0, queue = 0, wait_send = 0;
};
using S = SyslogOptions;
constexpr OptionRow<S> kRows[] = {
    {"destination", &S::destination, "/dev/log",
     "a unix datagram socket, udp://host:port or tcp://host:port; a name is looked up once, at the start"},
    {"facility", &S::facility, "local0", "kern, user, mail, daemon, auth, ..., local0 to local7"},
    {"level", &S::level, "info", "Emergency, Alert, Critical, Error, Warning, Notice, Info or Debug"},
    {"identity", &S::identity, "lapwing", "APP-NAME of the messages: 1 to 48 printable characters"},
    {"max-udp-message", &S::max_udp_message, "65507",
     "bytes of a message over UDP, at most; records that need more are dropped and counted", Unit::bytes},
    {"queue-size", &S::queue, "16mb", "bytes of messages that may wait for the server; beyond, they are dropped",
     Unit::bytes},
    {"wait-send", &S::wait_send, "60000",
     "how long a replay waits for a server that takes nothing or is not there, before it goes on and loses records",
     Unit::milliseconds},
};

Timestamp now() {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()};
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// How messages are cut apart, and how long each may be.
struct Framing {
  bool counted = false;               // RFC 6587, section 3.4.1
  uint64_t max_message = UINT64_MAX;  // bytes
};

class SyslogExporter final : public Exporter {
 public:
  SyslogExporter(const SyslogOptions& options, std::vector<SocketAddress> addresses, Framing framing,
                 SyslogHeader header, const ExportContext& context)
      : destination_(options.destination),
        framing_(framing),
        header_(std::move(header)),
        topics_(context.topics),
        queue_({options.destination, options.queue, options.wait_send, context.lossless}, std::move(addresses)) {}

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    const Timestamp time = now();
    for (const auto& batch : batches) {
      size_t begin = 0;
      for (const RecordBatch::Entry& entry : batch->entries) {
        take(time, topics_[entry.topic], std::string_view(batch->text).substr(begin, entry.end - begin - 1));
        begin = entry.end;
      }
    }
    queue_.send_waiting();
  }
  void flush() override { queue_.send_waiting(); }
  ExporterCounters counters() const override { return queue_.counters(); }
  ExporterLabel label() const override { return {"syslog", destination_}; }

 private:
  void take(Timestamp time, std::string_view topic, std::string_view record) {
    message_.clear();
    header_.write(message_, time, topic);
    message_ += record;
    if (message_.size() > framing_.max_message) return queue_.drop_too_large();
    if (framing_.counted) message_.insert(0, std::to_string(message_.size()) + " ");
    queue_.take(message_);
  }

  const std::string destination_;
  const Framing framing_;
  const SyslogHeader header_;
  const std::span<const std::string_view> topics_;
  std::string message_;
  SocketQueue queue_;
};

[[noreturn]] void fail_at(const Setting& node, std::string_view key, const std::string& message) {
  const Setting* where = node.find(key);
  (where ? *where : node).fail(message);
}

std::vector<SocketAddress> find_destination(const Setting& node, const std::string& destination, Framing& framing) {
  constexpr std::string_view kTcp = "tcp://", kUdp = "udp://";
  if (destination.starts_with('/')) {
    if (auto address = unix_address(destination, SOCK_DGRAM)) return {*address};
    fail_at(node, "destination",
            "'" + destination + "' is no path of a socket: 1 to " + std::to_string(max_unix_path()) + " bytes");
  }
  framing.counted = destination.starts_with(kTcp);
  if (!framing.counted && !destination.starts_with(kUdp)) {
    fail_at(node, "destination", "'" + destination + "' is none of /path, udp://host:port and tcp://host:port");
  }
  const auto where = parse_host_port(std::string_view(destination).substr(kTcp.size()));
  if (!where) fail_at(node, "destination", "'" + destination + "' has no host:port, such as 192.0.2.1:514");
  std::string error;
  auto addresses = look_up(*where, framing.counted ? SOCK_STREAM : SOCK_DGRAM, error);
  if (addresses.empty()) fail_at(node, "destination", "'" + where->host + "': " + error);
  return addresses;
}

}  // namespace

std::vector<OptionInfo> syslog_exporter_options() {
  return describe_options<SyslogOptions>(kRows);
}

std::unique_ptr<Exporter> create_syslog_exporter(const Setting& node, const ExportContext& context) {
  const auto options = read_options<SyslogOptions>(node, kRows);
  const auto facility = syslog_facility(options.facility);
  if (!facility) fail_at(node, "facility", "'" + options.facility + "' is no facility, such as daemon or local0");
  const auto severity = syslog_severity(options.level);
  if (!severity) {
    fail_at(node, "level",
            "'" + options.level + "' is none of Emergency, Alert, Critical, Error, Warning, Notice, Info and Debug");
  }
  if (!is_syslog_name(options.identity, kSyslogAppNameMax)) {
    fail_at(node, "identity", "'" + options.identity + "' is not 1 to 48 printable characters without a space");
  }
  if (options.max_udp_message == 0 || options.max_udp_message > kMaxUdpMessage) {
    fail_at(node, "max-udp-message", "1 to 65507 bytes are right");
  }
  Framing framing;
  auto addresses = find_destination(node, options.destination, framing);
  if (addresses.front().family() != AF_UNIX && !framing.counted) framing.max_message = options.max_udp_message;
  if (context.trial) return nullptr;
  const std::string host = context.sensor.empty() ? host_name() : context.sensor;
  return std::make_unique<SyslogExporter>(
      options, std::move(addresses), framing,
      SyslogHeader(*facility, *severity, host, options.identity, static_cast<uint64_t>(getpid())), context);
}

}  // namespace lapwing
