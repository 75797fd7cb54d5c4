#include "tests/support/packet_builder.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sensor/base/ip_address.h"

namespace lapwing::test {
namespace {

using Buffer = std::vector<uint8_t>;

[[noreturn]] void misuse(std::string_view what) {
  std::fprintf(stderr, "PacketBuilder: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void put16(Buffer& b, size_t at, uint32_t value) {
  b[at] = static_cast<uint8_t>(value >> 8);
  b[at + 1] = static_cast<uint8_t>(value);
}
void put32(Buffer& b, size_t at, uint32_t value) {
  put16(b, at, value >> 16);
  put16(b, at + 2, value & 0xffff);
}
void append(Buffer& b, Bytes bytes) {
  b.insert(b.end(), bytes.begin(), bytes.end());
}
void append16(Buffer& b, uint32_t value) {
  b.resize(b.size() + 2);
  put16(b, b.size() - 2, value);
}
void append32(Buffer& b, uint32_t value) {
  b.resize(b.size() + 4);
  put32(b, b.size() - 4, value);
}

IpAddress address(std::string_view text, uint8_t version) {
  auto parsed = IpAddress::parse(text);
  if (!parsed || parsed->version != version) misuse("bad address " + std::string(text));
  return *parsed;
}

/// Options header of IPv6: next header, length in units of 8 bytes beyond the first, options padded with Pad1 or PadN.
Buffer options_header(Bytes options) {
  Buffer h{0, 0};
  append(h, options);
  size_t padding = (8 - h.size() % 8) % 8;
  if (padding <= 2) h.resize(h.size() + padding);  // Pad1: a PadN without data would be odd
  if (padding > 2) {
    h.push_back(1);
    h.push_back(static_cast<uint8_t>(padding - 2));
    h.resize(h.size() + padding - 2);
  }
  h[1] = static_cast<uint8_t>(h.size() / 8 - 1);
  return h;
}

}  // namespace

std::vector<uint8_t> from_hex(std::string_view text) {
  Buffer out;
  int high = -1;
  for (char c : text) {
    if (c == ' ' || c == ':' || c == '\n' || c == '-') continue;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) misuse("bad hex");
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) misuse("odd hex");
  return out;
}

uint16_t internet_checksum(Bytes bytes, uint32_t start) {
  uint64_t sum = start;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) sum += load_be16(&bytes[i]);
  if (bytes.size() % 2) sum += bytes.back() << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

PacketBuilder& PacketBuilder::add(Kind kind, Buffer header) {
  layers_.push_back({.kind = kind, .header = std::move(header)});
  return *this;
}

PacketBuilder::Layer& PacketBuilder::last(std::initializer_list<Kind> kinds) {
  for (size_t i = layers_.size(); i-- > 0;) {
    for (Kind kind : kinds) {
      if (layers_[i].kind == kind) return layers_[i];
    }
  }
  misuse("a setter without its layer");
}

PacketBuilder& PacketBuilder::ether(std::string_view src, std::string_view dst) {
  Buffer h = from_hex(dst);
  append(h, from_hex(src));
  h.resize(14);
  return add(Kind::ether, std::move(h));
}

PacketBuilder& PacketBuilder::ether_type(uint16_t type) {
  Layer& layer = last({Kind::ether, Kind::vlan, Kind::sll, Kind::sll2, Kind::chdlc, Kind::gre, Kind::geneve});
  size_t at = 2;
  if (layer.kind == Kind::ether) at = 12;
  if (layer.kind == Kind::sll) at = 14;
  if (layer.kind == Kind::sll2) at = 0;
  put16(layer.header, at, type);
  layer.fixed_type = true;
  return *this;
}

PacketBuilder& PacketBuilder::vlan(uint16_t id, uint8_t priority, uint16_t tpid) {
  if (!layers_.empty()) {  // the tag's own type is the type field of what it stands in
    Layer& outer = layers_.back();
    if (outer.kind == Kind::ether && !outer.fixed_type) ether_type(tpid);
    if (outer.kind == Kind::vlan && !outer.fixed_type) ether_type(tpid);
  }
  Buffer h(4);
  put16(h, 0, static_cast<uint32_t>(priority << 13 | (id & 0xfff)));
  return add(Kind::vlan, std::move(h));
}

PacketBuilder& PacketBuilder::mpls(uint32_t label, uint8_t ttl) {
  Buffer h(4);
  put32(h, 0, label << 12 | ttl);
  return add(Kind::mpls, std::move(h));
}

PacketBuilder& PacketBuilder::pppoe(uint16_t session) {
  Buffer h{0x11, 0, 0, 0, 0, 0, 0, 0};
  put16(h, 2, session);
  return add(Kind::pppoe, std::move(h));
}

PacketBuilder& PacketBuilder::pppoe_discovery(uint8_t code, Bytes tags) {
  Buffer h{0x11, code, 0, 0, 0, 0};
  put16(h, 4, static_cast<uint32_t>(tags.size()));
  append(h, tags);
  if (!layers_.empty() && layers_.back().kind == Kind::ether) ether_type(0x8863);
  return add(Kind::raw, std::move(h));
}

PacketBuilder& PacketBuilder::ppp() {
  return add(Kind::ppp, {0xff, 0x03, 0, 0});
}

PacketBuilder& PacketBuilder::sll() {
  return add(Kind::sll, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0});
}

PacketBuilder& PacketBuilder::sll2(uint32_t interface_index) {
  Buffer h{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0};
  put32(h, 4, interface_index);
  return add(Kind::sll2, std::move(h));
}

PacketBuilder& PacketBuilder::null_link(bool big_endian) {
  return add(Kind::null_link, {static_cast<uint8_t>(big_endian), 0, 0, 0});
}
PacketBuilder& PacketBuilder::loop_link() {
  return add(Kind::loop_link, {0, 0, 0, 0});
}
PacketBuilder& PacketBuilder::chdlc() {
  return add(Kind::chdlc, {0x0f, 0, 0, 0});
}

PacketBuilder& PacketBuilder::arp(uint16_t operation, std::string_view sender, std::string_view target) {
  Buffer h = from_hex("0001 0800 06 04 0000 020000000001 00000000 000000000000 00000000");
  put16(h, 6, operation);
  std::copy_n(address(sender, 4).bytes.begin(), 4, h.begin() + 14);
  std::copy_n(address(target, 4).bytes.begin(), 4, h.begin() + 24);
  return add(Kind::arp, std::move(h));
}

PacketBuilder& PacketBuilder::ipv4(std::string_view src, std::string_view dst) {
  Buffer h{0x45, 0, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0};
  append(h, Bytes(address(src, 4).bytes).first(4));
  append(h, Bytes(address(dst, 4).bytes).first(4));
  return add(Kind::ipv4, std::move(h));
}

PacketBuilder& PacketBuilder::ipv6(std::string_view src, std::string_view dst) {
  Buffer h{0x60, 0, 0, 0, 0, 0, 59, 64};
  append(h, address(src, 6).bytes);
  append(h, address(dst, 6).bytes);
  return add(Kind::ipv6, std::move(h));
}

PacketBuilder& PacketBuilder::ttl(uint8_t value) {
  Layer& ip = last({Kind::ipv4, Kind::ipv6});
  ip.header[ip.kind == Kind::ipv4 ? 8 : 7] = value;
  return *this;
}

PacketBuilder& PacketBuilder::tos(uint8_t value) {
  Layer& ip = last({Kind::ipv4, Kind::ipv6});
  if (ip.kind == Kind::ipv4) {
    ip.header[1] = value;
  } else {
    ip.header[0] = static_cast<uint8_t>(0x60 | value >> 4);
    ip.header[1] = static_cast<uint8_t>(value << 4);
  }
  return *this;
}

PacketBuilder& PacketBuilder::id(uint16_t value) {
  put16(last({Kind::ipv4}).header, 4, value);
  return *this;
}

PacketBuilder& PacketBuilder::dont_fragment() {
  last({Kind::ipv4}).header[6] |= 0x40;
  return *this;
}

PacketBuilder& PacketBuilder::fragment(uint16_t offset_bytes, bool more, uint32_t identification) {
  if (last({Kind::ipv4, Kind::ipv6}).kind == Kind::ipv4) {
    Buffer& h = last({Kind::ipv4}).header;
    put16(h, 4, identification & 0xffff);
    put16(h, 6, offset_bytes / 8u | (more ? 0x2000u : 0));
    return *this;
  }
  Buffer h(8);
  put16(h, 2, (offset_bytes & ~7u) | (more ? 1u : 0));
  put32(h, 4, identification);
  return add(Kind::fragment6, std::move(h));
}

PacketBuilder& PacketBuilder::proto(uint8_t number) {
  Layer& layer = last(
      {Kind::ipv4, Kind::ipv6, Kind::hop_by_hop, Kind::destination_options, Kind::routing, Kind::fragment6, Kind::ah});
  layer.header[layer.kind == Kind::ipv4 ? 9 : layer.kind == Kind::ipv6 ? 6 : 0] = number;
  layer.fixed_type = true;
  return *this;
}

PacketBuilder& PacketBuilder::ip_options(Bytes options) {
  Buffer& h = last({Kind::ipv4}).header;
  append(h, options);
  h.resize((h.size() + 3) / 4 * 4);
  h[0] = static_cast<uint8_t>(0x40 | (h.size() / 4 & 15));
  return *this;
}

PacketBuilder& PacketBuilder::total_length(uint16_t value) {
  Layer& ip = last({Kind::ipv4, Kind::ipv6});
  put16(ip.header, ip.kind == Kind::ipv4 ? 2 : 4, value);
  ip.fixed_length = true;
  return *this;
}

PacketBuilder& PacketBuilder::bad_ip_checksum() {
  last({Kind::ipv4}).bad_checksum = true;
  return *this;
}

PacketBuilder& PacketBuilder::hop_by_hop(Bytes options) {
  return add(Kind::hop_by_hop, options_header(options));
}
PacketBuilder& PacketBuilder::destination_options(Bytes options) {
  return add(Kind::destination_options, options_header(options));
}

PacketBuilder& PacketBuilder::routing(uint8_t type, uint8_t segments_left, Bytes data) {
  Buffer h{0, 0, type, segments_left, 0, 0, 0, 0};
  append(h, data);
  h.resize((h.size() + 7) / 8 * 8);
  h[1] = static_cast<uint8_t>(h.size() / 8 - 1);
  return add(Kind::routing, std::move(h));
}

PacketBuilder& PacketBuilder::ah(uint32_t spi) {
  Buffer h{0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};  // RFC 4302: length in 32-bit words minus 2
  put32(h, 4, spi);
  h.resize(24);
  return add(Kind::ah, std::move(h));
}

PacketBuilder& PacketBuilder::esp(uint32_t spi) {
  Buffer h;
  append32(h, spi);
  append32(h, 1);
  return add(Kind::esp, std::move(h));
}

PacketBuilder& PacketBuilder::tcp(uint16_t src_port, uint16_t dst_port) {
  Buffer h(20);
  put16(h, 0, src_port);
  put16(h, 2, dst_port);
  put32(h, 4, 1);
  h[12] = 0x50;
  put16(h, 14, 65535);
  return add(Kind::tcp, std::move(h));
}

PacketBuilder& PacketBuilder::seq(uint32_t value) {
  put32(last({Kind::tcp}).header, 4, value);
  return *this;
}
PacketBuilder& PacketBuilder::ack(uint32_t value) {
  put32(last({Kind::tcp}).header, 8, value);
  return tcp_flag(0x10);
}
PacketBuilder& PacketBuilder::tcp_flag(uint8_t flag) {
  last({Kind::tcp}).header[13] |= flag;
  return *this;
}
PacketBuilder& PacketBuilder::flags(uint8_t value) {
  last({Kind::tcp}).header[13] = value;
  return *this;
}
PacketBuilder& PacketBuilder::syn() {
  return tcp_flag(0x02);
}
PacketBuilder& PacketBuilder::syn_ack(uint32_t acknowledged) {
  return ack(acknowledged).syn();
}
PacketBuilder& PacketBuilder::fin() {
  return tcp_flag(0x01);
}
PacketBuilder& PacketBuilder::rst() {
  return tcp_flag(0x04);
}
PacketBuilder& PacketBuilder::psh() {
  return tcp_flag(0x08);
}
PacketBuilder& PacketBuilder::window(uint16_t value) {
  put16(last({Kind::tcp}).header, 14, value);
  return *this;
}
PacketBuilder& PacketBuilder::urgent(uint16_t value) {
  put16(last({Kind::tcp}).header, 18, value);
  return tcp_flag(0x20);
}
PacketBuilder& PacketBuilder::tcp_options(Bytes options) {
  Buffer& h = last({Kind::tcp}).header;
  append(h, options);
  h.resize((h.size() + 3) / 4 * 4);
  h[12] = static_cast<uint8_t>(h.size() / 4 << 4);
  return *this;
}

PacketBuilder& PacketBuilder::udp(uint16_t src_port, uint16_t dst_port) {
  Buffer h(8);
  put16(h, 0, src_port);
  put16(h, 2, dst_port);
  return add(Kind::udp, std::move(h));
}

PacketBuilder& PacketBuilder::udp_length(uint16_t value) {
  Layer& layer = last({Kind::udp});
  put16(layer.header, 4, value);
  layer.fixed_length = true;
  return *this;
}

PacketBuilder& PacketBuilder::no_udp_checksum() {
  last({Kind::udp}).no_checksum = true;
  return *this;
}

PacketBuilder& PacketBuilder::sctp(uint16_t src_port, uint16_t dst_port, uint32_t tag) {
  Buffer h(12);
  put16(h, 0, src_port);
  put16(h, 2, dst_port);
  put32(h, 4, tag);
  return add(Kind::sctp, std::move(h));
}

PacketBuilder& PacketBuilder::sctp_chunk(uint8_t type, uint8_t chunk_flags, Bytes value) {
  Buffer chunk{type, chunk_flags};
  append16(chunk, static_cast<uint32_t>(value.size() + 4));
  append(chunk, value);
  chunk.resize((chunk.size() + 3) / 4 * 4);
  return payload(chunk);
}

PacketBuilder& PacketBuilder::icmp(uint8_t type, uint8_t code, uint16_t id, uint16_t seq) {
  Buffer h{type, code, 0, 0};
  append16(h, id);
  append16(h, seq);
  return add(Kind::icmp, std::move(h));
}

PacketBuilder& PacketBuilder::icmpv6(uint8_t type, uint8_t code, uint16_t id, uint16_t seq) {
  icmp(type, code, id, seq);
  layers_.back().kind = Kind::icmpv6;
  return *this;
}

PacketBuilder& PacketBuilder::igmp(uint8_t type, std::string_view group) {
  Buffer h{type, 0, 0, 0};
  append(h, Bytes(address(group, 4).bytes).first(4));
  return add(Kind::igmp, std::move(h));
}

PacketBuilder& PacketBuilder::bad_l4_checksum() {
  last({Kind::tcp, Kind::udp, Kind::sctp, Kind::icmp, Kind::icmpv6, Kind::igmp}).bad_checksum = true;
  return *this;
}

PacketBuilder& PacketBuilder::gre() {
  return add(Kind::gre, {0, 0, 0, 0});
}

PacketBuilder& PacketBuilder::gre_field(uint8_t bit, uint32_t value) {
  Buffer& h = last({Kind::gre}).header;
  h[0] |= bit;
  append32(h, value);
  return *this;
}
PacketBuilder& PacketBuilder::gre_checksum() {
  return gre_field(0x80, 0);
}
PacketBuilder& PacketBuilder::gre_key(uint32_t key) {
  return gre_field(0x20, key);
}
PacketBuilder& PacketBuilder::gre_seq(uint32_t value) {
  return gre_field(0x10, value);
}

PacketBuilder& PacketBuilder::pptp(uint16_t call_id, uint32_t sequence) {
  Buffer h{0x30, 0x01, 0x88, 0x0b, 0, 0, 0, 0};  // RFC 2637: key and sequence present, version 1
  put16(h, 6, call_id);
  append32(h, sequence);
  add(Kind::gre, std::move(h));
  layers_.back().fixed_type = true;
  return add(Kind::ppp, {0, 0});
}

PacketBuilder& PacketBuilder::erspan1() {
  ether_type(0x88be);
  return add(Kind::erspan, {});
}

PacketBuilder& PacketBuilder::erspan2(uint16_t session, uint16_t vlan) {
  if (!(last({Kind::gre}).header[0] & 0x10)) gre_seq(1);
  ether_type(0x88be);
  Buffer h(8);
  put16(h, 0, 0x1000u | (vlan & 0xfff));
  put16(h, 2, session & 0x3ff);
  return add(Kind::erspan, std::move(h));
}

PacketBuilder& PacketBuilder::erspan3(uint16_t session, uint16_t vlan) {
  if (!(last({Kind::gre}).header[0] & 0x10)) gre_seq(1);
  ether_type(0x22eb);
  Buffer h(12);
  put16(h, 0, 0x2000u | (vlan & 0xfff));
  put16(h, 2, session & 0x3ff);
  return add(Kind::erspan, std::move(h));
}

PacketBuilder& PacketBuilder::vxlan(uint32_t vni) {
  Buffer h{8, 0, 0, 0, 0, 0, 0, 0};
  put32(h, 4, vni << 8);
  return add(Kind::vxlan, std::move(h));
}

PacketBuilder& PacketBuilder::geneve(uint32_t vni, Bytes options) {
  Buffer h{static_cast<uint8_t>(options.size() / 4), 0, 0, 0, 0, 0, 0, 0};
  put32(h, 4, vni << 8);
  append(h, options);
  return add(Kind::geneve, std::move(h));
}

PacketBuilder& PacketBuilder::gtpu(uint32_t teid, uint8_t message) {
  Buffer h{0x30, message, 0, 0, 0, 0, 0, 0};
  put32(h, 4, teid);
  return add(Kind::gtpu, std::move(h));
}

PacketBuilder& PacketBuilder::payload(Bytes bytes) {
  return add(Kind::payload, {bytes.begin(), bytes.end()});
}
PacketBuilder& PacketBuilder::raw(Bytes bytes) {
  return add(Kind::raw, {bytes.begin(), bytes.end()});
}
PacketBuilder& PacketBuilder::pad(size_t frame_size) {
  pad_ = frame_size;
  return *this;
}
PacketBuilder& PacketBuilder::snap(size_t captured) {
  snap_ = captured;
  return *this;
}
PacketBuilder& PacketBuilder::link_type(uint16_t value) {
  link_type_ = value;
  return *this;
}
PacketBuilder& PacketBuilder::time(Timestamp value) {
  time_ = value;
  return *this;
}
PacketBuilder& PacketBuilder::number(uint64_t value) {
  number_ = value;
  return *this;
}

}  // namespace lapwing::test
