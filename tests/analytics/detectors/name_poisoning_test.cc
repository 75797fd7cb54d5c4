#include "analytics/detectors/name_poisoning.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/analytics/detectors/dns_scene.h"
#include "tests/analytics/detectors/packet_scene.h"

namespace lapwing::analytics {
namespace {

constexpr uint16_t kNbns = 137, kMdns = 5353, kLlmnr = 5355;

/// Hosts 10.0.0.NN by number; 0 is everybody.
class NamePoisoningTest : public testing::Test {
 protected:
  static std::vector<uint8_t> labels(std::string_view name, uint16_t port) {
    std::vector<uint8_t> out;
    if (port == kNbns) {
      out.push_back(32);
      for (size_t i = 0; i < 16; ++i) {
        const auto c = static_cast<uint8_t>(i == 15 ? 0 : i < name.size() ? name[i] : ' ');
        out.push_back(static_cast<uint8_t>('A' + (c >> 4)));
        out.push_back(static_cast<uint8_t>('A' + (c & 15)));
      }
    } else {
      for (std::string_view label : split(name, '.')) {
        out.push_back(static_cast<uint8_t>(label.size()));
        out.insert(out.end(), label.begin(), label.end());
      }
    }
    out.push_back(0);
    return out;
  }
  static std::string host(uint8_t number, uint16_t port) {
    return number           ? "10.0.0." + std::to_string(number)
           : port == kMdns  ? "224.0.0.251"
           : port == kLlmnr ? "224.0.0.252"
                            : "10.0.0.255";
  }
  void send(double at, uint16_t port, uint8_t from, uint8_t to, std::vector<uint8_t> header, std::string_view name,
            int address) {
    const auto high = static_cast<uint8_t>(port >> 8), low = static_cast<uint8_t>(port);
    std::vector<uint8_t> bytes = {high, low, high, low, 0, 0, 0, 0, 0, 1};
    const auto add = [&](const std::vector<uint8_t>& more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
    add(header);
    const auto type = static_cast<uint8_t>(port == kNbns ? 32 : 1);
    if (header[3] == 1) {
      add(labels(name, port));
      add({0, type, 0, 1});
    }
    if (address > 0) {
      if (header[3] == 1) {
        add({0xc0, 12});
      } else {
        add(labels(name, port));
      }
      add({0, type, 0, 1, 0, 0, 0, 30, 0, static_cast<uint8_t>(port == kNbns ? 6 : 4)});
      if (port == kNbns) add({0, 0});
      add({10, 0, 0, static_cast<uint8_t>(address)});
    }
    show_packet(scene_.at(at), "local_names", std::move(bytes), 4, host(from, port), host(to, port));
  }
  void question(double at, uint16_t port, uint8_t asker, std::string_view name) {
    send(at, port, asker, 0, {1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0}, name, 0);
  }
  void answer(double at, uint16_t port, uint8_t from, uint8_t to, std::string_view name, uint8_t address) {
    send(at, port, from, port == kMdns ? 0 : to, {0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0}, name, address);
  }
  void announce(double at, uint16_t port, uint8_t from, std::string_view name) {
    if (port == kNbns) {
      send(at, port, from, 0, {0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1}, name, from);
    } else {
      answer(at, port, from, 0, name, from);
    }
  }
  void ask(double at, uint16_t port, uint8_t asker, std::string_view name, uint8_t from, uint8_t address = 0) {
    question(at, port, asker, name);
    answer(at + 0.01, port, from, asker, name, address ? address : from);
  }
  void login(double at, uint8_t client, uint8_t server) {
    FlowRef flow = scene_.at(at).flow({host(client, 0), host(server, 0), 80});
    scene_.at(at + 1).login(flow, {.user = "someone", .outcome = Outcome::success, .clear = true});
  }
  std::vector<Behaviour> found() const { return scene_.found(*detector<NamePoisoning>().read(OptionSource())); }
  test::DnsScene scene_;
};

TEST_F(NamePoisoningTest, AnswersForWhateverIsAsked) {
  ask(0, kLlmnr, 3, "fileshrae", 9);
  ask(1, kNbns, 4, "PRNTSRV", 9);
  EXPECT_TRUE(found().empty());
  ask(2, kLlmnr, 3, "intranett", 9);
  const auto all = found();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().subject, "10.0.0.9");
  EXPECT_EQ(all.back().objects, (std::vector<std::string>{"10.0.0.3", "10.0.0.4"}));
  EXPECT_EQ(all.back().severity, 80);
  EXPECT_NE(all.back().evidence.find(R"("names":["fileshrae","prntsrv","intranett"])"), std::string::npos)
      << all.back().evidence;
}

TEST_F(NamePoisoningTest, ALoginBecauseOfItIsWorse) {
  for (int i = 0; i < 3; ++i) ask(i, kLlmnr, 3, "name" + std::to_string(i), 9);
  login(4, 3, 9);
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found().back().severity, 90);
}

TEST_F(NamePoisoningTest, LoginsOfOthersAndLaterAreNot) {
  for (int i = 0; i < 3; ++i) ask(i, kLlmnr, 3, "name" + std::to_string(i), 9);
  login(4, 5, 9);
  login(5, 3, 8);
  login(30, 3, 9);
  ASSERT_FALSE(found().empty());
  EXPECT_EQ(found().back().severity, 80);
}

TEST_F(NamePoisoningTest, AnswersForWpad) {
  ask(0, kNbns, 3, "WPAD", 9);
  EXPECT_FALSE(found().empty());
}

TEST_F(NamePoisoningTest, AnswersForANameThatNobodyHas) {
  announce(0, kNbns, 9, "LAPTOP");
  scene_.at(10).say({.name = "fileshrae.corp.example", .rcode = 3, .client = "10.0.0.3"});
  ask(11, kLlmnr, 3, "fileshrae", 9);
  EXPECT_FALSE(found().empty());
}

TEST_F(NamePoisoningTest, ALoginToWhoGoesByAnotherName) {
  for (std::string_view called : {"WIN-0SEC4", "fileserv.corp.example"}) {
    scene_ = test::DnsScene();
    ask(0, kLlmnr, 3, "fileserv", 9);
    login(2, 3, 9);
    scene_.binding({.kind = BindingKind::ntlm, .side = Side::server, .name = called}, "10.0.0.9");
    const auto all = found();
    ASSERT_EQ(all.empty(), called.starts_with("fileserv"));
    if (!all.empty()) {
      EXPECT_EQ(all.back().severity, 90);
    }
  }
}

// As a cluster does, of whom the one that answers is not whom it is asked for.
TEST_F(NamePoisoningTest, WhatAnswersForAnotherAddressIsNotTheNameOfWhoAnswers) {
  ask(0, kLlmnr, 3, "cluster", 9, 10);
  login(2, 3, 10);
  for (const char* address : {"10.0.0.9", "10.0.0.10"}) {
    scene_.binding({.kind = BindingKind::ntlm, .side = Side::server, .name = "node1"}, address);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(NamePoisoningTest, MulticastDnsAloneNeedsMoreNames) {
  for (int i = 0; i < 5; ++i) ask(i, kMdns, 3, "name" + std::to_string(i) + ".local", 9);
  EXPECT_TRUE(found().empty());
  ask(6, kMdns, 3, "name6.local", 9);
  EXPECT_FALSE(found().empty());
}

// Look-alikes.

TEST_F(NamePoisoningTest, AnswersForNamesThatItAnnounced) {
  for (std::string_view name : {"NAS", "FILES", "MEDIA", "BACKUP"}) announce(0, kNbns, 2, name);
  for (std::string_view name : {"NAS", "FILES", "MEDIA", "BACKUP"}) {
    ask(1, kNbns, 3, name, 2);
    ask(2, kLlmnr, 3, name, 2);
  }
  for (int i = 0; i < 20; ++i) announce(10 + i, kMdns, 2, "app" + std::to_string(i) + ".local");
  for (int i = 0; i < 20; ++i) ask(40 + i, kMdns, 3, "app" + std::to_string(i) + ".local", 2);
  EXPECT_TRUE(found().empty());
}

TEST_F(NamePoisoningTest, APrinterHasAFewNames) {
  for (int i = 0; i < 50; ++i) {
    scene_.at(10 * i).say({.name = "printer.corp.example", .rcode = 3, .client = "10.0.0.3"});
    ask(10 * i + 1, kLlmnr, 3, "printer", 2);
    ask(10 * i + 2, kNbns, 3, "PRINTER", 2);
    ask(10 * i + 3, kMdns, 3, "printer-2.local", 2);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(NamePoisoningTest, OneThatPassesOnWhatOthersSay) {
  for (uint8_t i = 0; i < 50; ++i)
    ask(i, kMdns, 3, "host" + std::to_string(i) + ".local", 1, static_cast<uint8_t>(100 + i));
  EXPECT_TRUE(found().empty());
}

TEST_F(NamePoisoningTest, AServerOfNamesIsAskedAlone) {
  for (int i = 0; i < 20; ++i) {
    send(i, kNbns, 3, 2, {1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "NAME" + std::to_string(i), 0);
    answer(i + 0.01, kNbns, 2, 3, "NAME" + std::to_string(i), 7);
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(NamePoisoningTest, AnswersThatNobodyAskedFor) {
  for (int i = 0; i < 20; ++i) answer(i, kLlmnr, 9, 3, "name" + std::to_string(i), 9);
  EXPECT_TRUE(found().empty());
}

TEST_F(NamePoisoningTest, WhatAFloodLeavesIsBounded) {
  for (int i = 0; i < 5000; ++i) {
    ask(i * 0.001, kLlmnr, static_cast<uint8_t>(i % 250), "name" + std::to_string(i), static_cast<uint8_t>(1 + i % 3));
  }
  const auto all = found();
  ASSERT_FALSE(all.empty());
  for (const Behaviour& of : all) EXPECT_LE(of.evidence.size(), 4096U);
}

TEST_F(NamePoisoningTest, AMessageThatIsReadInPartIsCounted) {
  std::vector<uint8_t> bytes = {0x14, 0xe9, 0x14, 0xe9, 0, 0, 0, 0, 0, 0, 0x84, 0, 0, 0, 0, 100, 0, 0, 0, 0};
  const auto add = [&](const std::vector<uint8_t>& more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
  add(labels(std::string(60, 'a') + '.' + std::string(60, 'b') + '.' + std::string(60, 'c'), kMdns));
  for (int i = 0; i < 100; ++i) {
    if (i > 0) add({0xc0, 12});
    add({0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, 9});
  }
  show_packet(scene_.at(1), "local_names", std::move(bytes), 4, host(9, kMdns), host(0, kMdns));
  EXPECT_EQ(scene_.count(*detector<NamePoisoning>().read(OptionSource()), "analytics.name-poisoning.text_max"), 1U);
}

TEST_F(NamePoisoningTest, NamesBeyondThoseOfAHostAreCounted) {
  for (int i = 0; i < 34; ++i) {
    announce(i, kMdns, 5, "own" + std::to_string(i) + ".local");
    ask(i + 0.2, kLlmnr, 2, "asked" + std::to_string(i), 9);
  }
  EXPECT_EQ(scene_.count(*detector<NamePoisoning>().read(OptionSource()), "analytics.name-poisoning.names_max"), 4U);
}

}  // namespace
}  // namespace lapwing::analytics
