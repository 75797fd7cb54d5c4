#include "analytics/intel/indicator_set.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "analytics/intel/observable.h"
#include "analytics/intel/record_hunt.h"

namespace lapwing::analytics {
namespace {

namespace fs = std::filesystem;

class Feeds : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("lapwing-intel-" + std::to_string(getpid()));
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string told(const IndicatorSet& set, Observable what, std::string_view value) {
    const auto found = look_up(set.table(), what, value);
    if (!found) return "nothing";
    const auto text = set.text(*found->slot, found->canonical);
    return text ? text->text + " in " + fs::path(text->source).filename().string() + text->tags : "another";
  }

  fs::path folder_;
  FeedOptions options_;
};

TEST_F(Feeds, AHitTellsWhatStandsInItsFile) {
  write("a.csv", "domain,description\nx.example,\nbad.example,: C2\n");
  write("b.json", R"({"data": [{"ipAddress": "198.51.100.7", "abuseConfidenceScore": 90}]})");
  write("c.txt", "http://bad.test/a?b\nhttp://bad.test/c\n");
  write("manifest.json", "{}");
  options_.feeds = {{.path = folder_}};
  const auto set = IndicatorSet::load(options_, {});
  EXPECT_EQ(set->counts().indicators, 5U);
  EXPECT_EQ(told(*set, Observable::name, "WWW.bad.example"), "bad.example in a.csv: C2");
  EXPECT_EQ(told(*set, Observable::address, "198.51.100.7"), "198.51.100.7 in b.jsonAbuseIPDB");
  EXPECT_EQ(told(*set, Observable::url, "bad.test/c?session=1"), "http://bad.test/c in c.txt");
  EXPECT_EQ(told(*set, Observable::url, "bad.test/a"), "nothing");
  EXPECT_EQ(told(*set, Observable::url, "www.bad.example:8080/"), "bad.example in a.csv: C2");
}

TEST_F(Feeds, AFileAlteredSinceTellsItsNameAlone) {
  options_.feeds = {{.path = write("a.txt", "bad.example\n")}};
  const auto set = IndicatorSet::load(options_, {});
  const auto slot = set->table().find_domain("bad.example").slot;
  ASSERT_NE(slot, nullptr);
  EXPECT_FALSE(set->text(*slot, "other.example"));
  write("a.txt", "");
  ASSERT_TRUE(set->text(*slot, "bad.example"));
  EXPECT_EQ(set->text(*slot, "bad.example")->text, "");
  EXPECT_EQ(set->text(*slot, "bad.example")->source, options_.feeds[0].path);
}

TEST_F(Feeds, WhatWouldHitEverybodyIsRefused) {
  options_.allow = {"fine.example", "203.0.113.0/24"};
  options_.own = Networks({"192.0.2.0/24"}, nullptr);
  options_.feeds = {
      {.path = write("a.txt",
                     "10.0.0.0/7\n2001::/31\n8.8.8.0/24\n192.0.2.7\nwww.fine.example\nhttp://fine.example/x\n"
                     "203.0.113.9\nco.uk\n198.51.100.7,1,10\n198.51.100.8,1,100\nbad.example\nnotfine.example\n?\n"),
       .min_confidence = 50}};
  std::vector<uint64_t> lines;
  const auto set = IndicatorSet::load(options_, [&](const std::string&, FeedFormat, const FeedRow& row) {
    if (!row.why.empty()) lines.push_back(row.line);
  });
  EXPECT_EQ(lines, (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 13}));
  EXPECT_EQ(set->counts().refused, 8U);
  EXPECT_EQ(set->counts().skipped, 1U);
  EXPECT_EQ(set->counts().bad, 1U);
  EXPECT_EQ(set->table().size(), 3U);
}

TEST_F(Feeds, WhatIsNoFeedIsNamed) {
  for (const std::string& path : {(folder_ / "missing").string(), write("a", "{\"x\": 1}"), std::string("/dev/null")}) {
    options_.feeds = {{.path = path}};
    try {
      IndicatorSet::load(options_, {});
      FAIL() << path;
    } catch (const std::runtime_error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(path + ": ")) << error.what();
    }
  }
}

TEST_F(Feeds, RecordsOfThePastAreHunted) {
  options_.feeds = {{.path = write("a.txt", "bad.example\n198.51.100.7\nd41d8cd98f00b204e9800998ecf8427e\n")}};
  const auto set = IndicatorSet::load(options_, {});
  const RecordHunt hunt(*set);
  const auto hits = [&](std::string_view line) {
    std::string out;
    const bool good = hunt.read(line, [&](const RecordHit& hit) { out += hit.value + " "; });
    return good ? out : "broken";
  };
  EXPECT_EQ(hits(R"({"event_type":"dns","src_ip":"192.0.2.1","dest_ip":"198.51.100.7",
                     "dns":{"queries":[{"rrname":"a.bad.example"},{"rrname":"b.bad.example"}]}})"),
            "a.bad.example 198.51.100.7 ");
  EXPECT_EQ(hits(R"({"http":{"hostname":"BAD.example","url":"/x"}})"), "BAD.example ");
  EXPECT_EQ(hits(R"({"fileinfo":{"md5":"D41D8CD98F00B204E9800998ECF8427E"}})"), "D41D8CD98F00B204E9800998ECF8427E ");
  EXPECT_EQ(hits(R"({"tls":{"sni":"good.example"},"http":[],"dns":7})"), "");
  EXPECT_EQ(hits("[1]"), "broken");
  EXPECT_EQ(hits("{"), "broken");
}

}  // namespace
}  // namespace lapwing::analytics
