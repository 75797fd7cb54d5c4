#include "sensor/verify/children.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

namespace lapwing::verify {
namespace {

TEST(Children, EndAloneAndAreToldInOrder) {
  std::vector<std::string> told;
  in_children(
      7, 3, 1.0,
      [](size_t i) -> std::string {
        if (i == 1) raise(SIGKILL);
        if (i == 2) _exit(7);
        if (i == 3) return {};
        if (i == 4) pause();
        return std::string(i == 5 ? 300'000 : 1, static_cast<char>('0' + i));
      },
      [&](size_t i, const Ending& ending) {
        EXPECT_EQ(i, told.size());
        told.push_back(ending.fault.empty() ? std::to_string(ending.said.size()) + ending.said[0] : ending.fault);
      });
  EXPECT_EQ(told, (std::vector<std::string>{"10", "the sensor ended: Killed", "the sensor ended with status 7",
                                            "the sensor said nothing", "no end after 1 s", "3000005", "16"}));
}

}  // namespace
}  // namespace lapwing::verify
