// Which incidents and assets lists keep, and that what they leave out is counted.
#include "sensor/pipeline/told.h"

#include <gtest/gtest.h>

namespace lapwing {
namespace {

Incident incident(std::string id, unsigned score, IncidentState state = IncidentState::open,
                  std::string_view reason = "score") {
  return {.id = std::move(id), .state = state, .reason = reason, .score = score};
}

uint64_t count(const Told& told, std::string_view path) {
  CounterSet set;
  told.add_counters(set);
  return set.value(path);
}

TEST(ToldTest, TheGravestComeFirst) {
  Told told(true);
  told.take(incident("a", 40));
  told.take(incident("b", 90));
  told.take(incident("c", 40));
  Incident background = incident("d", 100);
  background.background = true;
  told.take(background);
  told.take(incident("a", 95, IncidentState::updated, "level"));
  std::string ids;
  for (const Incident& of : told.incidents()) ids += of.id;
  EXPECT_EQ(ids, "abcd");
}

TEST(ToldTest, OfALiveSensorWhatIsOverIsNoMore) {
  for (const bool replay : {false, true}) {
    Told told(replay);
    told.take(incident("a", 40));
    told.take(incident("a", 40, IncidentState::closed, "quiet"));
    told.take(incident("b", 40, IncidentState::closed, "end"));
    told.take(Asset{.id = "h", .state = AssetState::known});
    told.take(Asset{.id = "left", .state = AssetState::known});
    told.take(Asset{.id = "h", .state = AssetState::gone});
    EXPECT_EQ(told.incidents().size(), replay ? 2u : 1u);
    EXPECT_EQ(told.assets().size(), replay ? 0u : 1u);
  }
}

TEST(ToldTest, WhereThereAreTooManyTheLeastGraveGoAndAreCounted) {
  Told told(true);
  for (size_t i = 0; i < Told::kMostIncidents; ++i) told.take(incident("i" + std::to_string(i), 50));
  told.take(incident("weak", 49));
  EXPECT_EQ(told.incidents().size(), Told::kMostIncidents);
  EXPECT_EQ(told.incidents().back().score, 50u);
  EXPECT_EQ(count(told, "analytics.incidents_max"), 1u);
  told.take(incident("grave", 51));
  EXPECT_EQ(told.incidents().size(), Told::kMostIncidents);
  EXPECT_EQ(told.incidents().front().id, "grave");
  EXPECT_EQ(count(told, "analytics.incidents_max"), 2u);
  told.take(incident("grave", 52, IncidentState::updated, "growth"));
  EXPECT_EQ(count(told, "analytics.incidents_max"), 2u) << "it had its place";
}

TEST(ToldTest, AssetsBeyondTheBoundAreCounted) {
  Told told(false);
  for (size_t i = 0; i < Told::kMostAssets; ++i) told.take(Asset{.id = std::to_string(i)});
  told.take(Asset{.id = "one more"});
  told.take(Asset{.id = "0", .state = AssetState::changed});
  EXPECT_EQ(told.assets().size(), Told::kMostAssets);
  EXPECT_EQ(count(told, "analytics.assets_max"), 1u);
}

}  // namespace
}  // namespace lapwing
