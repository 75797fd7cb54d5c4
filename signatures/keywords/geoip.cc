// Country of the packet's addresses.
#include <algorithm>

#include "signatures/keywords/families.h"
#include "signatures/parse/countries.h"

namespace lapwing::rules {

namespace {

struct CountryTest {
  enum class Side : uint8_t { any, src, dst, both } side = Side::any;
  std::shared_ptr<const Countries> countries;
  std::vector<std::string> codes;
  bool negated = false;  // none of them

  /// An address without country passes neither way.
  bool passes(const IpAddress& address) const {
    std::string_view code = countries->of(address);
    return !code.empty() && (std::find(codes.begin(), codes.end(), code) != codes.end()) != negated;
  }
};

std::string words(const CountryTest& test) {
  static constexpr std::string_view kSides[] = {"any", "src", "dst", "both"};
  std::string out(kSides[static_cast<size_t>(test.side)]);
  for (const std::string& code : test.codes) out += (test.negated ? ", !" : ", ") + code;
  return out;
}

bool holds(const Scene& scene, const CountryTest& test) {
  if (scene.src.version != 4) return false;  // as rules are written for IPv4 alone
  switch (test.side) {
    case CountryTest::Side::any: return test.passes(scene.src) || test.passes(scene.dst);
    case CountryTest::Side::src: return test.passes(scene.src);
    case CountryTest::Side::dst: return test.passes(scene.dst);
    case CountryTest::Side::both: return test.passes(scene.src) && test.passes(scene.dst);
  }
  return false;
}

bool is_code(std::string_view text) {
  return text.size() == 2 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// "[any|src|dst|both,][!]CC[,CC...]"; one ! negates the whole list.
void geoip(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  CountryTest test;
  using Side = CountryTest::Side;
  constexpr std::pair<std::string_view, Side> kSides[] = {
      {"any", Side::any}, {"src", Side::src}, {"dst", Side::dst}, {"both", Side::both}};
  auto named = std::find_if(std::begin(kSides), std::end(kSides), [&](const auto& s) { return s.first == part[0]; });
  if (named != std::end(kSides)) {
    test.side = named->second;
    part.erase(part.begin());
  }
  if (part.empty())
    rule.fail(option, "names no country; write for example '" + std::string(rule.text(option)) + ",DE,FR'");
  for (std::string& code : part) {
    if (code.starts_with('!')) {
      test.negated = true;
      code.erase(0, 1);
    }
    if (!is_code(code)) rule.fail(option, "'" + code + "' is no country code of two capitals, such as DE");
  }
  test.codes = std::move(part);
  test.countries = rule.environment().countries;
  if (!test.countries) rule.fail(option, "there is no database of countries: set geoip-database");
  add_condition(rule, Needs::any_packet, std::move(test), &holds);
}

constexpr Keyword kGeoipKeywords[] = {
    {"geoip", "", &geoip, "country of the source or destination address"},
};

}  // namespace

const KeywordFamily kGeoipFamily{"geoip", kGeoipKeywords};

}  // namespace lapwing::rules
