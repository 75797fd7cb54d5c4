#include "dissectors/parts/mime/mime_header.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <vector>

#include "dissectors/parts/mime/mime_coding.h"
#include "dissectors/parts/mime/mime_url.h"

namespace lapwing::mime {
namespace {

using testing::ElementsAre;

TEST(MimeHeader, AMediaTypeIsWhatStandsBeforeParametersAndComments) {
  EXPECT_EQ(media_type("Text/Plain; charset=x"), "text/plain");
  EXPECT_EQ(media_type("image/png (a picture)"), "image/png");
  EXPECT_EQ(media_type(""), "");
  EXPECT_EQ(media_type("(a (b\\) c)) Text (d)/ Plain(e);"), "text/plain");
  EXPECT_EQ(media_type("\"base64\""), "base64");
  EXPECT_EQ(media_type("(never ends text/plain"), "");
}

TEST(MimeHeader, AParameterIsPutTogether) {
  const struct {
    std::string_view value;
    std::optional<std::string> found;
  } kCases[] = {
      {"attachment; filename=a.txt", "a.txt"},
      {"attachment; FileName=\"a b.txt\"", "a b.txt"},
      {"attachment; filename=\"a\\\"b\\\\;c\"; x=y", "a\"b\\;c"},
      {"attachment ; filename = a ; x", "a"},
      {"attachment;;filename=a", "a"},
      {"attachment; filename", std::nullopt},
      {"attachment; filename=", ""},
      {"attachment; filenames=a", std::nullopt},
      {"attachment; xfilename=a", std::nullopt},
      {"filename=a", std::nullopt},  // the value of the header itself
      {"attachment; filename=\"a", "a"},
      {"attachment; filename=\"a;b\"; filename=c", "a;b"},
      // RFC 2045 5.1: comments.
      {"(;filename=x) attachment (;filename=y); (c) filename (d=;) = (e) \"a\" (;) ; x", "a"},
      {"a; (f; filename=b) filename=a (c) (d)", "a"},
      {"a; filename=a (b;c)", "a"},
      {"a; filename=a(1) b (2).txt", "a(1) b (2).txt"},  // which some write without quotes
      // What is said in several forms (RFC 2231 5, RFC 6266 4.3).
      {"a; filename=b; filename*=utf-8''a", "a"},
      {"a; filename*=utf-8''a; filename*0=b; filename=c", "a"},
      {"a; filename*0=a; filename=b; filename*1=c", "ac"},
      // RFC 2231 3: sections, in any order, each once, none behind one that is missing.
      {"a; filename*0=a; filename*1=b", "ab"},
      {"a; filename*1=b; filename*0=\"a \"", "a b"},
      {"a; filename*0=a; filename*0=x; filename*1=b", "ab"},
      {"a; filename*0=a; filename*2=c", "a"},
      {"a; filename*1=b", ""},
      {"a; filename*x=b", std::nullopt},
      // RFC 2231 4: charset, language, percent.
      {"a; filename*=utf-8''%C3%BC.txt", "\xc3\xbc.txt"},
      {"a; filename*=ISO-8859-1'de'%FC%zz%4", "\xc3\xbc%zz%4"},
      {"a; filename*=us-ascii'en-us'a%20b", "a b"},
      {"a; filename*=plain", "plain"},
      {"a; filename*0*=iso-8859-1''%E4; filename*1=\"%41\"; filename*2*=%42", "\xc3\xa4%41B"},
  };
  for (const auto& [value, found] : kCases) EXPECT_EQ(parameter(value, "filename"), found) << value;
}

TEST(MimeHeader, EncodedWordsAreUndone) {
  const struct {
    std::string_view text, decoded;
  } kCases[] = {
      {"plain =? text", "plain =? text"},
      {"=?utf-8?B?R3LDvMOfZQ==?=",
       "Gr\xc3\xbc\xc3\x9f"
       "e"},
      {"=?UTF-8?q?a_b=3D=c3=bc?=", "a b=\xc3\xbc"},
      {"=?iso-8859-1?Q?=FC?=", "\xc3\xbc"},
      {"=?iso-8859-1*de?Q?=FC?=", "\xc3\xbc"},
      {"=?windows-1251?Q?=FC?=", "\xfc"},
      // RFC 2047 6.2
      {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
      {"=?utf-8?q?a?= x =?utf-8?q?b?= ", "a x b "},
      {"=?utf-8?x?a?= =?utf-8?q?b?=", "=?utf-8?x?a?= b"},
      {"=?utf-8?q?a", "=?utf-8?q?a"},
      {"=?utf-8?q", "=?utf-8?q"},
      {"=?", "=?"},
      {"=?=?utf-8?q?a?=", "=?a"},
      {"=?utf-8?b?!?=", ""},
  };
  for (const auto& [text, decoded] : kCases) EXPECT_EQ(decode_words(text), decoded) << text;
}

TEST(MimeHeader, AHopIsTheAddressInBrackets) {
  EXPECT_EQ(hop_address("from a.example (b.example [192.0.2.1]) by c with ESMTP"), "192.0.2.1");
  EXPECT_EQ(hop_address("from [10.0.0.1] ([IPv6:2001:db8::1])"), "10.0.0.1");
  EXPECT_EQ(hop_address("from a ([ipv6:2001:db8::1]) by b"), "2001:db8::1");
  EXPECT_EQ(hop_address("from [a] ([[192.0.2.1]) by [b"), "192.0.2.1");
  for (const std::string_view none : {"", "from a by b", "from [a", "[]", "192.0.2.1", "[192.0.2.1"}) {
    EXPECT_EQ(hop_address(none), "") << none;
  }
}

TEST(MimeHeader, AddressesOfAListAreTakenAsTheyAreWritten) {
  const std::string list = "a@b, \"c, \\\"d\" <e@f>,, <g@h>,\"open, i@j";
  Bytes rest = to_bytes(list);
  std::vector<std::string> out;
  for (std::string_view address; next_address(rest, address);) out.emplace_back(address);
  EXPECT_THAT(out, ElementsAre("a@b", "\"c, \\\"d\" <e@f>", "<g@h>", "\"open, i@j"));
}

/// Decoded in pieces of one size; the lines of `coded` are told apart.
template <class Decoder>
std::pair<std::string, bool> decoded(std::string_view coded, size_t piece) {
  Decoder decoder;
  std::string out;
  for (size_t at = 0; at < coded.size(); at += piece) decoder.decode(to_bytes(coded.substr(at, piece)), out);
  if constexpr (requires { decoder.finish(out); }) {
    decoder.finish(out);
  } else {
    decoder.end_line(out);
  }
  return {out, decoder.invalid()};
}

TEST(MimeCoding, Base64IsUndoneHoweverItIsCut) {
  const struct {
    std::string_view coded, text;
    bool invalid;
  } kCases[] = {
      {"aGVsbG8=", "hello", false},
      {"aGVs\r\nbG8", "hello", false},
      {"a G\tV s b\r\nG 8 =", "hello", false},
      {"QQ==Qg==", "AB", false},
      {"QUI=QUI=", "ABAB", false},
      {"", "", false},
      {"Q", "", true},
      {"QUJDR", "ABC", true},
      {"QU-JD", "ABC", true},
      {"QU\xff"
       "JD",
       "ABC", true},
      {"====", "", false},
  };
  for (const auto& [coded, text, invalid] : kCases) {
    for (size_t piece : {1, 2, 3, 5, 100}) {
      EXPECT_EQ(decoded<Base64>(coded, piece), std::pair(std::string(text), invalid)) << coded << ' ' << piece;
    }
  }
}

TEST(MimeCoding, ManyCharactersAtOnceAreWhatTheyAreOneByOne) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string coded;
    const size_t size = random() % 200;
    // Mostly of the alphabet: blocks of nothing else are common, and end anywhere.
    const auto odd = static_cast<uint32_t>(1 + random() % 100);
    while (coded.size() < size) {
      constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      coded += random() % odd == 0 ? static_cast<char>(random()) : kAlphabet[random() % kAlphabet.size()];
    }
    EXPECT_EQ(decoded<Base64>(coded, coded.size() + 1), decoded<Base64>(coded, 1)) << coded;
  }
}

TEST(MimeCoding, ManyLinesAtOnceAreWhatTheyAreOneByOne) {
  std::mt19937 random(1);
  size_t at_once = 0;
  for (int round = 0; round < 500; ++round) {
    std::string coded;
    const auto odd = static_cast<uint32_t>(200 + random() % 2000);
    for (int line = 0; line < 40; ++line) {
      const size_t size = random() % 4 ? 76 : random() % 90;
      for (size_t i = 0; i < size; ++i)
        coded += random() % odd == 0 ? static_cast<char>(random()) : static_cast<char>('A' + random() % 26);
      coded += random() % 4 ? "\r\n" : "\n";
    }
    Base64 decoder;
    std::string out;
    for (Bytes rest = to_bytes(coded); !rest.empty();) {
      size_t used = decoder.decode_lines(rest, 76, out);
      at_once += used;
      if (used == 0) decoder.decode(rest.first(used = 1), out);
      rest = rest.subspan(used);
    }
    decoder.finish(out);
    EXPECT_EQ(std::pair(out, decoder.invalid()), decoded<Base64>(coded, 1)) << coded;
  }
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) {
    EXPECT_GT(at_once, 300'000U);
  }
#endif
}

TEST(MimeCoding, QuotedPrintableIsUndoneHoweverItIsCut) {
  const struct {
    std::string_view coded, text;
    bool invalid;
  } kCases[] = {
      {"a=3Db=c3=BC", "a=b\xc3\xbc", false},
      {"plain", "plain", false},
      {"soft=", "soft", false},
      {"soft= \t", "soft", false},
      {"=zz", "=zz", true},
      {"=4", "=4", true},
      {"=4z", "=4z", true},
      {"==3D", "==", true},
      {"= x", "= x", true},
  };
  for (const auto& [coded, text, invalid] : kCases) {
    for (size_t piece : {1, 2, 3, 100}) {
      EXPECT_EQ(decoded<QuotedPrintable>(coded, piece), std::pair(std::string(text), invalid)) << coded << ' ' << piece;
    }
  }
  std::string out;
  QuotedPrintable decoder;
  decoder.decode(to_bytes("a="), out);
  EXPECT_FALSE(decoder.end_line(out));
  decoder.decode(to_bytes("b"), out);
  EXPECT_TRUE(decoder.end_line(out));
  EXPECT_EQ(out, "ab");
}

TEST(MimeUrl, AUrlReachesFromItsSchemeToTheEndOfTheWord) {
  const std::vector<std::string> schemes = {"http", "mailto"};
  EXPECT_EQ(find_url("(HTTP://x/y?z)", schemes).text, "HTTP://x/y?z)");
  EXPECT_EQ(find_url("a:http://x", schemes).text, "http://x");
  EXPECT_EQ(find_url("mailto:a@b", schemes).text, "mailto:a@b");
  EXPECT_EQ(find_url("mailto:a@b", schemes).scheme, 7u);
  EXPECT_EQ(find_url("https://x", schemes).text, "");
  EXPECT_EQ(find_url("http:/x", schemes).text, "");
  EXPECT_EQ(find_url("[url=http://x/y]z[/url]", schemes).text, "http://x/y");
  EXPECT_EQ(find_url("[http://[::1]:80/y]", schemes).text, "http://[::1]:80/y");
  EXPECT_EQ(find_url("http://[::1", schemes).text, "http://[::1");
  EXPECT_EQ(find_url("://x", schemes).text, "");
}

TEST(MimeUrl, WordsWithAColonAreFoundHoweverTextIsCut) {
  std::minstd_rand random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 60, 'x');
    for (char& c : text) c = "ab:: \n<"[random() % 7];
    std::vector<std::string> wanted, got;
    std::string_view rest = text;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find_first_of(" \n<"), rest.size());
      const std::string_view one = rest.substr(0, std::min<size_t>(end, 8));
      if (one.find(':') != one.npos) wanted.emplace_back(std::string(one) + (end > 8 ? "+" : ""));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    Words words(8);
    const auto note = [&](std::string_view found, bool cut) {
      got.emplace_back(std::string(found) + (cut ? "+" : ""));
    };
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min<size_t>(1 + random() % 20, text.size() - at);
      words.take(to_bytes(std::string_view(text).substr(at, size)), note);
      at += size;
    }
    words.finish(note);
    EXPECT_EQ(got, wanted) << text;
  }
}

}  // namespace
}  // namespace lapwing::mime
