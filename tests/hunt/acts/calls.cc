// Calls: the same hosts again and again in any protocol, by the clock or not; uploads; connections that last for hours.
#include <algorithm>

#include "tests/hunt/campaign.h"

namespace lapwing::hunt {

void play_calls(Random& random, const Network& network, int64_t begin, Timeline& out) {
  const Grammar& grammar = random.pick(grammars());
  Ends ends =
      network.ends(random, random.chance(80) ? random.pick(grammar.ports) : random.pick(random.pick(grammars()).ports));
  const int64_t pause = beat(random), step = beat(random) / 100;
  const bool steady = random.chance(60), same = random.chance(50), many = random.chance(20);
  const Dialogue usual = grammar.speak(random);
  for (size_t count = random.between(2, 60); count > 0 && !out.full(); --count) {
    if (many) ends.client = network.client(random);
    if (random.chance(97)) ends.client_port = static_cast<uint16_t>(40'000 + random.below(20'000));
    out.add(random, begin, step, ends, same ? usual : grammar.speak(random), grammar.datagrams);
    begin += steady ? pause + static_cast<int64_t>(random.below(static_cast<size_t>(pause / 50 + 1)))
                    : static_cast<int64_t>(random.below(static_cast<size_t>(2 * pause + 1)));
  }
}

void play_upload(Random& random, const Network& network, int64_t begin, Timeline& out) {
  Ends ends = network.ends(random, static_cast<uint16_t>(random.pick({443, 80, 22, 8443, 4444})));
  const int64_t pause = beat(random);
  const bool down = random.chance(20);
  const size_t size = random.between(1'000, 120'000);
  for (size_t count = random.between(1, 25); count > 0 && !out.full(); --count) {
    const std::string request =
        random.chance(50)
            ? "PUT /" + random.letters(4) + " HTTP/1.1\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n"
            : "";
    Dialogue said{{static_cast<Direction>(down), request + random.bytes(size)},
                  {static_cast<Direction>(!down), random.bytes(20)}};
    ends.client_port = static_cast<uint16_t>(40'000 + random.below(20'000));
    out.add(random, begin, kMillisecond, ends, std::move(said), false);
    begin += pause;
  }
}

void play_vigil(Random& random, const Network& network, int64_t begin, Timeline& out) {
  const Grammar& grammar = random.pick(grammars());
  const Ends ends =
      network.ends(random, random.chance(50) ? grammar.ports[0] : static_cast<uint16_t>(random.between(1, 65'535)));
  Dialogue said = random.chance(50) ? grammar.speak(random) : Dialogue();
  for (size_t count = random.between(1, 60); count > 0; --count) {
    // What a shell says, and what it is told.
    said.push_back({Direction::to_client, random.chance(30) ? "id; uname -a\n" : random.bytes(random.below(40))});
    said.push_back(
        {Direction::to_server, random.chance(30) ? "uid=0(root) gid=0(root)\n$ " : random.bytes(random.below(90))});
  }
  out.add(random, begin, beat(random), ends, std::move(said), false);
}

}  // namespace lapwing::hunt
