// Random: what a seed draws. The same on every machine, unlike the distributions of the standard library.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace lapwing::hunt {

class Random {
 public:
  /// The stream of one number under a seed: neighbours share nothing.
  explicit Random(uint64_t seed, uint64_t number = 0) : state_(seed) {
    state_ = next() ^ (number * 0x9e3779b97f4a7c15);
    next();
  }

  uint64_t next() {  // splitmix64
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// 0 <= x < n; 0 when n is 0.
  size_t below(size_t n) { return n ? static_cast<size_t>(next() % n) : 0; }
  size_t between(size_t least, size_t most) { return least + below(most - least + 1); }
  bool chance(unsigned percent) { return below(100) < percent; }
  /// Mostly small, now and then up to `most`.
  size_t length(size_t most) { return below(below(below(most + 1) + 1) + 1); }

  template <class List>
  const auto& pick(const List& list) {
    return *std::next(std::begin(list), static_cast<std::ptrdiff_t>(below(std::size(list))));
  }
  std::string_view pick(std::initializer_list<std::string_view> list) { return *(list.begin() + below(list.size())); }
  int pick(std::initializer_list<int> list) { return *(list.begin() + below(list.size())); }

  std::string bytes(size_t count) {
    std::string out(count, '\0');
    for (char& c : out) c = static_cast<char>(next());
    return out;
  }
  std::string letters(size_t count) {
    std::string out(count, '\0');
    for (char& c : out) c = static_cast<char>('a' + below(26));
    return out;
  }
  /// A number that parsers stumble over, as text.
  std::string number() {
    return std::string(pick({"0",
                             "1",
                             "5",
                             "255",
                             "256",
                             "65535",
                             "65536",
                             "2147483647",
                             "2147483648",
                             "4294967295",
                             "4294967296",
                             "9223372036854775807",
                             "9223372036854775808",
                             "18446744073709551616",
                             "-1",
                             "+5",
                             "0x10",
                             "007",
                             "5 ",
                             " 5",
                             "5,5",
                             "5;",
                             "",
                             "a",
                             "1e3"}));
  }

 private:
  uint64_t state_;
};

}  // namespace lapwing::hunt
