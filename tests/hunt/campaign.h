// Campaign: what the hosts of a network do over minutes to days, which is what behaviour is made of.
#pragma once

#include <string_view>
#include <vector>

#include "tests/hunt/dialogue.h"
#include "tests/hunt/network.h"
#include "tests/support/packet_builder.h"

namespace lapwing::hunt {

/// Times count from the beginning of the campaign, in ns.
inline constexpr int64_t kMillisecond = 1'000'000, kSecond = 1000 * kMillisecond;

/// Frames by time, whoever sent them.
class Timeline {
 public:
  static constexpr size_t kMost = 1500;  // frames: what a conversation may cost

  bool full() const { return frames_.size() >= kMost; }
  void add(int64_t time, test::BuiltFrame frame);
  /// One flow; its frames come `step` apart. Now and then one side of it is not seen, or not its beginning.
  void add(Random& random, int64_t begin, int64_t step, const Ends& ends, Dialogue dialogue, bool datagrams);
  /// In their order; now and then one claims a time before or far behind.
  std::vector<test::BuiltFrame> finish(Random& random, int64_t start);

 private:
  std::vector<test::BuiltFrame> frames_;
};

/// What is done: a file of acts/ and a row of the table.
struct Act {
  std::string_view name;
  void (*play)(Random& random, const Network& network, int64_t begin, Timeline& out) = nullptr;
};
std::span<const Act> acts();

/// A pause between steps of an act: none to an hour.
int64_t beat(Random& random);

/// Frames in the order of the capture; `start`: its first time.
std::vector<test::BuiltFrame> campaign(Random& random, int64_t start, std::string_view only);

}  // namespace lapwing::hunt
