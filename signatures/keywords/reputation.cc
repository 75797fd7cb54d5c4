// Reputation of the packet's addresses.
#include "signatures/parse/reputation.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

struct ReputationTest {
  enum class Side : uint8_t { any, src, dst, both } side = Side::any;
  std::shared_ptr<const Reputation> reputation;
  uint8_t category = 0;
  std::optional<IntegerTest> score;  // nothing: only whether there is one
  bool absent = false;               // isnotset

  bool passes(const IpAddress& address) const {
    auto found = reputation->score(address, category);
    if (!score) return found.has_value() != absent;
    return found && score->matches(*found);
  }
};

std::string words(const ReputationTest& test) {
  static constexpr std::string_view kSides[] = {"any", "src", "dst", "both"};
  std::string wanted = test.score ? describe(*test.score) : test.absent ? "isnotset" : "isset";
  return std::string(kSides[static_cast<size_t>(test.side)]) + ", category " + std::to_string(test.category) + ", " +
         wanted;
}

bool holds(const Scene& scene, const ReputationTest& test) {
  if (scene.src.version == 0) return false;
  switch (test.side) {
    case ReputationTest::Side::any: return test.passes(scene.src) || test.passes(scene.dst);
    case ReputationTest::Side::src: return test.passes(scene.src);
    case ReputationTest::Side::dst: return test.passes(scene.dst);
    case ReputationTest::Side::both: return test.passes(scene.src) && test.passes(scene.dst);
  }
  return false;
}

void iprep(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  constexpr std::string_view kForm = "is written '<any|src|dst|both>,<category>,<operator>,<0-127>' or '...,isset'";
  if (part.size() < 3) rule.fail(option, std::string(kForm));
  ReputationTest test;
  using Side = ReputationTest::Side;
  if (part[0] == "any")
    test.side = Side::any;
  else if (part[0] == "src")
    test.side = Side::src;
  else if (part[0] == "dst")
    test.side = Side::dst;
  else if (part[0] == "both")
    test.side = Side::both;
  else
    rule.fail(option, "'" + part[0] + "' is none of any, src, dst, both");
  test.reputation = rule.environment().reputation;
  if (!test.reputation) rule.fail(option, "there are no categories: set reputation-categories-file");
  auto category = test.reputation->category(part[1]);
  if (!category) rule.fail(option, "'" + part[1] + "' is no category of reputation-categories-file");
  test.category = *category;
  if (part[2] == "isset" || part[2] == "isnotset") {
    if (part.size() != 3) rule.fail(option, part[2] + " takes no number");
    test.absent = part[2] == "isnotset";
  } else {
    if (part.size() != 4) rule.fail(option, std::string(kForm));
    static constexpr std::string_view kOperators[] = {"<", ">", "=", "<=", ">="};
    if (std::find(std::begin(kOperators), std::end(kOperators), part[2]) == std::end(kOperators)) {
      rule.fail(option, "'" + part[2] + "' is none of < > = <= >= isset isnotset");
    }
    test.score =
        parse_integer_test((part[2] == "=" ? "" : part[2]) + part[3], option.value_mark, Reputation::kMaxScore);
  }
  add_condition(rule, Needs::nothing, std::move(test), &holds);
}

constexpr Keyword kReputationKeywords[] = {
    {"iprep", "", &iprep, "reputation of the source or destination address"},
};

}  // namespace

const KeywordFamily kReputationFamily{"reputation", kReputationKeywords};

}  // namespace lapwing::rules
