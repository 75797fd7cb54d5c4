#include "dissectors/parts/dcerpc/endpoints.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "sensor/base/little_endian.h"

namespace lapwing::dcerpc {

namespace {

enum class Said : uint8_t { towers, bindings };

/// Operations whose answers say where something is to be had.
struct Mapping {
  Uuid interface = {};
  uint16_t operation = 0;
  Said said = Said::bindings;
};
constexpr Mapping kMappings[] = {
    {*parse_uuid("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3, Said::towers},  // ept_map of the mapper (C706 O)
    {*parse_uuid("000001a0-0000-0000-c000-000000000046"), 3},                // RemoteGetClassObject,
    {*parse_uuid("000001a0-0000-0000-c000-000000000046"), 4},  // RemoteCreateInstance (MS-DCOM 3.1.2.5.2.3)
    {*parse_uuid("4d9f4ab8-7d1c-11cf-861e-0020af6e7c57"), 0},  // RemoteActivation
    {*parse_uuid("99fcfec4-5260-101b-bbcb-00aa0021347a"), 0},  // ResolveOxid,
    {*parse_uuid("99fcfec4-5260-101b-bbcb-00aa0021347a"), 4},  // ResolveOxid2 (MS-DCOM 3.1.2.5.1)
};

/// Null where it is none.
const Mapping* mapping_of(const Call& call) {
  if (!call.request().seen || call.contexts.size() != 1) return nullptr;
  const auto* row = std::ranges::find_if(kMappings, [&](const Mapping& each) {
    return each.operation == call.operation && each.interface == call.contexts.front().uuid;
  });
  return row == std::end(kMappings) ? nullptr : row;
}

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

/// Another is kept, unless there are too many. The carrier hears of each port once.
void add(Call& call, const Endpoint& endpoint, PartOut<Rpc> out, Carrier& carrier) {
  if (!out.within(Rpc::Cap::endpoints, call.endpoints.size() + 1)) return;
  const bool known = std::ranges::any_of(call.endpoints, [&](const Endpoint& other) {
    return other.port == endpoint.port && other.datagrams == endpoint.datagrams && other.uuid == endpoint.uuid;
  });
  call.endpoints.push_back(endpoint);
  if (!known) carrier.endpoint(endpoint);
}

void read_towers(Call& call, Bytes stub, PartOut<Rpc> out, Carrier& carrier) {
  const bool wide = call.contexts.front().wide;
  OrderedReader reader(stub, call.tx->little_endian);
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
    if (const auto endpoint = read_tower(reader.bytes(length))) add(call, *endpoint, out, carrier);
  }
}

/// "dc1.lab.example[49154]"
std::optional<Endpoint> read_binding(std::string_view text) {
  const size_t at = text.find('[');
  if (at == std::string_view::npos || !text.ends_with(']')) return {};
  const std::string_view digits = text.substr(at + 1, text.size() - at - 2);
  Endpoint out;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (error != std::errc() || end != digits.data() + digits.size() || out.port == 0) return {};
  out.address = IpAddress::parse(text.substr(0, at));
  return out;
}

/// Bindings (MS-DCOM 2.2.19.3: protocol, text of UTF-16, zero) stand deep within pickled properties (2.2.22.2.8), whose
/// length is in their hands who pickle them. They are found by what they look like, in one pass: Windows, which alone
/// speaks DCOM, has them in the little order and at even places.
void read_bindings(Call& call, Bytes stub, PartOut<Rpc> out, Carrier& carrier) {
  constexpr size_t kLongest = 255 + 7;  // a name, and a port
  const auto unit = [&](size_t at) { return stub.size() - at < 2 ? uint16_t{0} : load_le16(&stub[at]); };
  std::string text;
  for (size_t at = 0; at + 2 <= stub.size();) {
    const uint16_t protocol = unit(at);
    at += 2;
    const bool datagrams = protocol == static_cast<uint16_t>(Floor::udp);
    if (!datagrams && protocol != static_cast<uint16_t>(Floor::tcp)) continue;
    text.clear();
    for (; unit(at) > ' ' && unit(at) < 0x7f && text.size() < kLongest; at += 2) text += static_cast<char>(unit(at));
    auto endpoint = unit(at) == 0 ? read_binding(text) : std::nullopt;
    if (!endpoint) continue;
    endpoint->datagrams = datagrams;
    // A host is told by its name, and then by each of its addresses.
    const auto same = std::ranges::find_if(call.endpoints, [&](const Endpoint& other) {
      const bool may_be = !other.address || !endpoint->address || other.address == endpoint->address;
      return may_be && other.port == endpoint->port && other.datagrams == datagrams;
    });
    if (same == call.endpoints.end()) {
      add(call, *endpoint, out, carrier);
    } else if (endpoint->address) {
      same->address = endpoint->address;
    }
  }
}

}  // namespace

bool maps_endpoints(const Call& call) {
  return call.response().type == Type::response && mapping_of(call);
}

void read_endpoints(Call& call, bool bare, PartOut<Rpc> out, Carrier& carrier) {
  const Bytes stub = to_bytes(call.response().stub);
  const size_t head = bare ? 0 : kResponseHead;
  if (stub.size() < head || (call.security && call.security->seals())) return;
  const bool towers = mapping_of(call)->said == Said::towers;
  (towers ? read_towers : read_bindings)(call, stub.subspan(head), out, carrier);
}

}  // namespace lapwing::dcerpc
