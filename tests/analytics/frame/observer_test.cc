#include "analytics/frame/observer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace lapwing::analytics {
namespace {

/// What a detector was shown, as it is seen when the second is sealed.
struct Diary {
  static constexpr About about{
      .name = "diary", .operations = true, .moments = bit(FlowMoment::burst) | bit(FlowMoment::spoke)};
  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }
  struct Delta {
    void operator+=(Delta&& other) { lines.insert(lines.end(), other.lines.begin(), other.lines.end()); }
    bool empty() const { return lines.empty(); }
    std::vector<std::string> lines;
  };
  struct Local {
    Local(const Config&, const Surroundings&) {}
    void flow(const FlowUpdate& update, Delta& delta) const {
      delta.lines.push_back(std::to_string(update.flow->id) + " " + std::string(update.flow->application) + " " +
                            std::string(update.flow->host) + " " + std::to_string(update.said[0].size()));
    }
    void operation(const OperationOf& of, Delta& delta) const {
      delta.lines.push_back(std::to_string(of.flow.id) + " " + std::string(of.operation.interface) + " " +
                            std::string(of.operation.operation) + " " + std::string(of.operation.object));
    }
  };
  struct Global {
    Global(const Config&, const Surroundings&) {}
    void take(Second, Delta&, Findings&) {}
    void expire(Second, Findings&) {}
    StateUse use() const { return {}; }
  };
};

constexpr std::string_view kHeard[] = {"stream", "message"};

/// One that reads what is final.
struct Reader : Diary {
  static constexpr About about{.name = "reader", .protocols = kHeard, .only_due = true};
  struct Local {
    Local(const Config&, const Surroundings&) {}
    void event(const Observed& observed, Delta& delta) const {
      delta.lines.push_back(std::string(observed.event.protocol->name) + (observed.event.record ? " due" : ""));
    }
  };
};

class OfObserver : public testing::Test {
 protected:
  /// Names are gone when the call is over.
  void show(uint64_t id, FlowMoment moment) {
    const std::string application = "TLS.N" + std::to_string(id), host = "h" + std::to_string(id) + ".example";
    const std::vector<uint8_t> said(7);
    FlowRef flow{.id = id};
    flow.application = application;
    flow.host = host;
    FlowUpdate update{.moment = moment, .flow = &flow};
    if (moment == FlowMoment::spoke) update.said[0] = said;
    observer_.flow(update);
  }
  std::vector<std::string> sealed() {
    Epoch* epoch = epochs_.front();
    if (!epoch) return {};
    const auto& lines = static_cast<made::DeltaOf<Diary>&>(*epoch->said[0].delta).sum.lines;
    std::vector<std::string> out(lines.begin(), lines.end());
    epoch->said[0].delta->clear();
    epochs_.pop();
    return out;
  }

  const Surroundings surroundings_;
  const std::shared_ptr<const AnyDetector> detector_ = std::make_shared<made::DetectorOf<Diary>>(OptionSource());
  Epochs epochs_;
  Bell bell_;
  Observer observer_{std::span(&detector_, 1), surroundings_, epochs_, bell_};
};

TEST_F(OfObserver, ADetectorIsShownTheMomentsThatItAskedForWithTheirNames) {
  observer_.advance(1);
  std::vector<std::string> expected;
  for (uint64_t id = 0; id < 100; ++id) {
    show(id, FlowMoment::burst);
    show(id, FlowMoment::closed);
    expected.push_back(std::to_string(id) + " TLS.N" + std::to_string(id) + " h" + std::to_string(id) + ".example 0");
  }
  observer_.advance(2);
  EXPECT_EQ(sealed(), expected);
  EXPECT_EQ(sealed(), std::vector<std::string>());
}

TEST_F(OfObserver, WhatWasSaidIsShownWhileItLives) {
  observer_.advance(1);
  show(1, FlowMoment::spoke);
  observer_.advance(2);
  EXPECT_EQ(sealed(), std::vector<std::string>({"1 TLS.N1 h1.example 7"}));
}

TEST_F(OfObserver, OperationsAreSightingsThatOneDetectorIsEnoughToAskFor) {
  EXPECT_TRUE(observer_.wants_sightings());
  observer_.advance(1);
  const FlowRef flow{.id = 1};
  const OperationSeen seen{.interface = "smb", .operation = "create", .object = "ADMIN$\\x.exe"};
  observer_.operation({seen, flow, {}});
  observer_.advance(2);
  EXPECT_EQ(sealed(), std::vector<std::string>({"1 smb create ADMIN$\\x.exe"}));
}

/// One that lives of alerts.
struct Avenger : Diary {
  static constexpr About about{
      .name = "avenger", .alerts = true, .moments = bit(FlowMoment::burst), .protocols = kHeard};
  struct Local {
    Local(const Config&, const Surroundings&) {}
    void flow(const FlowUpdate&, Delta&) const {}
    void event(const Observed&, Delta&) const {}
    void alert(const AlertSeen&, Delta&) const {}
  };
};

TEST(AnAvenger, IsShownNothingWhereNoRuleCanAlert) {
  const std::shared_ptr<const AnyDetector> detector = std::make_shared<made::DetectorOf<Avenger>>(OptionSource());
  const Protocol stream{.name = "stream"};
  for (const bool alerts : {true, false}) {
    Epochs epochs;
    Bell bell;
    const Observer observer(std::span(&detector, 1), {.alerts = alerts}, epochs, bell);
    EXPECT_EQ(observer.wants(FlowMoment::burst), alerts);
    EXPECT_EQ(observer.wants(stream), alerts);
  }
}

TEST(AReader, IsShownWhatIsDueAndMessages) {
  const Surroundings surroundings;
  const std::shared_ptr<const AnyDetector> detector = std::make_shared<made::DetectorOf<Reader>>(OptionSource());
  Epochs epochs;
  Bell bell;
  Observer observer(std::span(&detector, 1), surroundings, epochs, bell);
  const Protocol stream{.name = "stream"}, message{.name = "message", .one_message = true}, other{.name = "other"};
  EXPECT_TRUE(observer.wants(stream));
  EXPECT_FALSE(observer.wants(other));
  const RecordRow row{};
  observer.advance(1);
  for (const Protocol* protocol : {&stream, &message, &other}) {
    for (const RecordRow* record : {static_cast<const RecordRow*>(nullptr), &row}) {
      const Event event{.protocol = protocol, .record = record};
      EXPECT_EQ(observer.wants(event), protocol == &message || (protocol == &stream && record));
      observer.event({.event = event, .flow = nullptr, .time = {}, .src = {}, .dest = {}});
    }
  }
  observer.advance(2);
  Epoch* epoch = epochs.front();
  ASSERT_NE(epoch, nullptr);
  EXPECT_EQ(static_cast<made::DeltaOf<Reader>&>(*epoch->said[0].delta).sum.lines,
            std::vector<std::string>({"stream due", "message", "message due"}));
}

TEST_F(OfObserver, WhatWasKeptIsOfTheLastSecondAtTheEnd) {
  observer_.advance(1);
  show(1, FlowMoment::burst);
  observer_.finish();
  EXPECT_EQ(sealed(), std::vector<std::string>({"1 TLS.N1 h1.example 0"}));
  EXPECT_EQ(epochs_.sealed_to(), Epochs::kEnd);
}

}  // namespace
}  // namespace lapwing::analytics
