#include "tests/hunt/campaign.h"

#include <algorithm>

#include "tests/hunt/carry.h"
#include "tests/hunt/wrap.h"

namespace lapwing::hunt {

using test::BuiltFrame;

void play_calls(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_upload(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_vigil(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_probes(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_crowd(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_echoes(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_lookups(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_local_names(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_arp(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_leases(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_neighbours(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_logins(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_tickets(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_administration(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_machines(Random& random, const Network& network, int64_t begin, Timeline& out);
void play_pools(Random& random, const Network& network, int64_t begin, Timeline& out);

namespace {
constexpr Act kActs[] = {
    {"calls", play_calls},
    {"upload", play_upload},
    {"vigil", play_vigil},
    {"probes", play_probes},
    {"crowd", play_crowd},
    {"echoes", play_echoes},
    {"lookups", play_lookups},
    {"local-names", play_local_names},
    {"arp", play_arp},
    {"leases", play_leases},
    {"neighbours", play_neighbours},
    {"logins", play_logins},
    {"tickets", play_tickets},
    {"administration", play_administration},
    {"machines", play_machines},
    {"pools", play_pools},
};
}  // namespace

std::span<const Act> acts() {
  return kActs;
}

int64_t beat(Random& random) {
  constexpr int64_t kBeats[] = {0,           kMillisecond, 50 * kMillisecond, kSecond,       2 * kSecond,
                                5 * kSecond, 30 * kSecond, 60 * kSecond,      300 * kSecond, 3600 * kSecond};
  return random.pick(kBeats);
}

void Timeline::add(int64_t time, BuiltFrame frame) {
  if (full()) return;
  frame.time = {time};
  frames_.push_back(std::move(frame));
}

void Timeline::add(Random& random, int64_t begin, int64_t step, const Ends& ends, Dialogue dialogue, bool datagrams) {
  if (random.chance(10)) spoil(random, dialogue);
  auto segments = datagrams ? carry_datagrams(dialogue) : carry_stream(random, dialogue);
  if (random.chance(10)) roughen(random, segments);
  if (random.chance(8)) {
    const auto side = static_cast<Direction>(random.below(2));
    std::erase_if(segments, [&](const Segment& segment) { return segment.direction == side; });
  }
  if (random.chance(8))
    segments.erase(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(segments.size() / 3));
  const Wrap wrap(ends, datagrams);
  std::vector<BuiltFrame> made;
  for (const Segment& segment : segments) wrap.add(random, segment, made);
  for (BuiltFrame& frame : made) {
    add(begin, std::move(frame));
    begin += step;
  }
}

std::vector<BuiltFrame> Timeline::finish(Random& random, int64_t start) {
  std::ranges::stable_sort(frames_, {}, [](const BuiltFrame& frame) { return frame.time.ns; });
  const bool rough = random.chance(25);
  constexpr int64_t kErrors[] = {-kSecond,          -3 * kSecond, -700 * kSecond,
                                 -90'000 * kSecond, 2 * kSecond,  5000 * kSecond};
  int64_t off = 0;  // the clock of the capture was set
  for (size_t i = 0; i < frames_.size(); ++i) {
    BuiltFrame& frame = frames_[i];
    if (rough && random.below(400) == 0) off += random.pick(kErrors);
    frame.time = {start + frame.time.ns + off + (rough && random.chance(1) ? random.pick(kErrors) : 0)};
    frame.number = i + 1;
  }
  return std::move(frames_);
}

std::vector<BuiltFrame> campaign(Random& random, int64_t start, std::string_view only) {
  const Network network(random);
  const auto known = std::ranges::find(acts(), only, &Act::name);
  Timeline out;
  int64_t begin = 0;
  for (size_t count = random.between(1, 8); count > 0 && !out.full(); --count) {
    const Act& act = known != acts().end() ? *known : random.pick(acts());
    act.play(random, network, begin, out);
    begin += static_cast<int64_t>(random.below(5)) * beat(random);
  }
  return out.finish(random, start);
}

}  // namespace lapwing::hunt
