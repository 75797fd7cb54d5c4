#include "analytics/intel/feed.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lapwing::analytics {
namespace {

/// "domain bad.example" of each indicator; of rows without, "skipped" or "bad".
std::vector<std::string> read(std::string_view text) {
  const FeedReader reader(text);
  std::vector<std::string> out;
  FeedRow row;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (reader.read(text.substr(0, end), row)) {
      if (!row.why.empty()) out.push_back(row.skipped ? "skipped" : "bad");
      for (const FeedIndicator& one : row.indicators) {
        out.push_back(std::string(name(one.type)) + " " + one.text + (one.tags.empty() ? "" : " (" + one.tags + ")") +
                      (one.confidence < 0 ? "" : " " + std::to_string(one.confidence)) +
                      (one.expiry == 0 ? "" : " day " + std::to_string(one.expiry)));
      }
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

using Rows = std::vector<std::string>;

std::string json(std::string_view text, uint64_t skipped) {
  uint64_t found = 0;
  std::string out = lines_of_json(text, found);
  EXPECT_EQ(found, skipped);
  return out;
}

TEST(Feed, PlainListsAndHostsFiles) {
  EXPECT_EQ(read("\xef\xbb\xbf# a list\r\nbad.example\r\n\r\n198.51.100.0/24 # why\nnothing\n"),
            (Rows{"domain bad.example", "network 198.51.100.0/24", "bad"}));
  EXPECT_EQ(read("=bad.example\n=nothing\n"), (Rows{"domain-exact bad.example", "bad"}));
  EXPECT_EQ(read("127.0.0.1 localhost\n0.0.0.0 bad.example # x\n0.0.0.0\tworse.example\n"),
            (Rows{"skipped", "domain bad.example", "domain worse.example"}));
}

TEST(Feed, ReputationsOfSuricata) {
  EXPECT_EQ(read("198.51.100.7,1,127\n198.51.100.8,2,0\n"),
            (Rows{"network 198.51.100.7 (category 1) 100", "network 198.51.100.8 (category 2) 0"}));
}

TEST(Feed, ColumnsOfCsvGoByTheirNames) {
  EXPECT_EQ(read("ip,country_code,abuse_confidence_score\n198.51.100.7,NL,97\n"), (Rows{"network 198.51.100.7 97"}));
  EXPECT_EQ(read("# \"first_seen\",\"dst_ip\",\"malware\"\n\"2026\",\"198.51.100.7\",\"a \"\"b\"\", c\"\n"),
            (Rows{"network 198.51.100.7 (a \"b\", c)"}));
  EXPECT_EQ(read("type;value;valid_until\ndomain;bad.example;1970-01-10T00:00:00Z\nmd5;bad.example;\n"),
            (Rows{"domain bad.example day 10", "bad"}));
}

TEST(Feed, ZeekIntel) {
  EXPECT_EQ(
      read("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
           "198.51.100.0/24\tIntel::SUBNET\tx\tscan\n"
           "d41d8cd98f00b204e9800998ecf8427e\tIntel::FILE_HASH\tx\t-\n"
           "who\tIntel::USER_NAME\tx\t-\nbad.exe\tIntel::FILE_NAME\tx\t-\n"),
      (Rows{"network 198.51.100.0/24 (scan)", "md5 d41d8cd98f00b204e9800998ecf8427e", "skipped", "file-name bad.exe"}));
}

TEST(Feed, MispEvents) {
  EXPECT_EQ(read(json(R"({"Event": {"info": "camp\taign", "Attribute": [
                {"type": "domain|ip", "value": "bad.example|198.51.100.7", "to_ids": true},
                {"type": "text", "value": "bad.example", "to_ids": true},
                {"type": "ip-dst", "value": "198.51.100.9", "to_ids": false}],
              "Object": [{"Attribute": [{"type": "filename|md5", "value": "a|d41d8cd98f00b204e9800998ecf8427e"}, 3]}]}})",
                      2)),
            (Rows{"domain bad.example (camp aign)", "md5 d41d8cd98f00b204e9800998ecf8427e (camp aign)"}));
}

TEST(Feed, StixBundles) {
  EXPECT_EQ(read(json(R"({"type": "bundle", "objects": [
      {"type": "indicator", "name": "n", "confidence": 80, "valid_until": "1970-01-10T00:00:00Z",
       "pattern": "[domain-name:value = 'bad.example' OR ipv4-addr:value='198.51.100.7'] OR [url:value = 'http://bad.example/it\\'s']"},
      {"type": "indicator", "pattern": "[domain-name:value LIKE 'bad%']"},
      {"type": "indicator", "pattern": "[domain-name:value = 'a.example' AND ipv4-addr:value = '198.51.100.8']"},
      {"type": "indicator", "revoked": true, "pattern": "[domain-name:value = 'a.example']"},
      {"type": "indicator", "pattern": "[domain-name:value = 'a"}, {"type": "indicator", "pattern": "["},
      {"type": "malware"}, 7]})",
                      5)),
            (Rows{"domain bad.example (n) 80 day 10", "network 198.51.100.7 (n) 80 day 10",
                  "url http://bad.example/it's (n) 80 day 10"}));
}

TEST(Feed, AnswersOfAbuseIpDb) {
  EXPECT_EQ(read(json(R"({"data": [{"ipAddress": "198.51.100.7", "abuseConfidenceScore": 100}, {"x": 1}]})", 1)),
            (Rows{"network 198.51.100.7 (AbuseIPDB) 100"}));
}

TEST(Feed, HostileTextIsRefusedAndReadNoFurther) {
  EXPECT_EQ(read(std::string(1'000'000, 'a') + ".example\nbad.example\n"), (Rows{"bad", "domain bad.example"}));
  EXPECT_EQ(read(std::string("bad.example\0x\n", 14) + "b\xff\xfe.example\n"), (Rows{"bad", "bad"}));
  uint64_t skipped = 0;
  EXPECT_THROW(lines_of_json(std::string(1'000'000, '['), skipped), std::runtime_error);
  EXPECT_THROW(lines_of_json("{\"data\": [", skipped), std::runtime_error);
  EXPECT_THROW(lines_of_json("{\"data\": \"\xff\"}", skipped), std::runtime_error);
  EXPECT_THROW(lines_of_json("[1, {}, null]", skipped), std::runtime_error);
  // A value that would begin a row of its own.
  EXPECT_EQ(read(json(R"({"Event": {"Attribute": [{"type": "domain", "value": "a.example\nb.example"}]}})", 1)),
            Rows{});
}

}  // namespace
}  // namespace lapwing::analytics
