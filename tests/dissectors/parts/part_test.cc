// What a part says through whoever carries it.
#include <gmock/gmock.h>

#include "tests/dissectors/caps.h"

namespace lapwing {
namespace {

using test::Dialogue;
using testing::ElementsAre;

const std::string kLong = " label " + std::string(17, 'a') + "\n";

std::string pieces(size_t count) {
  std::string out;
  for (size_t i = 1; i <= count; ++i) out += "crate piece " + std::to_string(2 * i) + "\n";
  return out;
}

const test::CapReaches kReaches = {
    {"crate", "length", {}, [](Dialogue& d) { d.client("crate" + kLong); }, "label"},
    {"parcel", "length", {}, [](Dialogue& d) { d.server("parcel" + kLong); }, "label"},
    {"crate", "pieces", {}, [](Dialogue& d) { d.client(pieces(65)); }, "file"},
    {"crate", "waiting", {}, [](Dialogue& d) { d.client("crate piece 1000000\n"); }, "file"},
};

TEST(Part, SpeaksUnderItsOwnNamesWhoeverCarriesIt) {
  Dialogue crate(test::dissector("crate")), parcel(test::dissector("parcel"));
  crate.client("crate other\ncrate label \ncrate label a\tb\n");
  parcel.server("parcel other\nparcel label \nparcel label a\tb\n");
  EXPECT_THAT(crate.anomalies, ElementsAre("broken@0", "label_empty@1", "label_unprintable@2"));
  EXPECT_THAT(parcel.anomalies, ElementsAre("label_empty@1", "label_unprintable@2"));
}

TEST(Part, CapsAreItsOwnAndNotTheCarriers) {
  Dialogue crate(test::dissector("crate"));
  crate.client("crate" + kLong);
  EXPECT_EQ(crate.capped("label", "length"), 1u);
  EXPECT_EQ(crate.capped("file", "pieces"), 0u);
  EXPECT_EQ(crate.capped("length"), 0u);
  EXPECT_EQ(crate.values("label.text"), std::vector{std::string(16, 'a')});
}

}  // namespace
}  // namespace lapwing
