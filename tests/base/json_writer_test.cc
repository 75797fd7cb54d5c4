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

/// Byte by byte.
std::string naive(std::string_view text, bool utf8) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    const size_t named = std::string_view("\"\\\n\r\t\b\f").find(c);
    if (named != std::string_view::npos) {
      out += {'\\', "\"\\nrtbf"[named]};
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00" + to_hex(Bytes(&byte, 1));
    } else if (byte >= 0x80 && !utf8) {
      out += "\\\\x" + to_hex(Bytes(&byte, 1));
    } else {
      out += c;
    }
  }
  return out + '"';
}

TEST(JsonWriterTest, TextsAroundTheBuffersEndAreWhole) {
  std::mt19937 random(5);
  constexpr std::string_view kPieces[] = {"plain", "\"", "\n", "\x01", "\xc3\xa4", "\xf0\x9f\x98\x80", "\xff"};
  for (size_t size : {0, 240, 256, 272, 500, 1'000, 1'010, 1'015, 1'016, 1'017, 1'020, 1'024, 1'030, 2'048, 5'000}) {
    for (int i = 0; i < 400; ++i) {
      std::string text(size, 'a');
      const std::string_view piece = kPieces[random() % (i < 200 ? 6 : 7)];
      text.insert(random() % (size + 1), piece).append(kPieces[random() % 6]);
      const bool utf8 = is_utf8(text);
      for (size_t before : {size_t{0}, random() % 1'100}) {
        std::string out, expected = "[";
        JsonWriter writer(out);
        writer.begin_array();
        if (before > 0) writer.raw(std::string(before, '1'));
        if (before > 0) expected += std::string(before, '1') + ',';
        writer.value(text).value(7).end_array();
        ASSERT_EQ(out, expected + naive(text, utf8) + ",7]") << size << ' ' << before;
      }
    }
  }
}

TEST(JsonWriterTest, LongKeysAndRawTextsAreWhole) {
  for (size_t size : {1'000, 1'015, 1'016, 1'017, 1'023, 1'024, 1'025, 3'000}) {
    const std::string name(size, 'k');
    std::string out;
    JsonWriter(out).begin_object().member("a", 1).key(name).raw(name).member(name, true).end_object();
    EXPECT_EQ(out, "{\"a\":1,\"" + name + "\":" + name + ",\"" + name + "\":true}");
  }
}

TEST(JsonWriterTest, WhatIsCompleteIsThere) {
  std::string out;
  JsonWriter writer(out);
  writer.key("a").value(1);
  EXPECT_EQ(out, R"("a":1)");
  out += ",\"between\":0";
  writer.begin_object("b").member("c", "d");
  EXPECT_EQ(writer.size(), std::string_view(R"("a":1,"between":0,"b":{"c":"d")").size());
  EXPECT_EQ(writer.text(), R"("a":1,"between":0,"b":{"c":"d")");
  writer.end_object();
  EXPECT_EQ(out, R"("a":1,"between":0,"b":{"c":"d"})");
  writer.escaped_key("e\n").value("f");
  EXPECT_EQ(out, R"("a":1,"between":0,"b":{"c":"d"},"e\n":"f")");
}

TEST(JsonWriterTest, LongTextsAreCutAtTheLimit) {
  for (size_t room : {10, 1'000, 1'020, 1'024, 1'030, 2'000}) {
    for (std::string_view piece : {"plain", "\"", "\u00e4"}) {
      std::string text, out = "before";
      while (text.size() < 4'000) text += piece;
      JsonWriter writer(out, room);
      writer.value(text);
      EXPECT_TRUE(writer.cut());
      const std::string shown = json::parse(out.substr(6)).get<std::string>();
      EXPECT_EQ(shown, text.substr(0, shown.size()));
      EXPECT_GE(out.size(), 6 + room);
      EXPECT_LE(out.size(), 6 + room + 3) << "the rest of a character, and the quote";
    }
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
  for (char c : all) printable += (c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n' ? c : '.';
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
