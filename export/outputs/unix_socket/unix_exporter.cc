#include "export/outputs/unix_socket/unix_exporter.h"

#include "export/outputs/socket/socket_queue.h"

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

class UnixExporter final : public Exporter {
 public:
  UnixExporter(std::string_view name, const UnixOptions& options, const SocketAddress& address, bool lossless)
      : name_(name),
        path_(options.path),
        datagrams_(address.type == SOCK_DGRAM),
        queue_({options.path, options.queue, options.wait_send, lossless}, {address}) {}

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      size_t begin = 0;
      for (const RecordBatch::Entry& entry : batch->entries) {
        queue_.take(std::string_view(batch->text).substr(begin, entry.end - begin - (datagrams_ ? 1 : 0)));
        begin = entry.end;
      }
    }
    queue_.send_waiting();
  }
  void flush() override { queue_.send_waiting(); }
  ExporterCounters counters() const override { return queue_.counters(); }
  ExporterLabel label() const override { return {name_, path_}; }

 private:
  const std::string name_, path_;
  const bool datagrams_;
  SocketQueue queue_;
};

std::unique_ptr<Exporter> create(std::string_view name, int type, const Setting& node, const ExportContext& context) {
  auto options = read_options<UnixOptions>(node, kRows);
  const auto address = unix_address(options.path, type);
  if (!address) {
    const Setting* where = node.find("filename");
    (where ? *where : node)
        .fail("'" + options.path + "' is no path of a socket: 1 to " + std::to_string(max_unix_path()) + " bytes");
  }
  if (context.trial) return nullptr;
  return std::make_unique<UnixExporter>(name, options, *address, context.lossless);
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
