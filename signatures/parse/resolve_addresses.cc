#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/parse/list_evaluator.h"
#include "signatures/parse/parse.h"
#include "signatures/parse/range_set.h"

namespace lapwing {
namespace {

__extension__ using Number = unsigned __int128;  // of an IPv6 address

constexpr const char* kForms = "is not an address; write 10.0.0.1, 10.0.0.0/8, 10.0.0.1-10.0.0.9 or the same in IPv6";

Number number(const IpAddress& address) {
  if (address.version == 4) return load_be32(address.bytes.data());
  return Number{load_be64(address.bytes.data())} << 64 | load_be64(address.bytes.data() + 8);
}

IpAddress address(Number number, uint8_t version) {
  IpAddress out{.version = version};
  for (size_t i = version == 4 ? 4 : 16; i-- > 0; number >>= 8) out.bytes[i] = static_cast<uint8_t>(number);
  return out;
}

/// Addresses of both families; a list without names of one family has nothing of it.
struct Addresses {
  RangeSet<uint32_t> v4;
  RangeSet<Number> v6;

  static Addresses all() { return {RangeSet<uint32_t>::all(), RangeSet<Number>::all()}; }
  bool empty() const { return v4.empty() && v6.empty(); }
  bool full() const { return v4.full() && v6.full(); }
  void add(const Addresses& other) {
    v4.add(other.v4);
    v6.add(other.v6);
  }
  void normalize() {
    v4.normalize();
    v6.normalize();
  }
  Addresses minus(const Addresses& other) const { return {v4.minus(other.v4), v6.minus(other.v6)}; }
};

Addresses range(const IpAddress& first, const IpAddress& last) {
  Number low = number(first), high = number(last);
  if (low > high) throw std::string("begins after its end; write the smaller address first");
  Addresses out;
  if (first.version == 4) {
    out.v4.add(static_cast<uint32_t>(low), static_cast<uint32_t>(high));
  } else {
    out.v6.add(low, high);
  }
  return out;
}

IpAddress one_address(std::string_view text) {
  auto found = IpAddress::parse(text);
  if (!found) throw std::string(kForms);
  return *found;
}

/// `mask` is a prefix length or, for IPv4, a netmask written as an address.
Addresses network(const IpAddress& base, std::string_view mask) {
  auto bits = static_cast<unsigned>(base.size() * 8);
  auto prefix = parse_unsigned(mask);
  if (!prefix && base.version == 4) {
    auto netmask = IpAddress::parse(mask);
    if (netmask && netmask->version == 4) {
      auto ones = static_cast<uint32_t>(number(*netmask));
      auto length = static_cast<unsigned>(__builtin_popcount(ones));
      if (ones != (length ? ~uint32_t{0} << (32 - length) : 0)) throw std::string("has a netmask with holes");
      prefix = length;
    }
  }
  if (!prefix || *prefix > bits) {
    throw std::string(base.version == 4 ? "has no valid prefix length; write /0 to /32"
                                        : "has no valid prefix length; write /0 to /128");
  }
  auto host_bits = bits - static_cast<unsigned>(*prefix);
  Number host = host_bits == 128 ? ~Number{0} : (Number{1} << host_bits) - 1;
  Number low = number(base) & ~host;
  return range(address(low, base.version), address(low | host, base.version));
}

Addresses read_addresses(std::string_view text) {
  if (size_t slash = text.find('/'); slash != std::string_view::npos) {
    return network(one_address(text.substr(0, slash)), text.substr(slash + 1));
  }
  if (size_t dash = text.find('-'); dash != std::string_view::npos) {
    IpAddress first = one_address(text.substr(0, dash)), last = one_address(text.substr(dash + 1));
    if (first.version != last.version) throw std::string("mixes IPv4 and IPv6");
    return range(first, last);
  }
  IpAddress single = one_address(text);
  return range(single, single);
}

bool before(const IpAddress& a, const IpAddress& b) {
  if (a.version == 4) return load_be32(a.bytes.data()) < load_be32(b.bytes.data());
  uint64_t high_a = load_be64(a.bytes.data()), high_b = load_be64(b.bytes.data());
  if (high_a != high_b) return high_a < high_b;
  return load_be64(a.bytes.data() + 8) < load_be64(b.bytes.data() + 8);
}

}  // namespace

AddressSet resolve_addresses(const ListNode& node, const RuleVariables& variables) {
  ListEvaluator<Addresses, decltype(&read_addresses)> evaluator(variables.address_groups, "vars.address-groups",
                                                                &read_addresses);
  Addresses found = evaluator.evaluate(node);
  AddressSet set{.any = found.full(), .has_negation = evaluator.has_negation(), .v4 = {}, .v6 = {}};
  if (set.any) return set;
  for (auto [first, last] : found.v4.ranges()) set.v4.push_back({address(first, 4), address(last, 4)});
  for (auto [first, last] : found.v6.ranges()) set.v6.push_back({address(first, 6), address(last, 6)});
  return set;
}

bool AddressSet::contains(const IpAddress& address) const {
  if (any) return true;
  const std::vector<Range>& ranges = address.version == 4 ? v4 : v6;
  auto next = std::upper_bound(ranges.begin(), ranges.end(), address,
                               [](const IpAddress& value, const Range& range) { return before(value, range.first); });
  return next != ranges.begin() && !before(std::prev(next)->last, address);
}

}  // namespace lapwing
