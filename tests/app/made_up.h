// Protocols that do not exist, to try recognition with more and other ones than a build has.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dissectors/registry.h"

namespace lapwing::test {

/// Rows of `Count` protocols "made-up-0" and so on. What their probes say is up to the test; each call is counted.
template <size_t Count>
class MadeUp {
 public:
  using Probe = Likelihood (*)(size_t number, const Chunk& first);

  explicit MadeUp(Probe probe) {
    probe_ = probe;
    asked_ = {};
    [this]<size_t... N>(std::index_sequence<N...>) {
      (add(&ask<N>), ...);
    }
    (std::make_index_sequence<Count>());
  }
  About& about(size_t number) { return made_[number].about; }
  std::vector<const DissectorRow*> rows() const {
    std::vector<const DissectorRow*> out;
    for (const Made& made : made_) out.push_back(&made.row);
    return out;
  }
  static size_t asked(size_t number) { return asked_[number]; }

 private:
  struct Made {
    std::string name;
    About about;
    Protocol protocol;
    DissectorRow row;
  };

  template <size_t N>
  static Likelihood ask(const Chunk& first) {
    ++asked_[N];
    return probe_(N, first);
  }
  void add(Likelihood (*probe)(const Chunk&)) {
    Made& made = made_.emplace_back();
    made.name = "made-up-" + std::to_string(made_.size() - 1);
    made.about = {.name = made.name, .transports = transport::tcp | transport::udp, .help = "nothing"};
    made.protocol.name = made.name;
    made.row = {.about = &made.about,
                .protocol = &made.protocol,
                .probe = probe,
                .configure = [](const OptionSource&) { return std::shared_ptr<const void>(); },
                .options = [] { return std::vector<OptionInfo>(); },
                .create = [](const Beginning&) -> void* { return nullptr; },
                .destroy = [](void*) {},
                .data = [](void*, const Chunk& chunk) { return Step::ok(chunk.data.size()); },
                .gap = [](void*, Direction, uint64_t) { return Step::ok(0); },
                .finish = [](void*) {}};
  }

  static inline Probe probe_ = nullptr;
  static inline std::array<size_t, Count> asked_{};
  std::deque<Made> made_;
};

}  // namespace lapwing::test
