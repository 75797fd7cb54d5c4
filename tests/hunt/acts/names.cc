// Names: what is asked of name servers, with names that carry data, exist nowhere or end anywhere; and of all on a LAN.
#include <algorithm>

#include "sensor/base/ip_address.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/hunt/campaign.h"
#include "tests/support/packet_builder.h"

namespace lapwing::hunt {
namespace {

using namespace test;

std::string odd_label(Random& random) {
  std::string out = random.chance(70) ? random.letters(1 + random.length(62)) : random.bytes(1 + random.below(63));
  std::ranges::replace(out, '.', '-');
  return out;
}
std::string address_of(const Host& host) {
  const auto bytes = IpAddress::parse(host.address)->bytes;
  return {reinterpret_cast<const char*>(bytes.data()), host.six() ? size_t{16} : size_t{4}};
}

struct Zone {
  std::string domain;  // none: each name is a domain of its own
  unsigned type = 1, rcode = 0;
  size_t labels = 1;
};
Zone zone_of(Random& random) {
  constexpr unsigned kTypes[] = {1, 28, 5, 10, 15, 16, 25, 33, 65, 65'399, 12};
  return {.domain = random.chance(60) ? std::string(random.pick({"t.example.net", "lab.example", "corp.local",
                                                                 "a.co.uk", "in-addr.arpa", "mcafee.com"}))
                                      : "",
          .type = random.pick(kTypes),
          .rcode = random.chance(40)   ? 3U
                   : random.chance(10) ? static_cast<unsigned>(random.below(16))
                                       : 0U,
          .labels = random.between(1, 4)};
}
std::string name_in(Random& random, const Zone& zone) {
  std::string out = odd_label(random);
  for (size_t i = 1; i < zone.labels && out.size() < 150; ++i) out += "." + odd_label(random);
  if (!zone.domain.empty()) return out + "." + zone.domain;
  return random.letters(random.between(5, 25)) + std::string(random.pick({".com", ".top", ".info", ".xyz"}));
}
std::string answer_data(Random& random, const Network& network, unsigned type) {
  switch (type) {
    case 1:
    case 28: return address_of(network.anyone(random));
    case 5:
    case 12: return dns_name(random.letters(random.between(1, 60)) + ".example.net");
    case 15: return be16(10) + dns_name(random.letters(9) + ".example.net");
    case 16: {
      const std::string text = random.bytes(random.below(256));
      return static_cast<char>(text.size()) + text;
    }
    default: return random.bytes(random.length(400));
  }
}

std::string netbios_name(const std::string& name) {
  std::string padded = name.substr(0, 15), out = "\x20";
  padded.resize(16, ' ');
  padded[15] = '\0';
  for (const char c : padded) {
    out += static_cast<char>('A' + (static_cast<uint8_t>(c) >> 4));
    out += static_cast<char>('A' + (c & 15));
  }
  return out + '\0';
}

}  // namespace

void play_lookups(Random& random, const Network& network, int64_t begin, Timeline& out) {
  Ends ends = network.ends(random, 53);
  const Zone zone = zone_of(random);
  const int64_t pause = beat(random);
  const bool stream = random.chance(10), repeated = random.chance(15);
  const std::string usual = name_in(random, zone);
  for (size_t count = random.between(5, 150); count > 0 && !out.full(); --count, begin += pause) {
    const std::string question = dns_question(dns_name(repeated ? usual : name_in(random, zone)), zone.type);
    const auto id = static_cast<unsigned>(random.below(65'536));
    const size_t answers = zone.rcode ? 0 : random.length(6);
    std::string response = dns_header(id, 0x8180 | zone.rcode, 1, static_cast<unsigned>(answers)) + question;
    for (size_t i = 0; i < answers; ++i)
      response += dns_record(dns_pointer(12), zone.type, answer_data(random, network, zone.type));
    Dialogue said{{Direction::to_server, dns_header(id, 0x0100, 1) + question}};
    if (random.chance(93)) said.push_back({Direction::to_client, response});
    for (Turn& turn : said) {
      if (stream) turn.bytes = dns_over_tcp(turn.bytes);
    }
    ends.client_port = static_cast<uint16_t>(1024 + random.below(60'000));
    out.add(random, begin, kMillisecond, ends, std::move(said), !stream);
  }
}

void play_local_names(Random& random, const Network& network, int64_t begin, Timeline& out) {
  struct Service {
    uint16_t port;
    std::string_view group, group6, station;
  };
  constexpr Service kServices[] = {{5355, "224.0.0.252", "ff02::1:3", "01:00:5e:00:00:fc"},
                                   {5353, "224.0.0.251", "ff02::fb", "01:00:5e:00:00:fb"},
                                   {137, "10.9.1.255", "ff02::1", "ff:ff:ff:ff:ff:ff"}};
  const Service& service = random.pick(kServices);
  const Host asker = network.client(random), liar = network.client(random);
  const int64_t pause = beat(random);
  for (size_t count = random.between(1, 40); count > 0 && !out.full(); --count, begin += pause) {
    const std::string name = random.chance(20) ? "wpad" : random.letters(random.between(1, 14));
    const bool netbios = service.port == 137, mdns = service.port == 5353;
    const std::string wire = netbios ? netbios_name(name) : dns_name(mdns ? name + ".local" : name);
    const unsigned type = netbios ? 32 : network.six ? 28 : 1;
    const std::string data = (netbios ? be16(0) : "") + address_of(random.chance(80) ? liar : network.anyone(random));
    const auto id = static_cast<unsigned>(mdns ? 0 : random.below(65'536));
    const auto from = static_cast<uint16_t>(service.port == 5355 ? 50'000 + random.below(999) : service.port);
    PacketBuilder query, response;
    query.ether(asker.station, service.station);
    network.six ? query.ipv6(asker.address, service.group6) : query.ipv4(asker.address, service.group);
    query.udp(from, service.port).payload(dns_header(id, netbios ? 0x0110 : 0, 1) + dns_question(wire, type));
    response.ether(liar.station, asker.station);
    const std::string to = mdns ? std::string(network.six ? service.group6 : service.group) : asker.address;
    network.six ? response.ipv6(liar.address, to) : response.ipv4(liar.address, to);
    const std::string echoed = service.port == 5355 ? dns_question(wire, type) : "";
    response.udp(service.port, from)
        .payload(dns_header(id,
                            netbios ? 0x8500
                            : mdns  ? 0x8400
                                    : 0x8000,
                            !echoed.empty(), 1) +
                 echoed + dns_record(wire, type, data));
    if (random.chance(95)) out.add(begin, query.build());
    if (random.chance(80)) out.add(begin + 5 * kMillisecond, response.build());
  }
}

}  // namespace lapwing::hunt
