// Why the header of a rule does not fit: every reason has a case and words of its own.
#include "signatures/match/misfit.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace lapwing::rules {

namespace {

/// A TCP packet from a client to port 80, and a header that fits it.
struct Case {
  Case() {
    any_address.any = any_port.any = true;
    header.src = header.dst = &any_address;
    header.src_port = header.dst_port = &any_port;
    compiled->protocols = {&spoken};
    scene.context = &context;
    scene.rules = compiled.get();
    scene.packet = &packet;
    scene.flow = reinterpret_cast<Flow*>(&packet);  // that it is there is all that is asked
    scene.src = *IpAddress::parse("10.0.0.1");
    scene.dst = *IpAddress::parse("10.0.0.2");
    scene.src_port = 40000;
    scene.dst_port = 80;
    scene.has_ports = true;
    scene.transport = transport_bit::tcp;
    packet.proto = ip_proto::tcp;
  }
  const Protocol spoken{.name = "echo"};
  std::unique_ptr<Compiled> compiled = std::make_unique<Compiled>();
  AddressSet any_address, no_address;
  PortSet any_port, no_port;
  Packet packet;
  MatchContext context;
  Header header;
  Scene scene;
};

using Spoil = void (*)(Case&);
constexpr Spoil kSpoils[] = {
    [](Case& c) {
      c.header.needs_flow = true;
      c.scene.flow = nullptr;
    },
    [](Case& c) { c.header.directions = kToClient; },
    [](Case& c) { c.header.established = true; },
    [](Case& c) {
      c.header.established = false;
      c.context.established = true;
    },
    [](Case& c) { c.header.protocols.add(0); },
    [](Case& c) { c.header.transports = transport_bit::udp; },
    [](Case& c) {
      c.scene.transport = transport_bit::other;
      c.header.ip_proto = ip_proto::igmp;
    },
    [](Case& c) { c.header.v4 = false; },
    [](Case& c) { c.header.src_port = &c.no_port; },
    [](Case& c) { c.header.dst_port = &c.no_port; },
    [](Case& c) { c.header.src = &c.no_address; },
    [](Case& c) { c.header.dst = &c.no_address; },
};
static_assert(std::size(kSpoils) == kMisfits);

TEST(Misfit, EveryReasonIsFoundAndHasWordsOfItsOwn) {
  std::set<std::string_view> told;
  for (size_t i = 0; i < kMisfits; i++) {
    Case c;
    EXPECT_EQ(misfit(c.header, c.scene), std::nullopt);
    kSpoils[i](c);
    ASSERT_EQ(misfit(c.header, c.scene), static_cast<Misfit>(i)) << i;
    EXPECT_TRUE(told.insert(asked(static_cast<Misfit>(i))).second) << i;
    EXPECT_FALSE(asked(static_cast<Misfit>(i)).empty() || found(static_cast<Misfit>(i), c.scene).empty()) << i;
  }
}

TEST(Misfit, WithoutIpOnlyRulesThatNeedNoneFit) {
  Case c;
  c.scene.transport = 0;
  EXPECT_EQ(misfit(c.header, c.scene), Misfit::transport);
  EXPECT_EQ(found(Misfit::transport, c.scene), "no IP");
  c.header.without_ip = true;
  EXPECT_EQ(misfit(c.header, c.scene), std::nullopt);
}

}  // namespace

}  // namespace lapwing::rules
