// Expressions of a rule set: those that are written alike are compiled once.
#include <gtest/gtest.h>

#include <stdexcept>

#include "signatures/program/pcre.h"

namespace lapwing::rules {
namespace {

TEST(Expressions, AreCompiledOnceForTheSameTextAndFlags) {
  RegexPool pool(3500, 1500);
  const auto first = pool.get("a+(b)", {});
  EXPECT_EQ(pool.get("a+(b)", {}), first);
  EXPECT_NE(pool.get("a+(b)", {.caseless = true}), first);
  EXPECT_NE(pool.get("a+(c)", {}), first);
  for (int i = 0; i < 2; ++i) EXPECT_THROW(pool.get("a(", {}), std::invalid_argument);
}

}  // namespace
}  // namespace lapwing::rules
