#include "sensor/stream/os_policy.h"

#include <gtest/gtest.h>

#include <string>

#include "sensor/stream/segment_list.h"
#include "tests/stream/conversation.h"

namespace lapwing {
namespace {

// The earlier piece is AAAA at [4, 8). Nine later ones begin before, with and after it and end before, with and after
// its end; a column says what stands at [2, 10) then. First observed with Suricata 7.0.10.
struct Place {
  uint64_t begin, end;
};
constexpr Place kPlaces[9] = {{2, 6}, {2, 8}, {2, 10}, {4, 6}, {4, 8}, {4, 10}, {5, 7}, {5, 8}, {5, 10}};

struct Row {
  OsPolicy policy;
  std::array<std::string_view, 9> result;
};

std::string combine(OverlapRule rule, Place place) {
  BlockPool pool(1 << 20);
  SegmentList list;
  list.insert(pool, 4, to_bytes("AAAA"), rule);
  std::string later(place.end - place.begin, 'B');
  list.insert(pool, place.begin, to_bytes(later), rule);
  std::string text;
  for (uint64_t at = 2; at < 10; ++at) {
    char byte = '.';
    for (uint32_t i = 0; i < list.size(); ++i) {
      if (list[i].begin <= at && at < list[i].end()) byte = static_cast<char>(list[i].bytes()[at - list[i].begin]);
    }
    text += byte;
  }
  list.clear(pool);
  return text;
}

constexpr Row kSegments[] = {
    {OsPolicy::first,
     {"BBAAAA..", "BBAAAA..", "BBAAAABB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::vista,
     {"BBAAAA..", "BBAAAA..", "BBAAAABB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::last,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..BBAA..", "..BBBB..", "..BBBBBB", "..ABBA..", "..ABBB..", "..ABBBBB"}},
    {OsPolicy::bsd,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::windows,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::linux,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..AAAA..", "..BBBBBB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::old_linux,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..BBBB..", "..BBBBBB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::solaris,
     {"BBAAAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..BBBB..", "..BBBBBB", "..AAAA..", "..AAAA..", "..ABBBBB"}},
    {OsPolicy::hpux11,
     {"BBAAAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..BBBB..", "..BBBBBB", "..AAAA..", "..AAAA..", "..ABBBBB"}},
};

constexpr Row kFragments[] = {
    {OsPolicy::bsd,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::bsd_right,
     {"BBAAAA..", "BBAAAA..", "BBAAAABB", "..BBAA..", "..BBBB..", "..BBBBBB", "..ABBA..", "..ABBB..", "..ABBBBB"}},
    {OsPolicy::linux,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..BBAA..", "..BBBB..", "..BBBBBB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::windows,
     {"BBAAAA..", "BBAAAA..", "BBBBBBBB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::solaris,
     {"BBAAAA..", "BBBBBB..", "BBBBBBBB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::macos,
     {"BBAAAA..", "BBAAAA..", "BBAAAABB", "..AAAA..", "..AAAA..", "..AAAABB", "..AAAA..", "..AAAA..", "..AAAABB"}},
    {OsPolicy::last,
     {"BBBBAA..", "BBBBBB..", "BBBBBBBB", "..BBAA..", "..BBBB..", "..BBBBBB", "..ABBA..", "..ABBB..", "..ABBBBB"}},
};

TEST(OsPolicy, SegmentsThatOverlapAreResolvedAsTheSystemDoes) {
  for (const Row& row : kSegments) {
    for (size_t i = 0; i < 9; ++i) {
      EXPECT_EQ(combine(segment_rule(row.policy), kPlaces[i]), row.result[i])
          << "policy " << static_cast<int>(row.policy) << ", [" << kPlaces[i].begin << ", " << kPlaces[i].end << ")";
    }
  }
}

TEST(OsPolicy, FragmentsThatOverlapAreResolvedAsTheSystemDoes) {
  for (const Row& row : kFragments) {
    for (size_t i = 0; i < 9; ++i) {
      EXPECT_EQ(combine(fragment_rule(row.policy), kPlaces[i]), row.result[i])
          << "policy " << static_cast<int>(row.policy) << ", [" << kPlaces[i].begin << ", " << kPlaces[i].end << ")";
    }
  }
}

TEST(HostPolicies, TheLongestPrefixDecides) {
  StreamConfig config;
  config.os_windows = {"0.0.0.0/0"};
  config.os_linux = {"10.0.0.0/8", "2001:db8::/33"};
  config.os_solaris = {"10.1.2.3"};
  HostPolicies hosts(config);
  EXPECT_EQ(hosts.of(*IpAddress::parse("192.0.2.1")), OsPolicy::windows);
  EXPECT_EQ(hosts.of(*IpAddress::parse("10.1.2.4")), OsPolicy::linux);
  EXPECT_EQ(hosts.of(*IpAddress::parse("10.1.2.3")), OsPolicy::solaris);
  EXPECT_EQ(hosts.of(*IpAddress::parse("2001:db8:7fff::1")), OsPolicy::linux);
  EXPECT_EQ(hosts.of(*IpAddress::parse("2001:db8:8000::1")), OsPolicy::bsd) << "nothing said of it";
}

TEST(HostPolicies, ANetworkThatIsNoneIsAnError) {
  for (const char* text : {"10.0.0.0/33", "ten", "2001:db8::/129", "10.0.0.0/x"}) {
    StreamConfig config;
    config.os_bsd = {text};
    EXPECT_THROW(HostPolicies{config}, SettingError) << text;
  }
}

}  // namespace
}  // namespace lapwing
