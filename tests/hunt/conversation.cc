#include "tests/hunt/conversation.h"

#include <algorithm>

#include "tests/hunt/campaign.h"
#include "tests/hunt/wrap.h"

namespace lapwing::hunt {
namespace {

using test::BuiltFrame;
using Frames = std::vector<BuiltFrame>;

constexpr int64_t kStart = 1'700'000'000 * kSecond;

const Grammar& choose(Random& random, std::string_view only) {
  const auto known = std::ranges::find(grammars(), only, &Grammar::name);
  return known != grammars().end() ? *known : random.pick(grammars());
}

/// A third of all conversations go a smooth way: what is found in them must not depend on how streams are cut.
Frames carry(Random& random, Dialogue dialogue, bool datagrams, const Wrap& wrap, bool smooth) {
  if (random.chance(30)) spoil(random, dialogue);
  auto segments = datagrams ? carry_datagrams(dialogue) : carry_stream(random, dialogue);
  if (!smooth && random.chance(70)) roughen(random, segments);
  Frames out;
  for (const Segment& segment : segments) wrap.add(random, segment, out);
  return out;
}

void add_flows(Random& random, const Grammar& grammar, bool smooth, std::vector<Frames>& out) {
  const Wrap wrap(random, grammar, smooth);
  out.push_back(carry(random, grammar.speak(random), grammar.datagrams, wrap, smooth));
  // Whether a flow is announced before it begins depends on when its announcement is acknowledged.
  if (smooth || !grammar.announce) return;
  for (Announced& flow : grammar.announce(random)) {
    out.push_back(carry(random, std::move(flow.dialogue), flow.datagrams, wrap.announced(random, flow), smooth));
  }
}

int64_t pause(Random& random, bool smooth) {
  if (smooth || !random.chance(1)) return static_cast<int64_t>(random.below(2'000'000));
  switch (random.below(4)) {
    case 0: return 40 * kSecond;
    case 1: return 700 * kSecond;
    case 2: return -3 * kSecond;
    default: return 100'000 * kSecond;
  }
}

}  // namespace

bool is_campaign(uint64_t number, std::string_view only) {
  constexpr uint64_t kEach = 12;
  if (only.empty()) return number % kEach == kEach - 1;
  return only == kAnyAct || std::ranges::find(acts(), only, &Act::name) != acts().end();
}

Frames conversation(uint64_t seed, uint64_t number, std::string_view only) {
  Random random(seed, number);
  if (is_campaign(number, only)) return campaign(random, kStart, only);
  const bool smooth = random.chance(33);
  std::vector<Frames> flows;
  for (size_t count = random.chance(60) ? 1 : random.between(2, 6); count > 0; --count)
    add_flows(random, choose(random, only), smooth, flows);
  Frames out;
  std::vector<size_t> next(flows.size());
  int64_t now = kStart;
  const bool in_turn = random.chance(30);  // one flow after the other, or all at once
  for (size_t i = 0;;) {
    std::vector<size_t> open;
    for (size_t f = 0; f < flows.size(); ++f) {
      if (next[f] < flows[f].size()) open.push_back(f);
    }
    if (open.empty()) break;
    i = in_turn ? open.front() : random.pick(open);
    for (size_t run = random.between(1, 4); run > 0 && next[i] < flows[i].size(); --run) {
      now += pause(random, smooth);
      out.push_back(std::move(flows[i][next[i]++]));
      out.back().time = {now};
      out.back().number = out.size();
    }
  }
  return out;
}

}  // namespace lapwing::hunt
