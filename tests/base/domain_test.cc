#include "sensor/base/domain.h"

#include <gtest/gtest.h>

#include <string>

namespace lapwing {
namespace {

TEST(Domain, IsWhatOneCanRegister) {
  struct Row {
    std::string_view name, domain, suffix;
  };
  constexpr Row kRows[] = {
      {"www.bbc.co.uk", "bbc.co.uk", "co.uk"},
      {"example.com", "example.com", "com"},
      {"a.b.example.com", "example.com", "com"},
      {"com", "", "com"},
      {"x.y.unknown-suffix", "y.unknown-suffix", "unknown-suffix"},
      {"mine.github.io", "mine.github.io", "github.io"},
      {"", "", ""},
  };
  for (int again = 0; again < 2; ++again) {
    for (const Row& row : kRows) {
      EXPECT_EQ(registrable_domain(row.name), row.domain) << row.name;
      EXPECT_EQ(public_suffix(row.name), row.suffix) << row.name;
    }
  }
}

TEST(Domain, IsThatOfItsNameHoweverManyWereAskedFor) {
  for (int again = 0; again < 2; ++again) {
    for (int i = 0; i < 5000; ++i) {
      const std::string own = "n" + std::to_string(i) + (i % 3 ? ".example" : ".co.uk");
      EXPECT_EQ(registrable_domain("www." + own), own);
    }
  }
}

TEST(Domain, BytesOfAnyKindAndLengthAreRead) {
  EXPECT_EQ(registrable_domain(std::string(4000, 'a') + ".example.org"), "example.org");
  EXPECT_EQ(registrable_domain(std::string_view("a\0b.com", 7)), "");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name = std::string(3, static_cast<char>(byte)) + ".example.org";
    if (byte != 0) {
      EXPECT_TRUE(name.ends_with(registrable_domain(name)));
    }
  }
}

}  // namespace
}  // namespace lapwing
