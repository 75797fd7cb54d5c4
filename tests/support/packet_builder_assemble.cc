// PacketBuilder: what one layer must say of the next, worked out from the inside out.
#include <algorithm>

#include "tests/support/packet_builder.h"

namespace lapwing::test {
namespace {

using Buffer = std::vector<uint8_t>;

void put16(Buffer& b, size_t at, size_t value) {
  b[at] = static_cast<uint8_t>(value >> 8);
  b[at + 1] = static_cast<uint8_t>(value);
}

uint32_t crc32c(Bytes a, Bytes b) {  // RFC 9260 appendix A
  uint32_t crc = ~0u;
  for (Bytes part : {a, b}) {
    for (uint8_t byte : part) {
      crc ^= byte;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0);
    }
  }
  return ~crc;
}

Buffer join(const Buffer& header, const Buffer& body) {
  Buffer all = header;
  all.insert(all.end(), body.begin(), body.end());
  return all;
}

}  // namespace

/// IP protocol number of a layer; "no next header" for what has none.
uint8_t PacketBuilder::protocol_of(size_t index) const {
  if (index >= layers_.size()) return 59;
  switch (layers_[index].kind) {
    case Kind::ipv4: return 4;
    case Kind::ipv6: return 41;
    case Kind::hop_by_hop: return 0;
    case Kind::destination_options: return 60;
    case Kind::routing: return 43;
    case Kind::fragment6: return 44;
    case Kind::ah: return 51;
    case Kind::esp: return 50;
    case Kind::tcp: return 6;
    case Kind::udp: return 17;
    case Kind::sctp: return 132;
    case Kind::icmp: return 1;
    case Kind::icmpv6: return 58;
    case Kind::igmp: return 2;
    case Kind::gre: return 47;
    case Kind::mpls: return 137;
    case Kind::ether: return 143;
    default: return 59;
  }
}

uint16_t PacketBuilder::ether_type_of(size_t index) const {
  if (index >= layers_.size()) return 0;
  switch (layers_[index].kind) {
    case Kind::ipv4: return 0x0800;
    case Kind::ipv6: return 0x86dd;
    case Kind::arp: return 0x0806;
    case Kind::vlan: return 0x8100;
    case Kind::mpls: return 0x8847;
    case Kind::pppoe: return 0x8864;
    case Kind::ppp: return 0x880b;
    case Kind::ether: return 0x6558;
    default: return 0;
  }
}

size_t PacketBuilder::ip_before(size_t index) const {
  while (index-- > 0) {
    if (layers_[index].kind == Kind::ipv4 || layers_[index].kind == Kind::ipv6) return index;
  }
  return kNone;
}

uint32_t PacketBuilder::pseudo_header_sum(size_t index, size_t length, uint8_t protocol) const {
  size_t at = ip_before(index);
  if (at == kNone) return 0;
  const Buffer& ip = layers_[at].header;
  Bytes addresses = layers_[at].kind == Kind::ipv4 ? Bytes(ip).subspan(12, 8) : Bytes(ip).subspan(8, 32);
  uint32_t sum = static_cast<uint32_t>(length) + protocol;
  for (size_t i = 0; i < addresses.size(); i += 2) sum += load_be16(&addresses[i]);
  return sum;
}

void PacketBuilder::finish(size_t index, Buffer& h, const Buffer& body) const {
  const Layer& layer = layers_[index];
  uint16_t ether_type = ether_type_of(index + 1);
  uint8_t protocol = protocol_of(index + 1);
  auto checksum = [&](size_t at, uint32_t start) {
    put16(h, at, 0);
    uint16_t sum = internet_checksum(join(h, body), start);
    if (sum == 0 && layer.kind == Kind::udp) sum = 0xffff;
    put16(h, at, layer.bad_checksum ? sum ^ 0x5555u : sum);
  };
  auto set_type = [&](size_t at) {
    if (!layer.fixed_type) put16(h, at, ether_type);
  };
  switch (layer.kind) {
    case Kind::ether: set_type(12); break;
    case Kind::vlan: set_type(2); break;
    case Kind::sll: set_type(14); break;
    case Kind::sll2: set_type(0); break;
    case Kind::chdlc: set_type(2); break;
    case Kind::geneve: set_type(2); break;
    case Kind::mpls:
      if (index + 1 >= layers_.size() || layers_[index + 1].kind != Kind::mpls) h[2] |= 1;
      break;
    case Kind::pppoe:
      put16(h, 4, body.size() + 2);
      put16(h, 6, ether_type == 0x86dd ? 0x57 : 0x21);
      break;
    case Kind::ppp: put16(h, h.size() - 2, ether_type == 0x86dd ? 0x57 : 0x21); break;
    case Kind::null_link: {
      bool big_endian = h[0] != 0;
      uint8_t family = ether_type == 0x86dd ? 10 : 2;
      h = {0, 0, 0, 0};
      h[big_endian ? 3 : 0] = family;
      break;
    }
    case Kind::loop_link: h[3] = ether_type == 0x86dd ? 24 : 2; break;
    case Kind::ipv4: {
      if (!layer.fixed_type) h[9] = protocol;
      if (!layer.fixed_length) put16(h, 2, h.size() + body.size());
      put16(h, 10, 0);
      uint16_t sum = internet_checksum(h);
      put16(h, 10, layer.bad_checksum ? sum ^ 0x5555u : sum);
      break;
    }
    case Kind::ipv6:
      if (!layer.fixed_type) h[6] = protocol;
      if (!layer.fixed_length) put16(h, 4, body.size());
      break;
    case Kind::hop_by_hop:
    case Kind::destination_options:
    case Kind::routing:
    case Kind::fragment6:
    case Kind::ah:
      if (!layer.fixed_type) h[0] = protocol;
      break;
    case Kind::tcp: checksum(16, pseudo_header_sum(index, h.size() + body.size(), 6)); break;
    case Kind::udp:
      if (!layer.fixed_length) put16(h, 4, h.size() + body.size());
      if (!layer.no_checksum) checksum(6, pseudo_header_sum(index, h.size() + body.size(), 17));
      break;
    case Kind::sctp: {
      h[8] = h[9] = h[10] = h[11] = 0;
      uint32_t crc = crc32c(h, body) ^ (layer.bad_checksum ? 0x55555555u : 0);
      for (size_t i = 0; i < 4; ++i) h[8 + i] = static_cast<uint8_t>(crc >> (8 * i));
      break;
    }
    case Kind::icmp:
    case Kind::igmp: checksum(2, 0); break;
    case Kind::icmpv6: checksum(2, pseudo_header_sum(index, h.size() + body.size(), 58)); break;
    case Kind::gre: {
      set_type(2);
      bool version0 = (h[1] & 7) == 0;
      if (version0 && (h[0] & 0x80)) checksum(4, 0);
      if (!version0) {  // RFC 2637: payload length in the upper half of the key
        size_t inside = body.size();
        put16(h, 4, inside);
      }
      break;
    }
    case Kind::gtpu: put16(h, 2, body.size() + h.size() - 8); break;
    default: break;
  }
}

Buffer PacketBuilder::assemble(size_t from) const {
  Buffer body;
  for (size_t i = layers_.size(); i-- > from;) {
    Buffer header = layers_[i].header;
    finish(i, header, body);
    body = join(header, body);
  }
  return body;
}

uint16_t PacketBuilder::outer_link_type() const {
  if (link_type_ >= 0) return static_cast<uint16_t>(link_type_);
  if (layers_.empty()) return 1;
  switch (layers_[0].kind) {
    case Kind::null_link: return 0;
    case Kind::ppp: return 9;
    case Kind::ipv4:
    case Kind::ipv6: return 101;
    case Kind::chdlc: return 104;
    case Kind::loop_link: return 108;
    case Kind::sll: return 113;
    case Kind::sll2: return 276;
    default: return 1;
  }
}

BuiltFrame PacketBuilder::build() const {
  BuiltFrame out{.bytes = assemble(0), .link_type = outer_link_type(), .time = time_, .number = number_};
  if (out.bytes.size() < pad_) out.bytes.resize(pad_);
  out.wire_length = static_cast<uint32_t>(out.bytes.size());
  if (out.bytes.size() > snap_) out.bytes.resize(snap_);
  return out;
}

std::vector<BuiltFrame> PacketBuilder::fragments(size_t data_bytes, uint32_t identification) const {
  auto is_ip = [](const Layer& l) { return l.kind == Kind::ipv4 || l.kind == Kind::ipv6; };
  size_t ip = static_cast<size_t>(std::find_if(layers_.begin(), layers_.end(), is_ip) - layers_.begin());
  Buffer whole = assemble(ip + 1);
  data_bytes = std::max<size_t>(data_bytes / 8 * 8, 8);
  std::vector<BuiltFrame> out;
  for (size_t offset = 0; offset < whole.size(); offset += data_bytes) {
    size_t size = std::min(data_bytes, whole.size() - offset);
    PacketBuilder one = *this;
    one.layers_.resize(ip + 1);
    one.fragment(static_cast<uint16_t>(offset), offset + size < whole.size(), identification)
        .proto(protocol_of(ip + 1));
    one.payload(Bytes(whole).subspan(offset, size)).number(number_ + out.size());
    out.push_back(one.build());
  }
  return out;
}

}  // namespace lapwing::test
