#include "sensor/base/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lapwing {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Setting scalar(const std::string& text) {
  Setting node;
  node.kind = Setting::Kind::scalar;
  node.key = "k";
  node.scalar = text;
  node.mark = {"f", 3, 4};
  return node;
}

template <class F>
std::string error_of(F read) {
  try {
    read();
  } catch (const SettingError& e) {
    EXPECT_EQ(e.where().line, 3u);
    return e.what();
  }
  return "(no error)";
}

TEST(SettingTest, Switches) {
  for (auto text : {"yes", "TRUE", "On", "1"}) EXPECT_TRUE(scalar(text).as_bool());
  for (auto text : {"no", "False", "OFF", "0"}) EXPECT_FALSE(scalar(text).as_bool());
  EXPECT_EQ(error_of([] { scalar("maybe").as_bool(); }), "f:3:4: k: 'maybe' is not a switch; write yes or no");
}

TEST(SettingTest, WholeNumbers) {
  EXPECT_EQ(scalar("42").as_integer(), 42u);
  for (auto text : {"-1", "4x", "", "1.5", "18446744073709551616"}) {
    EXPECT_THAT(error_of([&] { scalar(text).as_integer(); }), HasSubstr("is not a whole number")) << text;
  }
}

TEST(SettingTest, SizesInPowersOf1024) {
  EXPECT_EQ(scalar("100").as_size(), 100u);
  EXPECT_EQ(scalar("64 kb").as_size(), 65'536u);
  EXPECT_EQ(scalar("64KiB").as_size(), 65'536u);
  EXPECT_EQ(scalar("1MB").as_size(), 1u << 20);
  EXPECT_EQ(scalar("1.5gb").as_size(), 3u << 29);
  EXPECT_EQ(scalar("18446744073709551615").as_size(), UINT64_MAX);
  for (auto text :
       {"", "kb", "1tb", "-1kb", "1.5", "1e3kb", "nankb", "99999999999gb", "99999999999999.5gb", "1.5.5kb"}) {
    EXPECT_THAT(error_of([&] { scalar(text).as_size(); }), HasSubstr("is not a size")) << text;
  }
}

TEST(SettingTest, Numbers) {
  EXPECT_DOUBLE_EQ(scalar("0.25").as_number(), 0.25);
  EXPECT_THAT(error_of([] { scalar("1,5").as_number(); }), HasSubstr("is not a number"));
}

TEST(SettingTest, AListIsNoSingleValue) {
  Setting node = scalar("");
  node.kind = Setting::Kind::list;
  for (auto read : {+[](const Setting& s) { s.as_text(); }, +[](const Setting& s) { s.as_bool(); },
                    +[](const Setting& s) { s.as_integer(); }, +[](const Setting& s) { s.as_size(); },
                    +[](const Setting& s) { s.as_number(); }}) {
    EXPECT_THAT(error_of([&] { read(node); }), HasSubstr("a single value is expected"));
  }
}

TEST(SettingTest, TheLongestKeyWinsWhereKeysHoldDots) {
  Setting root;
  root.make("eth0").scalar = "short";
  root.add("eth0.100").scalar = "long";
  EXPECT_EQ(root.find("eth0")->scalar, "short");
  EXPECT_EQ(root.find("eth0.100")->scalar, "long");
  EXPECT_EQ(root.find("eth0.200"), nullptr);
  EXPECT_EQ(root.find("eth"), nullptr);
}

TEST(SettingTest, MakeCreatesOnceAndMarksWhatItMakes) {
  Setting root;
  Setting& made = root.make("a.b.c", {"here", 0, 0});
  made.scalar = "x";
  EXPECT_EQ(&root.make("a.b.c"), &made);
  EXPECT_EQ(root.find("a.b")->mark.file, "here");
  EXPECT_EQ(&root.make(""), &root);
  for (auto path : {".", ".a", "a..b"}) EXPECT_THROW(root.make(path), SettingError) << path;
}

TEST(SettingTest, OnlyReadNodesAreUsed) {
  Setting root;
  root.make("a.b").scalar = "1";
  root.make("a.c").scalar = "2";
  root.make("d.e").scalar = "3";
  EXPECT_THAT(root.unused(), SizeIs(2)) << "the outermost of each branch";
  root.find("a.b");
  root.find("d.none");
  auto unused = root.unused();
  ASSERT_THAT(unused, SizeIs(2));
  EXPECT_EQ(unused[0]->key, "c");
  EXPECT_EQ(unused[1]->key, "e");
  root.use_all();
  EXPECT_THAT(root.unused(), IsEmpty());
}

TEST(SettingTest, AMarkWithoutALineIsItsFileAlone) {
  EXPECT_EQ(to_string(SourceMark{"--set a=b", 0, 0}), "--set a=b");
  EXPECT_EQ(to_string(SourceMark{"f", 1, 2}), "f:1:2");
}

}  // namespace
}  // namespace lapwing
