// Sets of numbers as sorted, disjoint, inclusive ranges: what address and port lists are evaluated with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace lapwing {

/// T is an unsigned integer, or behaves as one.
template <class T>
class RangeSet {
 public:
  using Range = std::pair<T, T>;

  static RangeSet all() { return RangeSet{{{T{0}, static_cast<T>(~T{0})}}}; }
  RangeSet() = default;
  explicit RangeSet(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}

  const std::vector<Range>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  bool full() const { return ranges_ == all().ranges_; }
  /// Appends without order; normalize() must follow the last one.
  void add(T first, T last) { ranges_.push_back({first, last}); }
  void add(const RangeSet& other) { ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end()); }

  void normalize() {
    std::sort(ranges_.begin(), ranges_.end());
    size_t kept = 0;
    for (size_t i = 1; i < ranges_.size(); ++i) {
      // Adjacent ranges join too; "last + 1" must not wrap past the largest number.
      T last = ranges_[kept].second;
      if (ranges_[i].first <= last || ranges_[i].first - last == T{1}) {
        ranges_[kept].second = std::max(last, ranges_[i].second);
      } else {
        ranges_[++kept] = ranges_[i];
      }
    }
    if (!ranges_.empty()) ranges_.resize(kept + 1);
  }

  /// Both sets are normalized; so is the result.
  RangeSet minus(const RangeSet& other) const {
    RangeSet left;
    size_t next = 0;
    for (Range range : ranges_) {
      while (next < other.ranges_.size() && other.ranges_[next].second < range.first) ++next;
      bool consumed = false;
      for (size_t i = next; i < other.ranges_.size() && other.ranges_[i].first <= range.second; ++i) {
        auto [first, last] = other.ranges_[i];
        if (first > range.first) left.add(range.first, static_cast<T>(first - T{1}));
        consumed = last >= range.second;
        if (consumed) break;
        range.first = static_cast<T>(last + T{1});
      }
      if (!consumed) left.ranges_.push_back(range);
    }
    return left;
  }

 private:
  std::vector<Range> ranges_;
};

}  // namespace lapwing
