#include "dissectors/parts/dcerpc/endpoints.h"

#include <algorithm>

namespace lapwing::dcerpc {

namespace {

/// The mapper, and its ept_map (C706 O).
constexpr Uuid kMapper = *parse_uuid("e1af8308-5d1f-11c9-91a4-08002b14a0fa");
constexpr uint16_t kMap = 3;

constexpr size_t kResponseHead = 8;  // before the stub data, of a connection
constexpr size_t kHandle = 20;       // of the mapper's context

/// Protocols of a tower's floors (C706 I).
enum class Floor : uint8_t { tcp = 0x07, udp = 0x08, ip = 0x09, uuid = 0x0d };

/// Integers of a tower are in the little order whatever that of the call is (C706 L), ports and addresses in the other.
std::optional<Endpoint> read_tower(Bytes tower) {
  OrderedReader reader(tower, true);
  Endpoint out;
  const uint16_t floors = reader.u16();
  bool has_interface = false, has_port = false;
  for (uint16_t i = 0; i < floors && reader.left() > 0; ++i) {
    OrderedReader what(reader.bytes(reader.u16()), true);
    ByteReader where(reader.bytes(reader.u16()));
    if (!reader.ok()) return {};
    const auto floor = static_cast<Floor>(what.u8());
    switch (floor) {
      case Floor::uuid:
        // The first names the interface, the next the transfer syntax.
        if (i > 0) break;
        out.uuid = what.uuid();
        out.major = what.u16();
        out.minor = __builtin_bswap16(where.u16());
        has_interface = what.ok() && where.ok();
        break;
      case Floor::tcp:
      case Floor::udp:
        out.datagrams = floor == Floor::udp;
        out.port = where.u16();
        has_port = where.ok();
        break;
      case Floor::ip:
        if (const Bytes wire = where.bytes(4); !wire.empty() && load_be32(wire.data()) != 0) {
          out.address = IpAddress::v4(wire.data());
        }
        break;
      default: break;
    }
  }
  if (!has_interface || !has_port || out.port == 0) return {};
  out.interface = find_interface(out.uuid);
  return out;
}

}  // namespace

bool maps_endpoints(const Call& call) {
  return call.request().seen && call.operation == kMap && call.contexts.size() == 1 &&
         call.contexts.front().uuid == kMapper && call.response().type == Type::response;
}

void read_endpoints(Call& call, PartOut<Rpc> out, Carrier& carrier) {
  const Bytes stub = to_bytes(call.response().stub);
  const size_t head = call.activity ? 0 : kResponseHead;
  if (stub.size() < head) return;
  const bool wide = call.contexts.front().wide;
  OrderedReader reader(stub.subspan(head), call.tx->little_endian);
  const auto count = [&] { return wide ? (reader.align(8), reader.u64()) : (reader.align(4), uint64_t{reader.u32()}); };
  reader.skip(kHandle + 4);         // towers there are
  count();                          // that there is room for,
  count();                          // from which one on,
  const uint64_t towers = count();  // that follow: first whether each is there
  const uint64_t size = wide ? 8 : 4;
  if (!reader.ok() || towers > reader.left() / size) return;
  reader.skip(static_cast<size_t>(towers * size));
  for (uint64_t i = 0; i < towers; ++i) {
    count();
    const uint32_t length = reader.u32();
    if (!reader.ok() || length > reader.left()) return;
    const auto endpoint = read_tower(reader.bytes(length));
    if (!endpoint || !out.within(Rpc::Cap::endpoints, call.endpoints.size() + 1)) continue;
    call.endpoints.push_back(*endpoint);
    carrier.endpoint(*endpoint);
  }
}

}  // namespace lapwing::dcerpc
