// Rules over raw bytes that ask for a protocol against the same rules of TCP, over conversations of every size that are
// acknowledged in every way: each must alert as often as the other, and never on another protocol.
// DIFFERENTIAL_TALKS says how many conversations are tried.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <span>

#include "sensor/config/config.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/pipeline/differential/talk.h"
#include "tests/pipeline/keeping.h"

namespace lapwing::test {

namespace {

constexpr uint64_t kSeed = 20260102;
constexpr uint64_t kTalks = 400;
constexpr uint16_t kTogether = 200, kFirstPort = 10'000;  // conversations of one run, and their ports
constexpr int kShown = 5;                                 // differences reported in full

constexpr std::string_view kProtocols[] = {"http", "tls", "dns"};
/// What rules look for, with {0} for their direction.
constexpr std::string_view kBodies[] = {
    "flow:{0}; content:\"marker-of-one\";",
    "flow:{0}; content:\"marker-of-one\"; content:\"marker-of-two\"; distance:0; within:3000;",
    "flow:{0}; content:\"MARKER-of-one\"; nocase; content:!\"marker-of-two\";",
    "flow:{0}; pcre:\"/marker-of-(one|two)aa/\";",
    "flow:{0},only_stream; content:\"marker-of-two\"; depth:4000;",
    "flow:{0}; content:\"marker-of-two\"; isdataat:!200,relative;",
};
constexpr std::string_view kDirections[] = {"to_server", "to_client"};

/// A rule in all its forms; the first is that of TCP.
struct Form {
  std::string head, option;
  std::string_view protocol;  // it asks for, or
  std::string_view other;     // it wants none of
};

std::vector<Form> forms() {
  std::vector<Form> out = {{"alert tcp", "", "", ""}};
  for (std::string_view protocol : kProtocols) {
    out.push_back({fmt::format("alert {}", protocol), "", protocol, ""});
    out.push_back({"alert tcp", fmt::format("app-layer-protocol:{},final; ", protocol), protocol, ""});
    out.push_back({"alert tcp", fmt::format("app-layer-protocol:!{},final; ", protocol), "", protocol});
  }
  return out;
}

/// Alerts by number of conversation and sid.
using Alerts = std::map<std::pair<size_t, uint32_t>, int>;

class Sensor {
 public:
  Sensor() {
    root_.kind = Setting::Kind::map;
    // No alert may be crowded out.
    for (const char* option : {"packet-alert-max=1000", "flow.budget.record-base=1gb", "flow.budget.work-base=1gb"}) {
      set_value(root_, option);
    }
    config_ = SensorConfig::read(root_, {"alert"});
    std::string text;
    for (std::string_view body : kBodies) {
      for (std::string_view direction : kDirections) {
        for (const Form& form : forms_) {
          rules_.push_back(fmt::format("{} any any -> any any ({}{} sid:{};)", form.head, form.option,
                                       fmt::format(fmt::runtime(body), direction), rules_.size() + 1));
          text += rules_.back() + '\n';
        }
      }
    }
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config_->rules, config_->detect, messages);
    parse_rules(text, "differential.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
    compiled_ = compiler.finish();
    EXPECT_EQ(compiled_->counts().loaded, rules_.size());
  }

  const std::vector<Form>& forms() const { return forms_; }
  const std::vector<std::string>& rules() const { return rules_; }

  Alerts run(std::span<const Talk> talks) const {
    auto frames = std::make_unique<Frames>();
    for (size_t i = 0; i < talks.size(); i++) converse(talks[i], static_cast<uint16_t>(kFirstPort + i), *frames);
    std::vector<nlohmann::json> records;
    Pipeline::Plan plan{.config = config_.get(), .rules = compiled_};
    plan.sources.push_back(std::move(frames));
    plan.exporters.push_back(std::make_unique<Keeping>(records));
    Pipeline(std::move(plan)).run(nullptr);
    Alerts out;
    for (const auto& record : records) {
      if (record["event_type"] != "alert") continue;
      const bool up = record["src_ip"] == "10.0.0.1";
      const auto port = record[up ? "src_port" : "dest_port"].get<size_t>();
      ++out[{port - kFirstPort, record["alert"]["signature_id"].get<uint32_t>()}];
    }
    return out;
  }

 private:
  Setting root_;
  std::unique_ptr<const SensorConfig> config_;
  const std::vector<Form> forms_ = test::forms();
  std::vector<std::string> rules_;
  std::shared_ptr<const RuleSet> compiled_;
};

struct Difference {
  uint32_t sid = 0;
  int alerts = 0, expected = 0;
};

struct Totals {
  uint64_t talks = 0, pairs = 0, matches = 0, differences = 0;
  std::map<Subject, uint64_t> by_subject;  // matches of rules that ask for the protocol
};

class ProtocolDifferential : public testing::Test {
 protected:
  /// How often a form must alert where that of TCP alerts so often.
  static int expected(const Form& form, const Talk& talk, int of_tcp) {
    const std::string_view spoken = protocol_of(talk.subject);
    return form.protocol.empty() ? of_tcp * (form.other != spoken) : of_tcp * (form.protocol == spoken);
  }

  std::vector<Difference> compare(const Talk& talk, size_t number, const Alerts& alerts) {
    std::vector<Difference> out;
    auto of = [&](uint32_t sid) {
      const auto found = alerts.find({number, sid});
      return found == alerts.end() ? 0 : found->second;
    };
    const auto& forms = sensor_.forms();
    for (size_t first = 0; first < sensor_.rules().size(); first += forms.size()) {
      const int of_tcp = of(static_cast<uint32_t>(first + 1));
      for (size_t i = 1; i < forms.size(); i++) {
        // Whether a side that says nothing of any protocol is judged depends on how much it says.
        if (talk.subject == Subject::nothing && forms[i].protocol.empty()) continue;
        const auto sid = static_cast<uint32_t>(first + i + 1);
        const int wanted = expected(forms[i], talk, of_tcp);
        totals_.pairs++;
        totals_.matches += wanted > 0 && of(sid) == wanted;
        if (wanted > 0 && !forms[i].protocol.empty()) ++totals_.by_subject[talk.subject];
        if (of(sid) != wanted) out.push_back({sid, of(sid), wanted});
      }
    }
    return out;
  }

  bool differs(const Talk& talk, uint32_t sid) {
    const auto all = compare(talk, 0, sensor_.run({&talk, 1}));
    return std::ranges::find(all, sid, &Difference::sid) != all.end();
  }

  void report(Talk talk, const Difference& difference) {
    const Totals kept = totals_;
    const std::string& rule = sensor_.rules()[difference.sid - 1];
    const bool alone = differs(talk, difference.sid);
    constexpr int kSteps = 200;
    bool again = alone;
    for (int step = 0; again && step < kSteps; step++) {
      again = false;
      for (const Talk& less : smaller(talk)) {
        if (!differs(less, difference.sid)) continue;
        talk = less;
        again = true;
        break;
      }
    }
    ADD_FAILURE() << (alone ? "" : "only together with other conversations: ") << rule << "\n  " << difference.alerts
                  << " alerts, " << difference.expected << " expected\n"
                  << describe(talk);
    totals_ = kept;
  }

  Sensor sensor_;
  Totals totals_;
};

TEST_F(ProtocolDifferential, RulesOfAProtocolSeeWhatRulesOfTcpSee) {
  const char* text = std::getenv("DIFFERENTIAL_TALKS");
  const uint64_t wanted = text ? std::strtoull(text, nullptr, 10) : kTalks;
  while (totals_.talks < wanted) {
    Dice dice(kSeed + totals_.talks);
    std::vector<Talk> talks;
    while (talks.size() < kTogether && totals_.talks + talks.size() < wanted) talks.push_back(draw_talk(dice));
    totals_.talks += talks.size();
    const Alerts alerts = sensor_.run(talks);
    for (size_t i = 0; i < talks.size(); i++) {
      for (const Difference& difference : compare(talks[i], i, alerts)) {
        if (totals_.differences++ < kShown) report(talks[i], difference);
      }
    }
  }
  fmt::print("{} conversations, {} pairs of rules, {} alert in both, {} differences\n", totals_.talks, totals_.pairs,
             totals_.matches, totals_.differences);
  EXPECT_EQ(totals_.differences, 0u);
  // Conversations without alerts would test nothing.
  for (size_t subject = 0; subject < kSubjects; subject++) {
    if (static_cast<Subject>(subject) == Subject::nothing || totals_.talks < kTalks) continue;
    EXPECT_GT(totals_.by_subject[static_cast<Subject>(subject)], 0u) << name(static_cast<Subject>(subject));
  }
}

}  // namespace

}  // namespace lapwing::test
