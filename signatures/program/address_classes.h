// AddressClasses: which rules can match at all between two addresses.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "signatures/program/rule.h"

namespace lapwing::rules {

/// Most rules are about traffic between the network's own addresses and others, and name one set for that or what is
/// outside of it: HOME_NET and EXTERNAL_NET. A pair of addresses is of one of four classes by which of both lie in that
/// set; each class has groups of its own, with the rules that can match there. [S] once the rules are known.
class AddressClasses {
 public:
  static constexpr size_t kCount = 4;

  /// Takes the set that most of the rules name.
  void choose(std::span<const std::unique_ptr<Rule>> rules);
  size_t of(const IpAddress& src, const IpAddress& dst) const { return index(inside(src), inside(dst)); }
  /// Bits of the classes in which a rule can match.
  uint8_t of(const Rule& rule) const;
  /// ", from inside to outside"; empty where there is but one class.
  std::string name(size_t index) const;

 private:
  enum class Inside : uint8_t { no, yes, some };
  static size_t index(bool src, bool dst) { return size_t{src} * 2 + size_t{dst}; }
  bool inside(const IpAddress& address) const;

  const AddressSet* set_ = nullptr;        // null: every address is outside
  std::array<Inside, 256> first_bytes_{};  // of the IPv4 addresses that begin with the byte
};

}  // namespace lapwing::rules
