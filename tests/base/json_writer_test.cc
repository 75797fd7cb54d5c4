// Every text the writer makes is read back by a real parser.
#include "sensor/base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

using nlohmann::json;

template <class F>
json written(F write) {
  std::string out;
  JsonWriter writer(out);
  write(writer);
  return json::parse(out);
}

std::string text_value(std::string_view text) {
  return written([&](JsonWriter& w) { w.value(text); }).get<std::string>();
}

/// What value() promises for text that is not UTF-8.
std::string hex_escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    auto byte = static_cast<uint8_t>(c);
    out += byte < 0x80 ? std::string(1, c) : "\\x" + to_hex(Bytes(&byte, 1));
  }
  return out;
}

bool is_utf8(const std::string& text) {
  try {
    json(text).dump();
    return true;
  } catch (const json::type_error&) {
    return false;
  }
}

TEST(JsonWriterTest, CommasAndNesting) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().member("a", 1).begin_array("b").end_array().begin_object("c").end_object();
  w.begin_array("d").value(true).begin_object().member("e", false).end_object().begin_array().value(2).end_array();
  w.raw("null").end_array().key("f").raw("{}").member("g", "x").end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[],"c":{},"d":[true,{"e":false},[2],null],"f":{},"g":"x"})");
}

TEST(JsonWriterTest, AppendsToWhatIsThere) {
  std::string out = "prefix ";
  JsonWriter(out).begin_object().end_object();
  EXPECT_EQ(out, "prefix {}");
}

TEST(JsonWriterTest, EveryByteAloneAndAtEveryPlaceInABlock) {
  for (int c = 0; c < 256; ++c) {
    for (size_t before : {0, 1, 15, 16, 17, 31}) {
      std::string text = std::string(before, 'a') + static_cast<char>(c) + std::string(20, 'b');
      EXPECT_EQ(text_value(text), hex_escaped(text)) << c << " after " << before;
    }
  }
}

TEST(JsonWriterTest, ValidUtf8StaysAsItIs) {
  for (std::string_view text : {"\u00e4\u00f6\u00fc", "\u20ac", "\U0001f600 and \"quotes\"", "\ud7ff\ue000\uffff",
                                "\x7f", "\xc2\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(text_value(text), text);
  }
}

TEST(JsonWriterTest, InvalidUtf8IsEscapedByteForByte) {
  for (std::string_view text : {"\xff", "a\x80z", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
                                "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82",
                                "\xc3", "\xf0\x9f\x98", "ok \xc3\xa4 not \xc3", "\xe2\x28\xa1"}) {
    EXPECT_EQ(text_value(text), hex_escaped(text));
  }
}

TEST(JsonWriterTest, RandomBytesAreReadBack) {
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    size_t size = random() % 80;
    for (size_t j = 0; j < size; ++j) {
      // Pieces of UTF-8 are more likely than chance would have them, so that both ways of writing are met.
      static const std::string_view kPieces[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\"", "\\",
                                                 "\n",       "plain"};
      if (random() % 3) {
        text += kPieces[random() % std::size(kPieces)];
      } else if (random() % 40 == 0) {
        text += static_cast<char>(random());
      }
    }
    ASSERT_EQ(text_value(text), is_utf8(text) ? text : hex_escaped(text));
  }
}

TEST(JsonWriterTest, EscapedKeysAreReadBack) {
  std::string name = "a\"b\\c\n\x01\xff";
  json object = written([&](JsonWriter& w) {
    w.begin_object().member("first", 1);
    w.escaped_key(name).value(2).escaped_key("").begin_object().end_object().end_object();
  });
  EXPECT_EQ(object["first"], 1);
  EXPECT_EQ(object[hex_escaped(name)], 2);
  EXPECT_TRUE(object[""].is_object());
}

TEST(JsonWriterTest, IntegersOfEveryWidth) {
  json array = written([](JsonWriter& w) {
    w.begin_array().value(std::numeric_limits<int64_t>::min()).value(std::numeric_limits<uint64_t>::max());
    w.value(uint8_t{255}).value(int8_t{-128}).value(uint16_t{65535}).value(0).end_array();
  });
  EXPECT_EQ(array, json::parse("[-9223372036854775808,18446744073709551615,255,-128,65535,0]"));
}

TEST(JsonWriterTest, NumbersWithFractions) {
  for (double number :
       {0.0, -1.5, 0.1, 1e300, 1e-300, 123456789.123456789, std::numeric_limits<double>::denorm_min()}) {
    EXPECT_EQ(written([&](JsonWriter& w) { w.value(number); }).get<double>(), number);
  }
  for (double number : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_TRUE(written([&](JsonWriter& w) { w.value(number); }).is_null()) << "JSON has none of these";
  }
}

TEST(JsonWriterTest, AddressesAndTimes) {
  json array = written([](JsonWriter& w) {
    w.begin_array().value(*IpAddress::parse("10.0.0.1")).value(*IpAddress::parse("::1")).value(IpAddress{});
    w.value(Timestamp::from_seconds(1)).end_array();
  });
  EXPECT_EQ(array, json::parse(R"(["10.0.0.1","0000:0000:0000:0000:0000:0000:0000:0001","",
                                   "1970-01-01T00:00:01.000000+0000"])"));
}

TEST(JsonWriterTest, PayloadForms) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  json array = written([&](JsonWriter& w) {
    w.begin_array()
        .printable(to_bytes(all))
        .base64(to_bytes(all))
        .hex(to_bytes(all), ':')
        .value(to_bytes("b"))
        .end_array();
  });
  std::string printable;
  for (char c : all) printable += (c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n' || c == '\t' ? c : '.';
  EXPECT_EQ(array[0], printable);
  EXPECT_EQ(array[1], to_base64(to_bytes(all)));
  EXPECT_EQ(array[2], to_hex(to_bytes(all), ':'));
  EXPECT_EQ(array[3], "b");
}

/// One of everything, nested.
void write_much(JsonWriter& w) {
  w.begin_object();
  for (int i = 0; i < 3; ++i) {
    w.begin_array("array").value(1).value("\x01quoted \" and long enough for several steps").begin_object();
    w.member("utf8", "\u00e4\u00f6\u20ac").member("raw", "\xff\xfe").end_object().end_array();
    w.begin_object("object").member("flag", true).key("hex").hex(to_bytes("0123456789"), ':');
    w.key("base64").base64(to_bytes("0123456789")).key("printable").printable(to_bytes("a\n\x02")).end_object();
    w.escaped_key("k\"").value(1.5).key("address").value(*IpAddress::parse("10.0.0.1"));
  }
  w.end_object();
}

TEST(JsonWriterTest, WhatIsCutAtALimitIsWholeJson) {
  constexpr size_t kEnds = 80;  // a number, a key, an address begun just before, and what is open
  std::string whole;
  JsonWriter all(whole);
  write_much(all);
  EXPECT_FALSE(all.cut());
  for (size_t room = 1; room <= whole.size() + 1; ++room) {
    std::string text = "before";
    JsonWriter writer(text, room);
    write_much(writer);
    text.erase(0, 6);
    EXPECT_TRUE(json::accept(text)) << room << ' ' << text;
    EXPECT_LE(text.size(), room + kEnds);
    EXPECT_EQ(writer.cut(), text != whole) << room;
    if (room >= whole.size()) {
      EXPECT_EQ(text, whole);
    }
  }
}

TEST(JsonWriterTest, AfterALimitTheRecordCanSaySo) {
  std::string text = "{";
  JsonWriter writer(text, 40);
  writer.begin_object("dns").begin_array("answers");
  for (int i = 0; i < 100; ++i) writer.value("0123456789");
  writer.end_array().member("left", "out").end_object();
  ASSERT_TRUE(writer.cut());
  writer.lift_limit();
  writer.member("truncated", true);
  text += '}';
  const json object = json::parse(text);
  EXPECT_LT(object["dns"]["answers"].size(), 5u);
  EXPECT_FALSE(object["dns"].contains("left"));
  EXPECT_EQ(object["truncated"], true);
}

}  // namespace
}  // namespace lapwing
