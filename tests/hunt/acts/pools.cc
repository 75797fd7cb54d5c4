// Pools: work that is asked for, taken and handed in, in the JSON-RPC of pools of miners.
#include "tests/hunt/campaign.h"

namespace lapwing::hunt {
namespace {

struct Method {
  std::string_view name;
  bool of_pool = false;
};
constexpr Method kMethods[] = {{"mining.subscribe"},    {"mining.authorize"}, {"mining.submit"},
                               {"mining.notify", true}, {"mining.configure"}, {"mining.set_difficulty", true},
                               {"eth_submitLogin"},     {"eth_getWork"},      {"login"},
                               {"job", true},           {"submit"},           {"keepalived"}};

std::string parameters(Random& random) {
  switch (random.below(4)) {
    case 0: return "[]";
    case 1: return "[\"" + random.letters(random.below(40)) + "\",\"x\"]";
    case 2: return "{\"login\":\"" + random.letters(95) + "\",\"agent\":\"XMRig/6.21.0\",\"pass\":\"x\"}";
    default: return "[\"" + random.bytes(random.length(500)) + "\"";
  }
}
std::string call(Random& random, const Method& method) {
  const std::string name = "\"method\":\"" + std::string(method.name) + "\"", with = "\"params\":" + parameters(random);
  std::string out = "{\"id\":" + random.number() + ",";
  out += random.chance(80) ? name + "," + with : with + "," + name;
  return out + "}" + std::string(random.pick({"\n", "\r\n", ""}));
}
std::string result(Random& random) {
  return "{\"id\":" + random.number() + ",\"result\":" + std::string(random.pick({"true", "null", "[[],\"08\",4]"})) +
         ",\"error\":null}\n";
}

}  // namespace

void play_pools(Random& random, const Network& network, int64_t begin, Timeline& out) {
  Ends ends = network.ends(random, static_cast<uint16_t>(random.pick({3333, 4444, 14444, 80, 443, 5555})));
  if (random.chance(80)) ends.client = network.client(random);
  const int64_t pause = beat(random);
  for (size_t count = random.between(1, 12); count > 0 && !out.full(); --count, begin += pause) {
    Dialogue said;
    for (size_t calls = random.between(1, 12); calls > 0; --calls) {
      const Method& method = random.pick(kMethods);
      said.push_back({static_cast<Direction>(method.of_pool), call(random, method)});
      if (!method.of_pool && random.chance(80)) said.push_back({Direction::to_client, result(random)});
    }
    ends.client_port = static_cast<uint16_t>(1024 + random.below(60'000));
    out.add(random, begin, beat(random) / 100, ends, std::move(said), false);
  }
}

}  // namespace lapwing::hunt
