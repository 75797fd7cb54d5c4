// Candidates: the rules that a look must evaluate.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lapwing::rules {

/// Takes candidate rules, each once [W].
class Candidates {
 public:
  void resize(size_t rules) {
    seen_.assign(rules, 0);
    list_.reserve(rules);
    list_.clear();
    round_ = 1;
  }
  void clear() {
    list_.clear();
    if (++round_ == 0) {
      std::fill(seen_.begin(), seen_.end(), 0);
      round_ = 1;
    }
  }
  void add(uint32_t rule) {
    if (seen_[rule] == round_) return;
    seen_[rule] = round_;
    list_.push_back(rule);
  }
  std::span<const uint32_t> sorted() {
    if (list_.size() > 1) std::sort(list_.begin(), list_.end());
    return list_;
  }

 private:
  std::vector<uint32_t> seen_, list_;
  uint32_t round_ = 1;
};

}  // namespace lapwing::rules
