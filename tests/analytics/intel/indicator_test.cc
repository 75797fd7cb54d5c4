#include "analytics/intel/indicator.h"

#include <gtest/gtest.h>

namespace lapwing::analytics {
namespace {

using Type = IndicatorType;

TEST(Indicator, NamesAreComparedInOneForm) {
  EXPECT_EQ(canonical(Type::domain, "WWW.Example.COM."), "www.example.com");
  EXPECT_EQ(canonical(Type::domain, "*.example.com"), "example.com");
  for (const char* bad : {"example", "", "..", "a..b", "10.0.0.1", "1.2.3", "b\xfcro.example", "a b.example"})
    EXPECT_FALSE(canonical(Type::domain, bad)) << bad;
  EXPECT_FALSE(canonical(Type::domain, std::string(64, 'a') + ".example"));
}

TEST(Indicator, NetworksLoseTheBitsOfTheHost) {
  EXPECT_EQ(canonical(Type::network, "198.51.100.77/24"), canonical(Type::network, "198.51.100.0/24"));
  EXPECT_NE(canonical(Type::network, "198.51.100.0/24"), canonical(Type::network, "198.51.100.0/25"));
  EXPECT_EQ(canonical(Type::network, "2001:DB8::1"), canonical(Type::network, "2001:db8:0::1/128"));
  for (const char* bad : {"198.51.100.0/33", "2001:db8::/129", "198.51.100", "198.51.100.0/", "198.51.100.0/-1"})
    EXPECT_FALSE(canonical(Type::network, bad)) << bad;
}

TEST(Indicator, UrlsThatAreTheSameHaveOneForm) {
  EXPECT_EQ(canonical(Type::url, "HTTP://Example.COM:80/a%7eb?q=%2f#part"), "example.com/a~b?q=%2F");
  EXPECT_EQ(canonical(Type::url, "https://example.com:443"), "example.com/");
  EXPECT_EQ(canonical(Type::url, "http://example.com:8080?x"), "example.com:8080/?x");
  EXPECT_EQ(canonical(Type::url, "http://user:secret@example.com/"), "example.com/");
  for (const char* bad : {"", "http://", "http:///a", "http://a b/", "http://example.com:http/", "http://[::1/"})
    EXPECT_FALSE(canonical(Type::url, bad)) << bad;
}

TEST(Indicator, HashesAndSerialsIgnoreCaseAndColons) {
  EXPECT_EQ(canonical(Type::sha1, "DA:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09"),
            "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_FALSE(canonical(Type::md5, "d41d8cd98f00b204e9800998ecf8427"));
  EXPECT_FALSE(canonical(Type::md5, "d41d8cd98f00b204e9800998ecf8427g"));
  EXPECT_EQ(canonical(Type::tls_serial, "00:0A:ff"), "aff");
  EXPECT_EQ(canonical(Type::tls_serial, "00"), "0");
}

TEST(Indicator, ARowOfAPlainListSaysWhatItIs) {
  const struct {
    const char* text;
    std::optional<Type> type;
  } rows[] = {{"198.51.100.7", Type::network},
              {"2001:db8::/48", Type::network},
              {"bad.example", Type::domain},
              {"=bad.example", Type::domain_exact},
              {"http://bad.example/x", Type::url},
              {"bad.example/x", Type::url},
              {"d41d8cd98f00b204e9800998ecf8427e", Type::md5},
              {"t13d1516h2_8daaf6152771_e5627efa2ab1", Type::ja4},
              {"who@bad.example", Type::email},
              {"nothing", std::nullopt},
              {"=", std::nullopt}};
  for (const auto& row : rows) {
    const auto found = guess(row.text);
    EXPECT_EQ(found ? std::optional(found->type) : std::nullopt, row.type) << row.text;
  }
}

}  // namespace
}  // namespace lapwing::analytics
