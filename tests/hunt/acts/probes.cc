// Probes: many ports, many hosts, many sources, and echoes of ICMP; with and without answers.
#include "tests/hunt/campaign.h"

namespace lapwing::hunt {
namespace {

using test::PacketBuilder;

constexpr uint8_t kSyn = 2, kRst = 4, kAck = 16;

PacketBuilder& between(PacketBuilder& builder, const Host& from, const Host& to) {
  builder.ether(from.station, to.station);
  return from.six() ? builder.ipv6(from.address, to.address) : builder.ipv4(from.address, to.address);
}
void segment(const Ends& ends, bool back, uint32_t seq, uint32_t ack, uint8_t flags, int64_t time, Timeline& out) {
  PacketBuilder builder;
  between(builder, back ? ends.server : ends.client, back ? ends.client : ends.server);
  builder.tcp(back ? ends.server_port : ends.client_port, back ? ends.client_port : ends.server_port);
  out.add(time, builder.seq(seq).ack(ack).flags(flags).build());
}

enum class Answer : uint8_t { none, refused, taken, unreachable, count };

void probe(Random& random, const Ends& ends, Answer answer, uint8_t flags, int64_t time, Timeline& out) {
  const auto seq = static_cast<uint32_t>(random.next());
  segment(ends, false, seq, 0, flags, time, out);
  if (answer == Answer::refused) segment(ends, true, 0, seq + 1, kRst | kAck, time + kMillisecond, out);
  if (answer == Answer::taken) {
    segment(ends, true, 77, seq + 1, kSyn | kAck, time + kMillisecond, out);
    segment(ends, false, seq + 1, 78, random.chance(50) ? kAck : kRst, time + 2 * kMillisecond, out);
  }
  if (answer != Answer::unreachable || ends.client.six()) return;
  const auto quoted = PacketBuilder()
                          .ipv4(ends.client.address, ends.server.address)
                          .tcp(ends.client_port, ends.server_port)
                          .seq(seq)
                          .flags(flags)
                          .build();
  PacketBuilder builder;
  out.add(time + kMillisecond, between(builder, ends.server, ends.client)
                                   .icmp(3, static_cast<uint8_t>(random.below(16)))
                                   .payload(Bytes(quoted.bytes))
                                   .build());
}
void ask(Random& random, const Ends& ends, bool answered, int64_t time, Timeline& out) {
  for (bool back : {false, true}) {
    if (back && !answered) continue;
    PacketBuilder builder;
    between(builder, back ? ends.server : ends.client, back ? ends.client : ends.server);
    builder.udp(back ? ends.server_port : ends.client_port, back ? ends.client_port : ends.server_port);
    out.add(time + back * kMillisecond, builder.payload(random.bytes(random.below(300))).build());
  }
}

}  // namespace

void play_probes(Random& random, const Network& network, int64_t begin, Timeline& out) {
  Ends ends = network.ends(random, static_cast<uint16_t>(random.pick({22, 80, 445, 3389, 53, 161})));
  const bool ports = random.chance(50), datagrams = random.chance(30), mixed = random.chance(40);
  const int64_t pause = beat(random) / 10;
  auto answer = static_cast<Answer>(random.below(static_cast<size_t>(Answer::count)));
  const auto flags = static_cast<uint8_t>(random.chance(80) ? kSyn : random.next());
  const std::string row = ends.server.address.substr(0, ends.server.address.find_last_of(".:") + 1);
  for (size_t count = random.between(5, 200), i = 0; i < count && !out.full(); ++i) {
    if (ports) {
      ends.server_port = static_cast<uint16_t>(1 + 7 * i);
    } else {
      ends.server = {row + std::to_string(1 + i % 250), random.chance(50) ? network.router.station : station(i)};
    }
    ends.client_port = static_cast<uint16_t>(30'000 + random.below(30'000));
    if (mixed) answer = static_cast<Answer>(random.below(static_cast<size_t>(Answer::count)));
    datagrams ? ask(random, ends, answer == Answer::taken, begin, out) : probe(random, ends, answer, flags, begin, out);
    begin += pause;
  }
}

void play_crowd(Random& random, const Network& network, int64_t begin, Timeline& out) {
  Ends ends = network.ends(random, static_cast<uint16_t>(random.pick({80, 443, 53, 123, 11'211})));
  const bool datagrams = random.chance(50), answers = random.chance(40);
  const std::string row = network.six ? "2001:db8:eeee::" : "203.0.113.";
  for (size_t count = random.between(50, 500), i = 0; i < count && !out.full(); ++i) {
    if (random.chance(90)) ends.client = {row + std::to_string(random.below(250)), network.router.station};
    ends.client_port = static_cast<uint16_t>(1024 + random.below(60'000));
    const Ends turned{ends.server, ends.client, ends.server_port, ends.client_port};
    datagrams ? ask(random, answers ? turned : ends, random.chance(10), begin, out)
              : probe(random, ends, static_cast<Answer>(random.below(3)), kSyn, begin, out);
    begin += static_cast<int64_t>(random.below(20)) * kMillisecond;
  }
}

void play_echoes(Random& random, const Network& network, int64_t begin, Timeline& out) {
  const Ends ends = network.ends(random, 0);
  const int64_t pause = beat(random);
  const bool altered = random.chance(50);
  const size_t size = random.between(8, 900);
  for (size_t count = random.between(5, 90), i = 0; i < count && !out.full(); ++i, begin += pause) {
    const std::string said = random.bytes(size);
    for (bool back : {false, true}) {
      if (random.chance(10)) continue;
      PacketBuilder builder;
      between(builder, back ? ends.server : ends.client, back ? ends.client : ends.server);
      const auto number = static_cast<uint16_t>(i);
      ends.client.six() ? builder.icmpv6(back ? 129 : 128, 0, 7, number) : builder.icmp(back ? 0 : 8, 0, 7, number);
      out.add(begin + back * kMillisecond, builder.payload(back && altered ? random.bytes(size) : said).build());
    }
  }
}

}  // namespace lapwing::hunt
