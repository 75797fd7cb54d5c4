// Wrap: what lies around the segments of one flow, from its own addresses to the tunnels it goes through.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tests/hunt/carry.h"
#include "tests/hunt/network.h"
#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

class Wrap {
 public:
  /// `plain`: Ethernet and IP, nothing else.
  Wrap(Random& random, const Grammar& grammar, bool plain);
  /// Between ends that are given, and as plain.
  Wrap(const Ends& ends, bool datagrams);
  /// The same around a flow that this one announced.
  Wrap announced(Random& random, const Announced& flow) const;
  /// One frame, or the fragments of its packet.
  void add(Random& random, const Segment& segment, std::vector<test::BuiltFrame>& out) const;

 private:
  enum class Tunnel : uint8_t { none, gre, erspan, ip_in_ip, vxlan, geneve, gtpu, teredo };

  void ip(test::PacketBuilder& builder, Direction direction, bool six, unsigned net) const;
  void ether(test::PacketBuilder& builder, Direction direction) const;
  void link(Random& random, test::PacketBuilder& builder, Direction direction) const;
  void tunnel(test::PacketBuilder& builder, Tunnel kind, Direction direction) const;

  std::optional<Ends> ends_;  // in place of those that are drawn
  bool datagrams_, six_;
  bool reversed_ = false;  // the client is where the server of the announcing flow is
  uint8_t host_ = 0;
  uint16_t client_port_, server_port_;
  uint8_t vlans_ = 0, labels_ = 0;
  bool pppoe_ = false;
  bool apart_ = false;           // behind a router whose packets come from another station than they go to
  std::vector<Tunnel> tunnels_;  // outermost first
  unsigned fragmented_ = 0;      // percent of the packets
  unsigned extended_ = 0;        // percent with extension headers or options
};

}  // namespace lapwing::hunt
