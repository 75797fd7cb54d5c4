#include "tests/hunt/wrap.h"

#include <algorithm>

namespace lapwing::hunt {

using test::BuiltFrame;
using test::PacketBuilder;

Wrap::Wrap(Random& random, const Grammar& grammar, bool plain)
    : datagrams_(grammar.datagrams),
      six_(random.chance(30)),
      // Few of both, so that connections now and then follow each other under one name.
      host_(static_cast<uint8_t>(1 + random.below(12))),
      client_port_(static_cast<uint16_t>(40'000 + random.below(40))),
      server_port_(random.chance(88) ? random.pick(grammar.ports) : random.pick(random.pick(grammars()).ports)) {
  if (plain) return;
  if (random.chance(20)) vlans_ = static_cast<uint8_t>(1 + random.below(4));
  if (random.chance(6)) labels_ = static_cast<uint8_t>(1 + random.below(3));
  pppoe_ = random.chance(4);
  for (unsigned percent = 25; random.chance(percent) && tunnels_.size() < 9; percent = 40)
    tunnels_.push_back(static_cast<Tunnel>(1 + random.below(7)));
  if (random.chance(20)) fragmented_ = random.chance(50) ? 100 : 30;
  if (random.chance(10)) extended_ = 40;
  apart_ = random.chance(10);
}

Wrap::Wrap(const Ends& ends, bool datagrams)
    : ends_(ends),
      datagrams_(datagrams),
      six_(ends.client.six()),
      client_port_(ends.client_port),
      server_port_(ends.server_port) {}

Wrap Wrap::announced(Random& random, const Announced& flow) const {
  Wrap out = *this;
  out.datagrams_ = flow.datagrams;
  out.reversed_ = flow.to_client;
  out.server_port_ = flow.port ? flow.port : flow.to_client ? client_port_ : server_port_;
  out.client_port_ = static_cast<uint16_t>(50'000 + random.below(40));
  return out;
}

void Wrap::ip(PacketBuilder& builder, Direction direction, bool six, unsigned net) const {
  const std::string begin = six ? "2001:db8::" + std::to_string(net) + ":" : "10.9." + std::to_string(net) + ".";
  const std::string client = ends_ ? ends_->client.address : begin + std::to_string(host_),
                    server = ends_ ? ends_->server.address : begin + std::to_string(200 + host_ % 3);
  const bool to_server = (direction == Direction::to_server) != reversed_;
  const auto &from = to_server ? client : server, &to = to_server ? server : client;
  six ? builder.ipv6(from, to) : builder.ipv4(from, to);
}

void Wrap::ether(PacketBuilder& builder, Direction direction) const {
  const std::string_view client = ends_ ? std::string_view(ends_->client.station) : "02:00:00:00:00:01",
                         server = ends_ ? std::string_view(ends_->server.station) : "02:00:00:00:00:02";
  (direction == Direction::to_server) != reversed_ || apart_ ? builder.ether(client, server)
                                                             : builder.ether(server, client);
}

void Wrap::link(Random& random, PacketBuilder& builder, Direction direction) const {
  ether(builder, direction);
  for (uint8_t i = 0; i < vlans_; ++i)
    builder.vlan(static_cast<uint16_t>(7 + i), 0, random.chance(90) ? 0x8100 : 0x88a8);
  for (uint8_t i = 0; i < labels_; ++i) builder.mpls(100u + i);
  if (pppoe_) builder.pppoe();
}

void Wrap::tunnel(PacketBuilder& builder, Tunnel kind, Direction direction) const {
  switch (kind) {
    case Tunnel::none: break;
    case Tunnel::gre: builder.gre().gre_key(7); break;
    case Tunnel::erspan: ether(builder.gre().erspan2(), direction); break;
    case Tunnel::ip_in_ip: break;
    case Tunnel::vxlan: ether(builder.udp(49'000, 4789).vxlan(9), direction); break;
    case Tunnel::geneve: ether(builder.udp(49'000, 6081).geneve(9), direction); break;
    case Tunnel::gtpu: builder.udp(2152, 2152).gtpu(5); break;
    case Tunnel::teredo:
      direction == Direction::to_server ? builder.udp(49'000, 3544) : builder.udp(3544, 49'000);
      break;
  }
}

void Wrap::add(Random& random, const Segment& segment, std::vector<BuiltFrame>& out) const {
  PacketBuilder builder;
  link(random, builder, segment.direction);
  unsigned net = 1;
  for (Tunnel kind : tunnels_) {
    ip(builder, segment.direction, six_ && net == 1, net + 1);
    tunnel(builder, kind, segment.direction);
    ++net;
  }
  ip(builder, segment.direction, six_ || (!tunnels_.empty() && tunnels_.back() == Tunnel::teredo), 1);
  if (segment.bad_ip_checksum && !six_) builder.bad_ip_checksum();
  if (random.chance(extended_)) {
    if (!six_) {
      builder.ip_options(
          to_bytes(random.chance(50) ? random.bytes(random.below(40)) : std::string("\x83\x07\x04\x0a\0\0\1\0", 8)));
    } else {
      random.chance(50) ? builder.hop_by_hop() : random.chance(50) ? builder.destination_options() : builder.routing();
    }
  }
  uint16_t from = client_port_, to = server_port_;
  if (segment.direction == Direction::to_client) std::swap(from, to);
  if (datagrams_) {
    builder.udp(from, to);
  } else {
    builder.tcp(from, to).seq(segment.seq).ack(segment.ack).flags(segment.flags).window(segment.window);
    if (segment.urgent) builder.urgent(segment.urgent).flags(segment.flags);
    if (!segment.options.empty()) builder.tcp_options(to_bytes(std::string_view(segment.options).substr(0, 40)));
  }
  if (segment.bad_checksum) builder.bad_l4_checksum();
  builder.payload(segment.bytes);
  constexpr size_t kWire = 1500, kMostIp = 65'000;
  const bool cut = datagrams_ && segment.bytes.size() > kWire;
  if (!cut && !random.chance(fragmented_)) {
    if (segment.bytes.size() < kMostIp) out.push_back(builder.build());
    return;
  }
  const size_t size = cut ? 1400 : random.chance(30) ? 8 * (1 + random.below(4)) : 8 + random.length(1000);
  auto pieces =
      builder.fragments(std::max(size, segment.bytes.size() / 100), static_cast<uint32_t>(random.next() & 0xffff));
  if (random.chance(fragmented_ / 4)) {
    switch (random.below(3)) {
      case 0: pieces.erase(pieces.begin() + static_cast<ptrdiff_t>(random.below(pieces.size()))); break;
      case 1: std::reverse(pieces.begin(), pieces.end()); break;
      case 2: pieces.push_back(random.pick(std::vector<BuiltFrame>(pieces))); break;
    }
  }
  out.insert(out.end(), pieces.begin(), pieces.end());
}

}  // namespace lapwing::hunt
