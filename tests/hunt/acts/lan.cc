// LAN: who claims which address, who assigns them, and which routers there are; by liars as well.
#include "sensor/base/ip_address.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/hunt/campaign.h"

namespace lapwing::hunt {
namespace {

using namespace test;

constexpr std::string_view kAll = "ff:ff:ff:ff:ff:ff";

std::string text_of(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}
std::string numbers_of(const std::string& address) {
  const auto parsed = IpAddress::parse(address);
  return {reinterpret_cast<const char*>(parsed->bytes.data()), parsed->version == 6 ? size_t{16} : size_t{4}};
}
std::string card_of(const Host& host) {
  return text_of(from_hex(host.station));
}
std::string four(Random& random) {
  return "10.9.1." + std::to_string(random.below(256));
}
std::string six(Random& random) {
  return std::string(random.pick({"fe80::", "2001:db8::1:", "fd00::"})) + std::to_string(random.below(40));
}

/// RFC 826.
std::string arp_message(unsigned operation, const Host& sender, const std::string& address,
                        const std::string& target_card, const std::string& target) {
  return be16(1) + be16(0x0800) + "\x06\x04" + be16(operation) + card_of(sender) + numbers_of(address) + target_card +
         numbers_of(target);
}

std::string option(unsigned code, const std::string& value) {
  return static_cast<char>(code) + std::string(1, static_cast<char>(value.size())) + value;
}
/// RFC 2131 section 2.
std::string dhcp_message(Random& random, unsigned type, uint32_t id, const Host& client, const Host& server,
                         const std::string& assigned) {
  const bool reply = type == 2 || type == 5;
  std::string out{static_cast<char>(reply ? 2 : 1), '\1', '\6', '\0'};
  out += be32(id) + std::string(8, '\0') + numbers_of(reply ? assigned : "0.0.0.0") + std::string(8, '\0') +
         card_of(client);
  out.resize(236, '\0');
  out += std::string("\x63\x82\x53\x63", 4) + option(53, std::string(1, static_cast<char>(type)));
  if (reply) {
    out +=
        option(54, numbers_of(server.address)) + option(3, numbers_of(random.chance(70) ? "10.9.1.1" : server.address));
    out += option(6, numbers_of(random.chance(70) ? "10.9.1.1" : four(random)) +
                         (random.chance(20) ? numbers_of(four(random)) : ""));
  } else {
    out += option(12, random.letters(random.below(20))) + (random.chance(30) ? option(60, "MSFT 5.0") : "");
  }
  return out + (random.chance(95) ? "\xff" : "");
}

std::string option16(unsigned code, const std::string& value) {
  return be16(code) + be16(static_cast<unsigned>(value.size())) + value;
}
/// RFC 8415 section 8.
std::string dhcpv6_message(Random& random, unsigned type, uint32_t id, const Host& client, const Host& server) {
  std::string out = be32(type << 24 | (id & 0xffffff)) + option16(1, be16(3) + be16(1) + card_of(client));
  if (type == 1) return out;
  out += option16(2, be16(3) + be16(1) + card_of(server));
  out += option16(3, be32(1) + be32(0) + be32(0) + option16(5, numbers_of(six(random)) + be32(600) + be32(900)));
  return out + option16(23, numbers_of(six(random)));
}

/// RFC 4861 section 4.2, RFC 8106 section 5.1.
std::string advertisement(Random& random, const Host& router) {
  std::string out = be32(0) + be32(0) + "\1\1" + card_of(router);
  for (size_t count = random.below(random.chance(10) ? 12 : 3); count > 0; --count)
    out += std::string("\3\4\x40\xc0", 4) + be32(600) + be32(600) + be32(0) +
           numbers_of("2001:db8:" + std::to_string(random.below(3)) + "::");
  if (random.chance(40)) out += std::string("\x19\3\0\0", 4) + be32(600) + numbers_of(six(random));
  if (random.chance(5)) out += random.bytes(random.below(30));
  return out;
}

}  // namespace

void play_arp(Random& random, const Network& network, int64_t begin, Timeline& out) {
  const Host liar{four(random), station(random.below(256))};
  const int64_t pause = beat(random) / 5;
  const bool lies = random.chance(50), sweep = random.chance(30);
  for (size_t count = random.between(3, 120), i = 0; i < count && !out.full(); ++i, begin += pause) {
    const Host asker = network.six ? Host{four(random), station(random.below(9))} : network.client(random);
    const std::string wanted =
        sweep ? "10.9.1." + std::to_string(i % 256) : "10.9.1." + std::to_string(random.below(20));
    const Host& sender = sweep ? liar : asker;
    out.add(begin, PacketBuilder()
                       .ether(sender.station, kAll)
                       .ether_type(0x0806)
                       .raw(to_bytes(arp_message(1, sender, sender.address, std::string(6, '\0'), wanted)))
                       .build());
    if (random.chance(60)) continue;
    const Host owner{wanted, lies ? liar.station : station(random.below(3) + static_cast<size_t>(wanted.back()))};
    const bool gratuitous = random.chance(20);
    const std::string message = arp_message(gratuitous ? 1 + static_cast<unsigned>(random.below(2)) : 2, owner, wanted,
                                            card_of(asker), gratuitous ? wanted : asker.address);
    out.add(begin + kMillisecond,
            PacketBuilder().ether(owner.station, asker.station).ether_type(0x0806).raw(to_bytes(message)).build());
  }
}

void play_leases(Random& random, const Network& network, int64_t begin, Timeline& out) {
  const int64_t pause = beat(random);
  const size_t servers = random.between(1, random.chance(10) ? 20 : 3);
  for (size_t count = random.between(1, 60); count > 0 && !out.full(); --count, begin += pause) {
    const auto id = static_cast<uint32_t>(random.next());
    const size_t number = random.below(servers);
    const Host client{"0.0.0.0", random.chance(70) ? station(random.below(12)) : station(random.below(256))};
    if (network.six) {
      const Host from{"fe80::" + std::to_string(number + 1), station(100 + number)};
      out.add(begin, PacketBuilder()
                         .ether(client.station, "33:33:00:01:00:02")
                         .ipv6("fe80::99", "ff02::1:2")
                         .udp(546, 547)
                         .payload(dhcpv6_message(random, 1, id, client, from))
                         .build());
      out.add(begin + kMillisecond, PacketBuilder()
                                        .ether(from.station, client.station)
                                        .ipv6(from.address, "fe80::99")
                                        .udp(547, 546)
                                        .payload(dhcpv6_message(random, random.chance(50) ? 2 : 7, id, client, from))
                                        .build());
      continue;
    }
    const Host from{"10.9.1." + std::to_string(1 + number), station(100 + number)};
    const std::string assigned = four(random);
    for (unsigned type : {1U, 2U, 3U, 5U}) {
      if (random.chance(10)) continue;
      const bool reply = type == 2 || type == 5;
      PacketBuilder builder;
      builder.ether(reply ? from.station : client.station, kAll)
          .ipv4(reply ? from.address : "0.0.0.0", "255.255.255.255");
      builder.udp(reply ? 67 : 68, reply ? 68 : 67).payload(dhcp_message(random, type, id, client, from, assigned));
      out.add(begin + type * kMillisecond, builder.build());
    }
  }
}

void play_neighbours(Random& random, const Network&, int64_t begin, Timeline& out) {
  const int64_t pause = beat(random);
  const size_t routers = random.between(1, random.chance(10) ? 20 : 3);
  for (size_t count = random.between(3, 90); count > 0 && !out.full(); --count, begin += pause) {
    const size_t number = random.below(routers);
    const Host router{"fe80::" + std::to_string(number + 1),
                      station(random.chance(95) ? 60 + number : random.below(256))};
    PacketBuilder builder;
    builder.ether(router.station, "33:33:00:00:00:01").ipv6(router.address, random.chance(90) ? "ff02::1" : "fe80::99");
    builder.ttl(random.chance(97) ? 255 : 64);
    if (random.chance(70)) {
      builder.icmpv6(134, 0, static_cast<uint16_t>(0x4000 | random.below(256)), random.chance(85) ? 1800 : 0)
          .payload(advertisement(random, router));
    } else {  // RFC 4861 section 4.4
      builder.icmpv6(136, 0, 0x2000, 0).payload(numbers_of(six(random)) + "\2\1" + card_of(router));
    }
    out.add(begin, builder.build());
  }
}

}  // namespace lapwing::hunt
