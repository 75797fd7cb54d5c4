#include "dissectors/protocols/mount/mount.h"

#include <utility>

namespace lapwing::mount {

namespace {

using onc_rpc::XdrReader;

constexpr uint32_t kMostPath = 1024, kMostName = 255, kMostHandle = 64, kMostFlavors = 256;  // RFC 1813 I.4.1
constexpr uint32_t kHandle2 = 32;  // bytes of a handle before version 3
constexpr uint16_t kPorts[] = {20048, 635};

constexpr FrameKind kFrames[] = {{"pdu", "a call or answer, over TCP with its record mark"}};
constexpr auto kAnomalies = names<Anomaly::malformed_data>({{Anomaly::malformed_data, "malformed_data"}});

}  // namespace

const About Mount::about{.name = "mount",
                         .transports = transport::tcp | transport::udp,
                         .ports = kPorts,
                         .help = "mount protocol of NFS 2 and 3 (RFC 1813 appendix I)"};

const Protocol Mount::protocol{.name = "mount",
                               .anomalies = kAnomalies,
                               .records = records(),
                               .help = "mount protocol of NFS 2 and 3",
                               .frames = kFrames,
                               .in_alert = columns(),
                               .caps = kCaps,
                               .parts = kParts};

void Exchange::reset() {
  Conversation::reset();
  path.reset();
  status.reset();
  handle.clear();
  flavors.clear();
  exports.clear();
  mounts.clear();
}

Likelihood Mount::probe(const Chunk& first) {
  return onc_rpc::probe(first, kProgram);
}

void Mount::arguments(Exchange& exchange, XdrReader& body) {
  const uint32_t asked = exchange.rpc.procedure;
  if (asked != procedure::mount && asked != procedure::unmount && asked != procedure::path_configuration) return;
  const std::string_view path = body.text(kMostPath);
  if (body.whole()) exchange.path = path;
}

bool Mount::results(Exchange& exchange, XdrReader& body, bool) {
  switch (exchange.rpc.procedure) {
    case procedure::mount: return mounted(exchange, body);
    case procedure::dump: return next_mount(exchange, body);
    case procedure::exports:
    case procedure::export_all: return next_export(exchange, body);
    default: return false;
  }
}

bool Mount::mounted(Exchange& exchange, XdrReader& body) {
  const uint32_t status = body.u32();
  Bytes handle;
  uint32_t flavors = 0;
  Bytes list;
  if (status == 0 && exchange.rpc.version < 3) handle = body.fixed(kHandle2);
  if (status == 0 && exchange.rpc.version >= 3) {
    handle = body.opaque(kMostHandle);
    flavors = body.count(kMostFlavors);
    list = body.fixed(flavors * 4);
  }
  if (!body.whole()) return false;
  exchange.status = status;
  exchange.handle = to_text(handle);
  for (uint32_t i = 0; i < flavors; ++i) exchange.flavors.push_back(load_be32(&list[i * 4]));
  return false;
}

bool Mount::next_export(Exchange& exchange, XdrReader& body) {
  if (!body.flag()) return false;
  Export found{.path = std::string(body.text(kMostPath))};
  size_t beyond = 0;
  while (body.whole() && body.flag()) {
    const std::string_view group = body.text(kMostName);
    if (found.groups.size() == out_.limit(Cap::entries)) {
      ++beyond;
    } else {
      found.groups.emplace_back(group);
    }
  }
  if (!body.whole()) return true;
  if (beyond > 0) out_.capped(Cap::entries, beyond);
  if (out_.within(Cap::entries, exchange.exports.size() + 1)) exchange.exports.push_back(std::move(found));
  return true;
}

bool Mount::next_mount(Exchange& exchange, XdrReader& body) {
  if (!body.flag()) return false;
  const std::string_view host = body.text(kMostName), path = body.text(kMostPath);
  if (body.whole() && out_.within(Cap::entries, exchange.mounts.size() + 1)) {
    exchange.mounts.push_back({std::string(host), std::string(path)});
  }
  return true;
}

void Mount::answered(Exchange& exchange) {
  out_.emit({.tx = &exchange,
             .direction = reverse(exchange.asked_by),
             .record = records().data(),
             .reversed = exchange.asked_by == Direction::to_client});
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Mount>();

}  // namespace lapwing::mount
