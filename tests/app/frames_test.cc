// Frames: what a sink is shown of them must not depend on how the bytes came.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sensor/app/app_layer.h"
#include "sensor/base/setting.h"
#include "tests/app/made_up.h"

namespace lapwing {
namespace {

constexpr Direction kServer = Direction::to_server, kClient = Direction::to_client;
constexpr uint64_t kPiece = 128 << 10;  // the longest

struct Sink : AppSink {
  void event(Flow&, const Event&) override {}
  void anomaly(Flow&, const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk&) override {}
  void recognition_anomaly(Flow&, RecognitionAnomaly, Direction) override {}
  void frame(Flow&, const MessageFrame& frame) override {
    std::string line(frame.kind->name);
    line += " " + std::to_string(frame.id) + (frame.direction == kServer ? " > " : " < ");
    line += std::to_string(frame.offset) + "+" + std::to_string(frame.length) + " from " + std::to_string(frame.base);
    line += std::string(frame.first ? " first" : "") + (frame.complete ? " complete" : "");
    if (frame.missing)
      line += " then " + std::to_string(frame.missing) + " lost, " + std::string(to_text(frame.behind));
    if (frame.tx) line += " tx " + std::to_string(frame.tx->id);
    shown.push_back(line);
    bytes.emplace_back(to_text(frame.bytes));
  }
  std::vector<std::string> shown, bytes;
};

class Frames : public testing::Test {
 protected:
  explicit Frames(AppConfig config = AppConfig::read(Setting{})) : config_(std::move(config)) {
    flow_.key.proto = 6;
    flow_.key.port[0] = 40000;
    flow_.key.port[1] = 9999;
  }
  /// Bits by number, of the protocol.
  void want(std::string_view protocol, uint32_t bits) {
    std::vector<Wanted> wanted;
    for (const AppProtocol& row : config_.protocols) {
      wanted.push_back({.frames = row.row->protocol->name == protocol ? bits : 0});
    }
    app_.want(wanted);
  }
  void say(Direction direction, const std::string& text, size_t step) {
    uint64_t& offset = offsets_[index(direction)];
    for (size_t at = 0; at < text.size(); at += step) {
      const std::string part = text.substr(at, step);
      flow_.bytes[index(direction)] += part.size() + 54;  // headers
      app_.chunk(flow_, {.data = to_bytes(part), .offset = offset, .direction = direction});
      offset += part.size();
    }
  }
  void lose(Direction direction, uint64_t bytes) {
    app_.gap(flow_, direction, offsets_[index(direction)], bytes, {});
    offsets_[index(direction)] += bytes;
  }
  void finish() { app_.finish(flow_, {}); }

  AppConfig config_;
  Sink sink_;
  BudgetConfig budget_ = read_options<BudgetConfig>(Setting{}, budget_options());
  AppLayer app_{config_, budget_, sink_};
  Flow flow_;
  std::array<uint64_t, 2> offsets_{};
};

const std::string kRequest = "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nbody";
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Steps : public Frames, public testing::WithParamInterface<size_t> {};

TEST_P(Steps, OfHttpAreItsMessages) {
  want("http", 7);
  for (int i = 0; i < 2; ++i) {
    say(kServer, kRequest, GetParam());
    say(kClient, kAnswer, GetParam());
  }
  finish();
  const std::string request = std::to_string(kRequest.size()), answer = std::to_string(kAnswer.size());
  EXPECT_EQ(sink_.shown,
            (std::vector<std::string>{"request 2 > 0+" + request + " from 0 first complete tx 0",
                                      "response 2 < 0+" + answer + " from 0 first complete tx 0",
                                      "request 3 > " + request + "+" + request + " from 0 first complete tx 1",
                                      "response 3 < " + answer + "+" + answer + " from 0 first complete tx 1",
                                      "stream 1 > 0+" + std::to_string(2 * kRequest.size()) + " from 0 first",
                                      "stream 1 < 0+" + std::to_string(2 * kAnswer.size()) + " from 0 first"}));
  EXPECT_EQ(sink_.bytes[0], kRequest);
  EXPECT_EQ(sink_.bytes[3], kAnswer);
}

TEST_P(Steps, LongerThanAPieceComeInOverlappingPieces) {
  want("http", 2);
  std::string body;
  while (body.size() < 300'000) body += std::to_string(body.size()) + " ";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  say(kServer, kRequest, GetParam());
  say(kClient, answer, GetParam());
  finish();
  ASSERT_EQ(sink_.shown.size(), answer.size() / (kPiece / 2) + 1);
  for (size_t i = 0; i < sink_.bytes.size(); ++i) {
    const uint64_t base = i < 2 ? 0 : (i - 1) * kPiece / 2;
    EXPECT_EQ(sink_.bytes[i], answer.substr(base, (i + 1) * kPiece / 2 - base)) << i;
    EXPECT_EQ(sink_.shown[i].ends_with("complete tx 0"), i + 1 == sink_.bytes.size()) << sink_.shown[i];
  }
}

/// What is in front of the hole is shown with 4 KiB of what is behind it, or with all where the frame is over before.
TEST_P(Steps, OverAGapGoOn) {
  const auto answer = [](size_t size) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\nab";
  };
  const std::string longer = answer(2 + 3 + 10'000), shorter = answer(2 + 3 + 4);
  const uint64_t begin = longer.size() + 3 + 10'000;  // of the second
  want("http", 2);
  for (int i = 0; i < 2; ++i) say(kServer, kRequest, GetParam());
  say(kClient, longer, GetParam());
  lose(kClient, 3);
  say(kClient, std::string(4095, 'x'), GetParam());
  EXPECT_TRUE(sink_.shown.empty());
  say(kClient, std::string(10'000 - 4095, 'x') + shorter, GetParam());
  lose(kClient, 3);
  say(kClient, "wxyz", GetParam());
  finish();
  const std::string first = "response 2 < 0+", second = "response 3 < " + std::to_string(begin) + "+";
  EXPECT_EQ(
      sink_.shown,
      (std::vector<std::string>{
          first + std::to_string(longer.size()) + " from 0 first then 3 lost, " + std::string(4096, 'x') + " tx 0",
          first + std::to_string(begin) + " from " + std::to_string(longer.size() + 3) + " complete tx 0",
          second + std::to_string(shorter.size()) + " from 0 first then 3 lost, wxyz tx 1",
          second + std::to_string(shorter.size() + 7) + " from " + std::to_string(shorter.size() + 3) +
              " complete tx 1"}));
  EXPECT_EQ(sink_.bytes[0], longer);
  EXPECT_EQ(sink_.bytes[1], std::string(10'000, 'x'));
  EXPECT_EQ(sink_.bytes[3], "wxyz");
}

TEST_F(Frames, AnotherGapOrTheEndShowsWhatWaits) {
  want("http", 2);
  say(kServer, kRequest, 100);
  say(kClient, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nab", 100);
  lose(kClient, 2);
  say(kClient, "ef", 100);
  lose(kClient, 2);
  EXPECT_EQ(sink_.shown, std::vector<std::string>{"response 2 < 0+41 from 0 first then 2 lost, ef tx 0"});
  say(kClient, "ij", 100);
  finish();
  ASSERT_EQ(sink_.shown.size(), 3u);
  EXPECT_EQ(sink_.bytes[1], "ef");
  EXPECT_EQ(sink_.bytes[2], "ij");
}

/// What waits is kept, however far behind the hole the stream goes on.
TEST_P(Steps, OverAGapLongerThanPieces) {
  constexpr size_t kLost = 200'000;
  const std::string front = "HTTP/1.1 200 OK\r\nContent-Length: 200006\r\n\r\nab";
  want("http", 2);
  say(kServer, kRequest, GetParam());
  say(kClient, front, GetParam());
  lose(kClient, kLost);
  say(kClient, "xy", GetParam());
  EXPECT_TRUE(sink_.shown.empty());
  say(kClient, "zz", GetParam());
  finish();
  ASSERT_EQ(sink_.shown.size(), 2u);
  EXPECT_EQ(sink_.shown[0],
            "response 2 < 0+" + std::to_string(front.size()) + " from 0 first then 200000 lost, xyzz tx 0");
  EXPECT_EQ(sink_.bytes, (std::vector<std::string>{front, "xyzz"}));
}

INSTANTIATE_TEST_SUITE_P(Chunks, Steps, testing::Values(1'000'000, 1400, 7, 1));

TEST_F(Frames, BrokenByAGapEndInPieces) {
  want("http", 2);
  say(kServer, kRequest, 100);
  say(kClient, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabcd", 100);
  lose(kClient, 4);
  say(kClient, "ijkl", 100);
  EXPECT_EQ(sink_.shown, (std::vector<std::string>{"response 2 < 0+43 from 0 first then 4 lost, ijkl tx 0",
                                                   "response 2 < 0+51 from 47 complete tx 0"}));
  EXPECT_EQ(sink_.bytes[1], "ijkl");
}

TEST_F(Frames, TheFlowsEndShowsWhatIsThere) {
  want("http", 1);
  say(kServer, kRequest.substr(0, 20), 100);
  finish();
  EXPECT_EQ(sink_.shown, std::vector<std::string>{"request 2 > 0+20 from 0 first tx 0"});
}

/// One whose transaction is over, and gone, with the first bytes of a frame of ten.
struct Hasty {
  static constexpr FrameKind kKinds[] = {{"ten", "bytes"}};
  static Likelihood probe(size_t, const Chunk&) { return Likelihood::sure; }
  static void* create(const Beginning& beginning) { return new Hasty{beginning.sink}; }
  static void destroy(void* hasty) { delete static_cast<Hasty*>(hasty); }
  static Step data(void* hasty, const Chunk& chunk) {
    if (chunk.offset == 0) {
      EventSink& sink = static_cast<Hasty*>(hasty)->sink;
      Transaction tx;
      sink.frame(0, chunk.direction, 0, chunk.data.size(), &tx);
      sink.frame(0, chunk.direction, 0, 10, &tx);
      tx.progress = {kComplete, kComplete};
      sink.emit({.protocol = &protocol, .tx = &tx, .direction = chunk.direction});
    }
    return Step::ok(chunk.data.size());
  }
  EventSink& sink;
  static inline Protocol protocol{.name = "hasty", .frames = kKinds};
};

class Orphans : public Frames {
 protected:
  Orphans() : Frames(config()) {}

 private:
  static AppConfig config() {
    static const test::MadeUp<1> one(&Hasty::probe);
    static DissectorRow row = *one.rows()[0];
    static const About about{.name = "hasty", .transports = transport::tcp, .help = "nothing"};
    row.about = &about;
    row.protocol = &Hasty::protocol;
    row.create = &Hasty::create;
    row.destroy = &Hasty::destroy;
    row.data = &Hasty::data;
    const DissectorRow* rows[] = {&row};
    return AppConfig::read(Setting{}, {}, rows);
  }
};

TEST_F(Orphans, NameNoTransactionThatIsGone) {
  want("hasty", 1);
  say(kServer, "0123456789", 6);
  EXPECT_EQ(sink_.shown,
            (std::vector<std::string>{"ten 2 > 0+6 from 0 first complete tx 0", "ten 3 > 0+10 from 0 first complete"}));
}

TEST_F(Frames, NobodyWantsCostNothing) {
  say(kServer, kRequest, 100);
  say(kClient, kAnswer, 100);
  finish();
  EXPECT_TRUE(sink_.shown.empty());
}

}  // namespace
}  // namespace lapwing
