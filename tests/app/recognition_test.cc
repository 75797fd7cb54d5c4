// Whom the first bytes of a flow are taken for, when many protocols might be it.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "tests/app/made_up.h"
#include "tests/app/talk.h"

namespace lapwing::test {
namespace {

constexpr Direction kClient = Direction::to_server, kServer = Direction::to_client;

Likelihood sure_of_own_number(size_t number, const Chunk& first) {
  return first.data[0] == number ? Likelihood::sure : Likelihood::no;
}

TEST(Recognition, TellsMoreProtocolsApartThanAWordHasBits) {
  const MadeUp<kMaxProtocols> all(&sure_of_own_number);
  for (size_t number : {0, 63, 64, 127}) {
    Talk talk(AppConfig::read(Setting{}, {}, all.rows()));
    talk.say(kClient, std::string(20, static_cast<char>(number)));
    EXPECT_EQ(talk.protocol(), "made-up-" + std::to_string(number));
  }
}

TEST(Recognition, RefusesMoreThanItCanTellApart) {
  const MadeUp<kMaxProtocols + 1> all(&sure_of_own_number);
  EXPECT_THROW(AppConfig::read(Setting{}, {}, all.rows()), std::length_error);

  static constexpr std::array<FrameKind, kMaxFrameKinds + 1> kKinds{};
  Protocol framed{.name = "framed", .frames = kKinds};
  DissectorRow row = *MadeUp<1>(&sure_of_own_number).rows()[0];
  About about{.name = "framed"};
  row.about = &about;
  row.protocol = &framed;
  const DissectorRow* rows[] = {&row};
  EXPECT_THROW(AppConfig::read(Setting{}, {}, rows), std::length_error);
  framed.frames = framed.frames.first(kMaxFrameKinds);
  EXPECT_NO_THROW(AppConfig::read(Setting{}, {}, rows));
}

TEST(Recognition, AProtocolMayWantMoreOfItsFlowsReassembledThanOthers) {
  MadeUp<2> two(&sure_of_own_number);
  two.about(1).stream_depth = 0;
  const AppConfig config = AppConfig::read(Setting{}, {}, two.rows());
  EXPECT_EQ(config.protocols[0].stream_depth, std::nullopt);
  EXPECT_EQ(config.protocols[1].stream_depth, UINT64_MAX);
}

size_t asked_of_all(const auto& made_up) {
  size_t out = 0;
  for (size_t i = 0; i < made_up.rows().size(); ++i) out += made_up.asked(i);
  return out;
}

Likelihood never(size_t, const Chunk&) {
  return Likelihood::no;
}

TEST(Recognition, AsksThoseOnlyWhoseFirstByteItMayBe) {
  const std::string text = "xxxxxxxxxxxxxxxxxxxx";
  for (bool datagram : {false, true}) {
    MadeUp<100> others(&never);
    for (size_t i = 0; i < 100; ++i) others.about(i).starts = {bytes_of("y"), bytes_of("z")};
    others.about(7).starts = {bytes_of("x"), bytes_of("x")};
    Talk talk(AppConfig::read(Setting{}, {}, others.rows()));
    for (int i = 0; i < 3; ++i) datagram ? talk.datagram(0, text) : talk.say(kClient, text);
    for (int i = 0; i < 3; ++i) datagram ? talk.datagram(1, text) : talk.say(kServer, text);
    EXPECT_GT(others.asked(7), 0u);
    EXPECT_EQ(asked_of_all(others), others.asked(7)) << "not one of the others";
  }
}

Setting ports_of(const std::string& protocol, const std::string& ports) {
  Setting root;
  root.kind = Setting::Kind::map;
  Setting& node = root.make("app-layer.protocols." + protocol + ".detection-ports.dp");
  node.kind = Setting::Kind::scalar;
  node.scalar = ports;
  return root;
}

TEST(Recognition, AsksTheWeakOnTheirPortsAlone) {
  const std::string text = "xxxxxxxxxxxxxxxxxxxx";
  static constexpr uint16_t kPort[] = {69};
  for (bool datagram : {false, true}) {
    for (uint16_t port : std::initializer_list<uint16_t>{69, 7069, 9999}) {
      MadeUp<2> weak(&never);
      for (size_t i = 0; i < 2; ++i) weak.about(i).only_on_ports = true;
      weak.about(0).ports = kPort;
      Talk talk(AppConfig::read(ports_of("made-up-1", "7069"), {}, weak.rows()), 40000, port);
      datagram ? talk.datagram(0, text) : talk.say(kClient, text);
      EXPECT_EQ(weak.asked(0) > 0, port == 69) << port;
      EXPECT_EQ(weak.asked(1) > 0, port == 7069) << port;
    }
  }
}

TEST(Recognition, AsksTheWeakWhereTheyAreAnnounced) {
  MadeUp<3> all(+[](size_t number, const Chunk& first) {
    return number == 0 && first.data[0] == 'a' ? Likelihood::sure : number == 2 ? Likelihood::maybe : Likelihood::no;
  });
  all.about(1).only_on_ports = all.about(2).only_on_ports = true;
  DissectorRow changing = *all.rows()[0];
  changing.create = [](const Beginning& beginning) -> void* { return &beginning.sink; };
  changing.data = [](void* sink, const Chunk&) {
    static_cast<EventSink*>(sink)->become("made-up-2", nullptr);
    return Step::ok(1);
  };
  auto rows = all.rows();
  rows[0] = &changing;
  Talk talk(AppConfig::read(Setting{}, {}, rows));
  talk.say(kClient, "a").say(kClient, "what follows");
  EXPECT_EQ(talk.protocol(), "made-up-2");
  EXPECT_EQ(all.asked(1), 0u);
}

/// What is handed over from one protocol to the next.
struct Handed : Context {
  int value = 0;
};

/// What the second protocol of the test began with.
struct Begun {
  std::string from;
  uint64_t first_id = 0;
  int handed = 0;
} begun;

TEST(Recognition, WhoBecomesAnotherHandsOverItsNameNumbersAndContext) {
  MadeUp<2> all(+[](size_t number, const Chunk& first) {
    return first.data[0] == (number == 0 ? 'a' : 'b') ? Likelihood::sure : Likelihood::no;
  });
  DissectorRow first = *all.rows()[0], second = *all.rows()[1];
  first.create = [](const Beginning& beginning) -> void* { return &beginning.sink; };
  first.data = [](void* sink, const Chunk&) {
    Transaction tx;
    tx.id = 4;
    static_cast<EventSink*>(sink)->emit({.tx = &tx});
    auto handed = std::make_shared<Handed>();
    handed->value = 7;
    static_cast<EventSink*>(sink)->become("made-up-1", std::move(handed));
    return Step::ok(1);
  };
  second.create = [](const Beginning& beginning) -> void* {
    const auto handed = std::dynamic_pointer_cast<const Handed>(beginning.context);
    begun = {std::string(beginning.from), beginning.first_id, handed ? handed->value : 0};
    return nullptr;
  };
  const std::vector<const DissectorRow*> rows{&first, &second};
  Talk talk(AppConfig::read(Setting{}, {}, rows));
  talk.say(kClient, "a").say(kClient, "b");
  EXPECT_EQ(talk.protocol(), "made-up-1");
  EXPECT_EQ(begun.from, "made-up-0");
  EXPECT_EQ(begun.first_id, 5u);
  EXPECT_EQ(begun.handed, 7);
}

TEST(Recognition, AFlowMayGoOnUnderAnotherName) {
  MadeUp<2> all(+[](size_t number, const Chunk&) { return number == 0 ? Likelihood::sure : Likelihood::no; });
  DissectorRow first = *all.rows()[0];
  first.create = [](const Beginning& beginning) -> void* { return &beginning.sink; };
  first.data = [](void* sink, const Chunk& chunk) {
    if (chunk.data[0] == '!') static_cast<EventSink*>(sink)->rename("made-up-1");
    return Step::ok(chunk.data.size());
  };
  auto rows = all.rows();
  rows[0] = &first;
  Talk talk(AppConfig::read(Setting{}, {}, rows));
  EXPECT_EQ(talk.say(kClient, "a").protocol(), "made-up-0");
  EXPECT_EQ(talk.say(kClient, "!").protocol(), "made-up-1");
  EXPECT_EQ(talk.say(kClient, "a").protocol(), "made-up-1") << "and the same dissector reads on";
}

/// Of both orders of the list.
void expect_whatever_the_order(std::vector<const DissectorRow*> rows, uint16_t client_port, uint16_t server_port,
                               std::string_view wanted) {
  for (int order = 0; order < 2; ++order) {
    for (size_t piece : {100'000, 7, 1}) {
      Talk talk(AppConfig::read(Setting{}, {}, rows), client_port, server_port);
      talk.say(kClient, "some text that is long enough", piece);
      EXPECT_EQ(talk.protocol(), wanted) << "in pieces of " << piece;
    }
    Talk talk(AppConfig::read(Setting{}, {}, rows), client_port, server_port);
    EXPECT_EQ(talk.datagram(0, "some text").protocol(), wanted);
    std::ranges::reverse(rows);
  }
}

TEST(Recognition, PortsDecideBetweenEqualsAndTheOrderDoesNot) {
  static constexpr uint16_t kOne[] = {1001}, kOther[] = {1002};
  for (const Likelihood likelihood : {Likelihood::maybe, Likelihood::sure}) {
    MadeUp<2> both(likelihood == Likelihood::sure ? +[](size_t, const Chunk&) { return Likelihood::sure; }
                                                  : +[](size_t, const Chunk&) { return Likelihood::maybe; });
    both.about(0).ports = kOne;
    both.about(1).ports = kOther;
    expect_whatever_the_order(both.rows(), 40000, 1001, "made-up-0");
    expect_whatever_the_order(both.rows(), 40000, 1002, "made-up-1");
    expect_whatever_the_order(both.rows(), 1001, 1002, "made-up-1");
    if (likelihood == Likelihood::sure) expect_whatever_the_order(both.rows(), 40000, 9999, "made-up-0");
  }
}

TEST(Recognition, SureGoesBeforePossible) {
  static constexpr uint16_t kPort[] = {1001};
  MadeUp<2> both(+[](size_t number, const Chunk&) { return number == 1 ? Likelihood::sure : Likelihood::maybe; });
  both.about(0).ports = kPort;
  expect_whatever_the_order(both.rows(), 40000, 1001, "made-up-1");
}

TEST(Recognition, WhoIsSureOfLessHasItHoweverTheBytesCome) {
  static constexpr uint16_t kPort[] = {1001};
  MadeUp<2> both(+[](size_t number, const Chunk& first) {
    return first.data.size() >= (number == 0 ? 11 : 5) ? Likelihood::sure : Likelihood::more;
  });
  both.about(0).ports = kPort;
  auto rows = both.rows();
  for (int order = 0; order < 2; ++order) {
    for (size_t piece : {100'000, 12, 7, 1}) {
      Talk talk(AppConfig::read(Setting{}, {}, rows), 40000, 1001);
      EXPECT_EQ(talk.say(kClient, "some text that is long enough", piece).protocol(), "made-up-1") << piece;
    }
    std::ranges::reverse(rows);
  }
}

TEST(Recognition, OneTransportMayBeDissectedAndTheOtherNamed) {
  const std::string query("\0\7\1\0\0\1\0\0\0\0\0\0\1x\7example\0\0\1\0\1", 27);
  Setting root;
  root.kind = Setting::Kind::map;
  Setting& node = root.make("app-layer.protocols.dns.tcp.enabled");
  node.kind = Setting::Kind::scalar;
  node.scalar = "detection-only";
  Talk stream(AppConfig::read(root)), datagram(AppConfig::read(root));
  stream.say(kClient, std::string("\0\x1b", 2) + query).finish();
  datagram.datagram(0, query).finish();
  EXPECT_EQ(stream.protocol(), "dns");
  EXPECT_EQ(datagram.protocol(), "dns");
  EXPECT_EQ(stream.sink().records, 0u);
  EXPECT_EQ(stream.sink().frames, 0u);
  EXPECT_EQ(datagram.sink().records, 1u);
  EXPECT_GT(datagram.sink().frames, 0u);
}

TEST(Recognition, WhatOneSideMayHaveMeantTheOtherExplains) {
  const MadeUp<1> greeting(+[](size_t, const Chunk& first) {
    if (first.data[0] == 'x') return Likelihood::no;
    return first.direction == kClient ? Likelihood::sure : Likelihood::maybe;
  });
  for (const bool server_first : {true, false}) {
    for (const std::string& banner : {std::string("220 at your service"), std::string("x is no greeting")}) {
      Talk talk(AppConfig::read(Setting{}, {}, greeting.rows()));
      if (server_first) talk.say(kServer, banner);
      talk.say(kClient, "hello");
      if (!server_first) talk.say(kServer, banner);
      const bool fits = banner[0] != 'x';
      EXPECT_EQ(talk.side(kServer), fits ? "made-up-0" : "failed");
      EXPECT_EQ(talk.sink().anomalies.size(), fits ? 0u : 1u);
    }
  }
}

/// A message about example. of the type 1 or of one that nobody knows, which only its port makes DNS.
std::string dns(bool answer, bool known = true) {
  return std::string("\0\7", 2) + (answer ? "\x81\x80" : std::string("\1\0", 2)) +
         std::string("\0\1\0\0\0\0\0\0\7example\0", 17) + (known ? std::string("\0\1", 2) : "\xff\x17") +
         std::string("\0\1", 2);
}
const std::string kGibberish = "\x7fjunk that no protocol here begins with\r\n";

TEST(Recognition, DatagramsSeenFromTheAnswerOnAreTurned) {
  // The host at port[0] sends first.
  for (const bool known : {true, false}) {
    Talk answer(AppConfig::read(Setting{}), 53, 40000);
    answer.datagram(0, dns(true, known)).datagram(1, dns(false, known)).datagram(0, dns(true, known));
    EXPECT_EQ(answer.server_port(), 53);
    EXPECT_EQ(answer.side(kClient), "dns");
    EXPECT_EQ(answer.side(kServer), "dns");
    EXPECT_EQ(answer.sink().records, 3u);
    Talk question(AppConfig::read(Setting{}), 40000, 53);
    question.datagram(0, dns(false, known)).datagram(1, dns(true, known));
    EXPECT_EQ(question.server_port(), 53);
  }
  // Between servers, and away from any, it is the message that tells, if it does.
  for (uint16_t port : std::initializer_list<uint16_t>{53, 9999}) {
    Talk talk(AppConfig::read(Setting{}), port, port == 53 ? 53 : 40000);
    EXPECT_EQ(talk.datagram(0, dns(true)).side(kServer), "dns");
    Talk odd(AppConfig::read(Setting{}), port, port == 53 ? 53 : 40000);
    EXPECT_EQ(odd.datagram(0, dns(true, false)).side(kServer), "");
  }
}

TEST(Recognition, AQuestionBehindWhatNobodyUnderstoodTurnsTheFlow) {
  for (const int junk : {1, 3}) {
    Talk talk(AppConfig::read(Setting{}), 53, 40000);
    for (int i = 0; i < junk; ++i) talk.datagram(0, kGibberish);
    talk.datagram(1, dns(false)).datagram(0, dns(true));
    EXPECT_EQ(talk.server_port(), 53);
    EXPECT_EQ(talk.side(kClient), "dns");
    EXPECT_EQ(talk.side(kServer), "dns");
  }
  // Away from its port a protocol's question is no reason: who sent first is the client of all else.
  Talk away(AppConfig::read(Setting{}), 9999, 40000);
  away.datagram(0, kGibberish).datagram(1, dns(false));
  EXPECT_EQ(away.server_port(), 40000);
  // A server that asks back hides nothing of what comes to its port.
  Talk server(AppConfig::read(Setting{}), 40000, 53);
  server.datagram(0, kGibberish).datagram(1, dns(false)).datagram(0, dns(false));
  EXPECT_EQ(server.server_port(), 53);
}

TEST(Recognition, AGreetingIsReadBeforeTheCommandThatExplainsIt) {
  static std::string heard;
  for (const bool server_first : {false, true}) {
    const MadeUp<1> one(
        [](size_t, const Chunk& first) { return first.direction == kClient ? Likelihood::sure : Likelihood::no; });
    DissectorRow row = *one.rows()[0];
    About about = *row.about;
    about.server_first = server_first;
    row.about = &about;
    row.data = [](void*, const Chunk& chunk) {
      heard += to_text(chunk.data);
      return Step::ok(chunk.data.size());
    };
    heard.clear();
    const DissectorRow* rows[] = {&row};
    Talk(AppConfig::read(Setting{}, {}, rows)).say(kServer, "greeting").say(kClient, "command");
    EXPECT_EQ(heard, server_first ? "greetingcommand" : "commandgreeting");
  }
}

}  // namespace
}  // namespace lapwing::test
