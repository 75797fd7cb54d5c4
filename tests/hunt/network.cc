#include "tests/hunt/network.h"

#include <array>

namespace lapwing::hunt {
namespace {

constexpr size_t kFirstClient = 10, kFirstServer = 200, kFirstOutside = 20, kRouter = 1;

std::string inner(bool six, size_t number) {
  return (six ? "2001:db8::1:" : "10.9.1.") + std::to_string(number);
}
std::string outer(bool six, size_t number) {
  return (six ? "2001:db8:ffff::" : "198.51.100.") + std::to_string(number);
}

}  // namespace

std::string station(size_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return std::string("02:00:00:00:00:") + kDigits[number >> 4 & 15] + kDigits[number & 15];
}

Network::Network(Random& random) : six(random.chance(25)), router{inner(six, kRouter), station(kRouter)} {
  for (size_t i = 0, count = random.between(2, 30); i < count; ++i)
    clients.push_back({inner(six, kFirstClient + i), station(kFirstClient + i)});
  for (size_t i = 0, count = random.between(1, 12); i < count; ++i)
    servers.push_back({inner(six, kFirstServer + i), station(kFirstServer + i)});
  for (size_t i = 0, count = random.between(1, 12); i < count; ++i)
    outside.push_back({outer(six, kFirstOutside + i), router.station});
}

Host Network::client(Random& random) const {
  Host out = random.pick(clients);
  if (random.chance(4)) out.station = station(random.below(256));
  return out;
}

Host Network::server(Random& random) const {
  Host out = random.pick(servers);
  if (random.chance(2)) out.station = station(random.below(256));
  return out;
}

Host Network::anyone(Random& random) const {
  return random.chance(60) ? client(random) : random.chance(60) ? server(random) : stranger(random);
}

Ends Network::ends(Random& random, uint16_t server_port) const {
  const bool inward = random.chance(10);
  return {.client = inward ? stranger(random) : client(random),
          .server = !inward && random.chance(50) ? stranger(random) : server(random),
          .client_port = static_cast<uint16_t>(40'000 + random.below(20'000)),
          .server_port = server_port};
}

}  // namespace lapwing::hunt
