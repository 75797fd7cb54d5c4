#include "dissectors/protocols/portmap/portmap.h"

#include <utility>

namespace lapwing::portmap {

namespace {

constexpr uint16_t kPorts[] = {111};
constexpr uint32_t kUdp = 17;             // IANA's protocol number
constexpr uint32_t kMostCall = 64 << 10;  // bytes of the arguments of CALLIT
constexpr uint32_t kMostAddress = 1024;   // bytes

constexpr FrameKind kFrames[] = {{"pdu", "a call or answer, over TCP with its record mark"}};
constexpr auto kAnomalies = names<Anomaly::malformed_data>({{Anomaly::malformed_data, "malformed_data"}});

}  // namespace

const About Portmap::about{.name = "portmap",
                           .transports = transport::tcp | transport::udp,
                           .ports = kPorts,
                           .help = "portmapper and rpcbind (RFC 1833)"};

const Protocol Portmap::protocol{.name = "portmap",
                                 .anomalies = kAnomalies,
                                 .records = records(),
                                 .help = "portmapper and rpcbind",
                                 .frames = kFrames,
                                 .in_alert = columns(),
                                 .caps = kCaps,
                                 .parts = kParts};

void Place::take(const Mapping& mapping) {
  program = mapping.program;
  version = mapping.version;
  protocol = mapping.protocol;
  port = mapping.port;
  transport = mapping.transport;
  address = mapping.address;
  owner = mapping.owner;
}

bool Place::datagrams() const {
  return protocol ? *protocol == kUdp : transport.starts_with("udp");
}

void Exchange::reset() {
  Conversation::reset();
  asked.reset();
  called.reset();
  port.reset();
  address.reset();
  done.reset();
  mappings.clear();
}

Likelihood Portmap::probe(const Chunk& first) {
  return onc_rpc::probe(first, kProgram);
}

void Portmap::arguments(Exchange& exchange, XdrReader& body) {
  const uint32_t version = exchange.rpc.version, asked = exchange.rpc.procedure;
  Mapping mapping;
  std::optional<uint32_t> called;
  if (asked == procedure::callit || (version > 3 && asked == procedure::indirect)) {
    mapping.program = body.u32();
    mapping.version = body.u32();
    called = body.u32();
    body.opaque(kMostCall);
  } else if (asked == procedure::set || asked == procedure::unset || asked == procedure::getport ||
             (version > 3 && (asked == procedure::getversaddr || asked == procedure::getaddrlist))) {
    mapping = version <= 2 ? read_mapping(body) : read_binding(body);
  } else {
    return;
  }
  if (!body.whole()) return;
  exchange.called = called;
  exchange.asked.emplace().take(mapping);
}

bool Portmap::results(Exchange& exchange, XdrReader& body, bool) {
  return exchange.rpc.version <= 2 ? results2(exchange, body) : results3(exchange, body);
}

bool Portmap::results2(Exchange& exchange, XdrReader& body) {
  switch (exchange.rpc.procedure) {
    case procedure::set:
    case procedure::unset:
      if (const bool done = body.flag(); body.whole()) exchange.done = done;
      return false;
    case procedure::getport:
    case procedure::callit:
      if (const uint32_t port = body.u32(); body.whole()) exchange.port = port;
      return false;
    case procedure::dump:
      if (!body.flag()) return false;
      return keep(exchange, body, read_mapping(body));
    default: return false;
  }
}

bool Portmap::results3(Exchange& exchange, XdrReader& body) {
  switch (exchange.rpc.procedure) {
    case procedure::set:
    case procedure::unset:
      if (const bool done = body.flag(); body.whole()) exchange.done = done;
      return false;
    case procedure::getaddr:
    case procedure::getversaddr:
    case procedure::callit:
    case procedure::indirect:
      if (const std::string_view address = body.text(kMostAddress); body.whole()) {
        exchange.address = address;
        exchange.port = port_of(address);
      }
      return false;
    case procedure::dump:
      if (!body.flag()) return false;
      return keep(exchange, body, read_binding(body));
    case procedure::getaddrlist: {
      if (!body.flag()) return false;
      Mapping mapping = read_address(body);
      if (exchange.asked) {
        mapping.program = exchange.asked->program;
        mapping.version = exchange.asked->version;
      }
      return keep(exchange, body, mapping);
    }
    default: return false;
  }
}

bool Portmap::keep(Exchange& exchange, XdrReader& body, const Mapping& mapping) {
  if (body.whole() && out_.within(Cap::entries, exchange.mappings.size() + 1)) {
    exchange.mappings.emplace_back().take(mapping);
  }
  return true;
}

void Portmap::expect(const Exchange& exchange, const Place& place, uint32_t port) {
  if (port == 0 || port > UINT16_MAX) return;
  for (const onc_rpc::Neighbour& known : kNeighbours) {
    if (known.program != place.program) continue;
    const Sender listener = exchange.asked_by == Direction::to_server ? Sender::server : Sender::client;
    out_.expect({.listener = listener,
                 .port = static_cast<uint16_t>(port),
                 .datagrams = place.datagrams(),
                 .protocol = known.protocol});
  }
}

void Portmap::answered(Exchange& exchange) {
  const auto port_at = [](const Place& place) -> uint32_t {
    return place.port ? *place.port : port_of(place.address).value_or(0);
  };
  const bool found = exchange.rpc.procedure != procedure::callit && exchange.rpc.procedure != procedure::indirect;
  if (exchange.asked && exchange.port && found) expect(exchange, *exchange.asked, *exchange.port);
  for (const Place& place : exchange.mappings) expect(exchange, place, port_at(place));
  out_.emit({.tx = &exchange,
             .direction = reverse(exchange.asked_by),
             .record = records().data(),
             .reversed = exchange.asked_by == Direction::to_client});
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Portmap>();

}  // namespace lapwing::portmap
