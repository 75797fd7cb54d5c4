#include "dissectors/protocols/ftp/ftp_parser.h"

#include <gmock/gmock.h>

namespace lapwing::ftp {
namespace {

std::string shown(const std::optional<Listener>& listener) {
  if (!listener) return "none";
  return (listener->address.version ? to_string(listener->address) : "") + " " + std::to_string(listener->port);
}

TEST(FtpParser, ReadsCommands) {
  const auto retrieve = parse_command("retr  a b ");
  ASSERT_TRUE(retrieve);
  EXPECT_EQ(retrieve->verb, Verb::retrieve);
  EXPECT_EQ(retrieve->name, "retr");
  EXPECT_EQ(retrieve->argument, " a b ");
  EXPECT_TRUE(parse_command("XSHA256 f")->argument == "f" && !parse_command("XSHA256 f")->known);
  EXPECT_EQ(parse_command("\xff\xf4\xff\xf2"
                          "ABOR")
                ->name,
            "ABOR");
  EXPECT_EQ(parse_command("\xf2"
                          "ABOR")
                ->name,
            "ABOR");
  EXPECT_EQ(parse_command("\xff\xfd\x06 \tSTAT")->name, "STAT");
  EXPECT_EQ(parse_command("RETR\ta")->argument, "a");
  for (std::string_view line : {"", " ", "220 ready", "GET/ HTTP",
                                "US\xff"
                                "ER a",
                                "\xff", "\xff\xfd", "ABCDEFGHIJKLMNOPQ"}) {
    EXPECT_FALSE(parse_command(line)) << line;
  }
}

TEST(FtpParser, LeavesOutWhatIsTelnets) {
  EXPECT_EQ(without_telnet("RE\xff\xf1TR \xff\xfd\x06"
                           "a\xff\xff\xff"
                           "b\xff"),
            "RETR a\xff\xff"
            "b\xff");
  EXPECT_EQ(without_telnet("\xff\xfb"), "");
}

TEST(FtpParser, ReadsLinesOfReplies) {
  EXPECT_EQ(parse_reply("220 ready").text, "ready");
  EXPECT_TRUE(parse_reply("220-ready").more);
  EXPECT_EQ(parse_reply("220").code, "220");
  for (std::string_view line : {"", "22", "2200 a", "720 a", "2a0 b", " 220 a"}) {
    EXPECT_EQ(parse_reply(line).code, "") << line;
    EXPECT_EQ(parse_reply(line).text, line);
  }
}

TEST(FtpParser, FindsWhereSomebodyListens) {
  EXPECT_EQ(shown(parse_port("192,168,0,13,234,10")), "192.168.0.13 59914");
  EXPECT_EQ(shown(parse_passive("Entering Passive Mode (10,0,0,1,1,2).")), "10.0.0.1 258");
  EXPECT_EQ(shown(parse_passive("Entering Passive Mode 10,0,0,1,1,2")), "10.0.0.1 258");
  EXPECT_EQ(shown(parse_port("  10, 0,\t0 ,1,1,2")), "10.0.0.1 258");
  EXPECT_EQ(shown(parse_passive("(1st) Passive (10,0,0,1,1,2)")), "10.0.0.1 258");
  EXPECT_EQ(shown(parse_extended_port(" |1|10.0.0.1|258|")), "10.0.0.1 258");
  EXPECT_EQ(shown(parse_extended_passive("(x) Extended (|||58612|)")), " 58612");
  EXPECT_EQ(shown(parse_long_port("4,4,10,0,0,1,2,1,2")), "10.0.0.1 258");
  EXPECT_EQ(shown(parse_long_port("6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,0,80")),
            "0000:0000:0000:0000:0000:0000:0000:0001 80");
  EXPECT_EQ(shown(parse_long_passive("Long Passive Mode (4,4,10,0,0,1,2,1,2)")), "10.0.0.1 258");
  for (std::string_view text :
       {"", "4", "4,4,1,2,3,4,2,5", "4,16,1,2,3,4,2,5,6", "5,4,1,2,3,4,2,5,6", "4,4,1,2,3,4,3,5,6"}) {
    EXPECT_EQ(shown(parse_long_port(text)), "none") << text;
  }
  EXPECT_EQ(shown(parse_extended_port("|1|132.235.1.2|6275|")), "132.235.1.2 6275");
  EXPECT_EQ(shown(parse_extended_port("!2!::1!80!")), "0000:0000:0000:0000:0000:0000:0000:0001 80");
  EXPECT_EQ(shown(parse_extended_passive("Extended (|||58612|)")), " 58612");
  for (std::string_view text : {"", "1,2,3,4,5", "1,2,3,4,5,256", "1,2,3,4,,6", "99999999999,2,3,4,5,6"}) {
    EXPECT_EQ(shown(parse_port(text)), "none") << text;
    EXPECT_EQ(shown(parse_passive(text)), "none") << text;
  }
  for (std::string_view text : {"", "|", "|1|1.2.3.4", "|1|1.2.3.4|0|", "|1|1.2.3.4|65536|", "|1|host|5|"}) {
    EXPECT_EQ(shown(parse_extended_port(text)), "none") << text;
  }
  for (std::string_view text : {"", "(", "(||", "(|||)", "(|||0|)", "(|||65536|)", "(|||5)", "(|x|5|)"}) {
    EXPECT_EQ(shown(parse_extended_passive(text)), "none") << text;
  }
}

TEST(FtpParser, FindsHowLargeAFileIs) {
  EXPECT_EQ(parse_size("4711"), 4711U);
  EXPECT_EQ(parse_size("Opening BINARY mode data connection for a (1 bytes) (12 bytes)."), 12U);
  for (std::string_view text :
       {"", "x", "(", "()", "(12)", "(12 lines)", "(12", "(x bytes)", "12 bytes", "(99999999999999999999 bytes)"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(FtpParser, FollowsDirectories) {
  EXPECT_EQ(parse_directory(R"("/a ""b""" is current)"), R"(/a "b")");
  EXPECT_EQ(parse_directory(R"("/open)"), std::nullopt);
  EXPECT_EQ(parse_directory("none"), std::nullopt);
  EXPECT_EQ(joined("/a/b", "../c/./d//"), "/a/c/d");
  EXPECT_EQ(joined("/", "../.."), "/");
  EXPECT_EQ(joined("", "a"), "");
  EXPECT_EQ(joined("", "/a/.."), "/");
}

}  // namespace
}  // namespace lapwing::ftp
