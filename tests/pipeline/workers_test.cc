// Several workers of a replay: what they decode together and each for itself adds up to what one does.
#include <gtest/gtest.h>

#include <string>

#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

/// Frames of every kind between many hosts: ordinary ones, at fault, in tunnels and pieces, told of by errors.
Capture mixture() {
  Capture capture;
  for (int host = 1; host <= 40; ++host) {
    const std::string a = "10.0.0." + std::to_string(host), b = "10.0.1." + std::to_string(host % 7 + 1);
    const std::string c = "2001:db8::" + std::to_string(host);
    auto four = [&] { return PacketBuilder().ether().ipv4(a, b); };
    auto six = [&] { return PacketBuilder().ether().ipv6(c, "2001:db8:1::1"); };
    auto query = [](PacketBuilder packet) { return packet.udp(5000, 9).payload("ordinary"); };
    capture.add(query(four()));
    capture.add(query(six()));
    capture.add(query(PacketBuilder().ether().vlan(7).vlan(8).ipv4(a, b)));
    capture.add(query(PacketBuilder().ether().vlan(1).vlan(2).vlan(3).vlan(4).ipv4(a, b)));
    capture.add(query(four().bad_ip_checksum()));
    capture.add(query(four()).bad_l4_checksum());
    capture.add(query(six()).no_udp_checksum());
    capture.add(query(four()).udp_length(4000));
    capture.add(four().tcp(6000, 80).syn().tcp_options(from_hex("0204")));
    capture.add(four().tcp(6001, 80).syn().tcp_options(from_hex("13 04 0000")));
    capture.add(four().icmp(8, 0, 1, 2).payload("ping"));
    capture.add(four().icmp(8, 3));
    capture.add(six().icmpv6(128, 0, 1, 2));
    capture.add(PacketBuilder().ether().ipv4(b, "10.9.9.9").icmp(3, 1).ipv4(a, b).udp(5000, 9).payload("ordinary"));
    capture.add(query(four().gre().ipv4("10.2.0.1", a)));
    capture.add(query(four().udp(1000, 4789).vxlan(1).ether().ipv4("10.2.0.2", a)));
    capture.add(query(four().ipv4("10.2.0.3", a)));
    capture.add(query(four().ip_options(from_hex("8307080a000001"))));
    capture.add(query(six().hop_by_hop()));
    capture.add(query(four()).snap(30));
    capture.add(PacketBuilder().ether().ether_type(0x7878).payload("nobody knows"));
    capture.add(PacketBuilder().ether().arp());
    capture.add(query(four()).payload(std::string(static_cast<size_t>(host) * 20, 'x')));
    for (const BuiltFrame& piece : query(four()).payload(std::string(100, 'y')).fragments(64)) capture.add(piece);
    Conversation(capture, {.client = a, .server = b, .client_port = 6002}).open().client("a line\n").close();
    if (host % 8 == 0) capture.wait(70);  // flows end meanwhile
  }
  return capture;
}

TEST(Workers, TogetherTellAndCountWhatOneDoes) {
  const Capture capture = mixture();
  const Outcome one = sense(capture);
  auto stats = [](const Outcome& outcome, const char* group) { return outcome.of("stats").back()["stats"][group]; };
  EXPECT_GT(one.stat("decoder.event.udp.pkt_too_small"), 0u);
  EXPECT_GT(one.stat("decoder.bad_checksum.ip"), 0u);
  EXPECT_GT(one.stat("flow.total"), 0u);
  for (size_t workers = 2; workers <= 4; ++workers) {
    const Outcome several = sense(capture, {.workers = workers});
    EXPECT_EQ(one.told(), several.told()) << workers;
    for (const char* group : {"decoder", "defrag"}) {
      EXPECT_EQ(stats(one, group), stats(several, group)) << group << " of " << workers;
    }
  }
}

}  // namespace
}  // namespace lapwing::test
