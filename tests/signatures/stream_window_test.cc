#include "signatures/match/stream_window.h"

#include <gtest/gtest.h>

namespace lapwing::rules {
namespace {

/// Three cells, of which the first two are owed another look.
void fill(StreamWindow& window) {
  for (int cell = 0; cell < 3; ++cell) {
    ASSERT_TRUE(window.append(std::vector<uint8_t>(window.room(), static_cast<uint8_t>('a' + cell))));
    if (cell < 2) window.next_cell(true);
  }
}

TEST(StreamWindow, KeepsWhatIsOwedAnotherLook) {
  StreamWindow window(std::make_shared<WindowBudget>());
  fill(window);
  EXPECT_EQ(window.owed(), 0u);
  EXPECT_EQ(window.bytes(0).size(), kCell);
  EXPECT_EQ(window.base(kCell), 0u);
  EXPECT_EQ(window.bytes().front(), 'b') << "the cell at hand is seen with the one before it";
  window.settle();
  EXPECT_EQ(window.owed(), window.cell());
  EXPECT_EQ(window.base(), kCell);
  EXPECT_EQ(window.bytes().size(), 2 * kCell);
}

TEST(StreamWindow, MayEndBeforeTheCellsThatAreOwed) {
  for (uint64_t offset : {uint64_t{0}, uint64_t{100}, kCell, kCell + 1, 2 * kCell + 5, 3 * kCell}) {
    StreamWindow window(std::make_shared<WindowBudget>());
    fill(window);
    window.scanned[0].to = window.looked_to = window.end();
    window.end_at(offset);
    EXPECT_EQ(window.end(), offset);
    EXPECT_LE(window.scanned[0].to, offset);
    for (uint64_t cell = window.owed(); cell <= window.cell(); cell += kCell) {
      EXPECT_LE(window.base(cell) + window.bytes(cell).size(), offset);
    }
    window.settle();
    EXPECT_LE(window.base() + window.bytes().size(), offset);
  }
}

}  // namespace
}  // namespace lapwing::rules
