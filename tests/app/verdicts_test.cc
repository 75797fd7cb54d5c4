// Verdicts over captures: the order in which protocols are listed decides nothing, and none is taken for another.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>

#include "sensor/capture/packet_source.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/stream/stream_engine.h"
#include "tests/app/talk.h"

namespace lapwing::test {
namespace {

namespace fs = std::filesystem;

using Rows = std::vector<const DissectorRow*>;

/// The first bytes of one side of a flow, or its first datagram.
struct Message {
  std::string bytes;
  Direction direction;
  bool datagram;
  uint16_t client_port, server_port;

  Chunk chunk() const { return {.data = to_bytes(bytes), .direction = direction, .datagram = datagram}; }
};

/// The first datagrams of a flow.
struct Exchange {
  uint16_t client_port = 0, server_port = 0;
  std::string protocol;
  std::vector<std::pair<Direction, std::string>> datagrams;
};

/// From captures to verdicts, and nothing else.
class Path final : private StreamSink {
 public:
  explicit Path(const Rows& rows) : config_(AppConfig::read(Setting{}, {}, rows)) {}

  void read(const fs::path& capture) {
    auto sources = open_captures({capture.string()}, 1);
    Burst burst;
    while (sources[0]->receive(burst) == PacketSource::Result::frames) {
      for (const Frame& frame : burst.view()) take(frame);
      sources[0]->release(burst);
    }
    flows_.end_all(now_);
  }

  std::vector<std::string> verdicts;  // of flows, as they end
  std::vector<Message> messages;
  std::vector<Exchange> exchanges;

 private:
  /// What a side said first; what is cut into small pieces is put together.
  struct Beginning final : FlowAttachment {
    std::array<std::string, 2> bytes;
    Exchange exchange;
  };

  void take(const Frame& frame) {
    now_ = frame.time;
    const size_t count = decoder_.decode(frame, packets_);
    for (size_t i = 0; i < count; ++i) {
      const Packet& packet = packets_[i];
      if (!packet.wants_flow || packet.invalid || packet.is_fragment) continue;
      uint8_t direction = 0;
      Flow* flow = flows_.find_or_create(packet, flows_.look(packet), direction);
      if (flow) follow(*flow, packet, static_cast<Direction>(direction));
    }
  }
  void follow(Flow& flow, const Packet& packet, Direction direction) {
    if (packet.is_tcp()) {
      const FlowState before = flow.state;
      stream_.packet(flow, packet, direction);
      if (flow.state != before) flows_.set_state(flow, flow.state);
    } else if (packet.is_udp() && !packet.payload.empty()) {
      chunk(flow, {.data = packet.payload, .time = packet.time, .direction = direction, .datagram = true});
    }
    if (app_.reversed(flow)) turn(flow);
  }
  void turn(Flow& flow) {
    flow.key.proto == ip_proto::tcp ? stream_.swap_direction(flow) : flow.swap_direction();
    auto& said = *flow.get<Beginning>(FlowSlot::match);
    std::swap(said.bytes[0], said.bytes[1]);
    for (auto& [direction, text] : said.exchange.datagrams) direction = reverse(direction);
    app_.swap_direction(flow, now_);
  }
  void close(Flow& flow) {
    if (flow.key.proto == ip_proto::tcp) {
      stream_.finish(flow, now_);
      if (app_.reversed(flow)) turn(flow);
    }
    app_.finish(flow, now_);
    const Recognition seen = app_.recognition(flow);
    std::string verdict = to_string(flow.client()) + ':' + std::to_string(flow.client_port()) + ' ' +
                          to_string(flow.server()) + ':' + std::to_string(flow.server_port());
    for (const Spoken& spoken : {seen.final, seen.sides[0], seen.sides[1], Spoken{seen.original}}) {
      verdict += ' ' + std::string(spoken.known() ? spoken.name() : "-");
    }
    verdicts.push_back(verdict + ' ' + std::to_string(app_.transactions(flow)));
    auto* said = flow.get<Beginning>(FlowSlot::match);
    if (!said) return;
    if (seen.final.protocol && !said->exchange.datagrams.empty()) {
      exchanges.push_back({flow.client_port(), flow.server_port(), std::string(seen.final.name()),
                           std::move(said->exchange.datagrams)});
    }
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      if (said->bytes[index(direction)].empty()) continue;
      messages.push_back({said->bytes[index(direction)], direction, flow.key.proto != ip_proto::tcp, flow.client_port(),
                          flow.server_port()});
    }
  }
  void chunk(Flow& flow, const Chunk& chunk) override {
    auto& slot = flow.slots[static_cast<size_t>(FlowSlot::match)];
    if (!slot) slot = std::make_unique<Beginning>();
    auto& beginning = static_cast<Beginning&>(*slot);
    std::string& said = beginning.bytes[index(chunk.direction)];
    if (said.size() < (chunk.datagram ? 1 : AppLayer::kProbeLimit)) said += to_text(chunk.data);
    constexpr size_t kDatagrams = 8;
    if (chunk.datagram && beginning.exchange.datagrams.size() < kDatagrams) {
      beginning.exchange.datagrams.emplace_back(chunk.direction, to_text(chunk.data));
    }
    app_.chunk(flow, chunk);
  }
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override {
    app_.gap(flow, direction, offset, lost, time);
  }
  void behind_hole(Flow&, const Chunk&, uint64_t) override {}
  void event(Flow&, StreamAnomaly) override {}

  AppConfig config_;
  BudgetConfig budget_ = read_options<BudgetConfig>(Setting{}, budget_options());
  StreamConfig streams_ = read_options<StreamConfig>(Setting{}, stream_options());
  CountingSink sink_;
  Decoder decoder_{read_options<DecodeConfig>(Setting{}, decode_options()), ChecksumMode::none};
  AppLayer app_{config_, budget_, sink_};
  StreamEngine stream_{streams_, *this};
  FlowTable flows_{read_options<FlowConfig>(Setting{}, flow_options()), 1,
                   [this](Flow& flow, Timestamp) { close(flow); }};
  std::array<Packet, kMaxPackets> packets_;
  Timestamp now_;
};

std::vector<fs::path> captures() {
  std::vector<fs::path> out;
  for (const char* folder : {"pcaps", "../shared/corpus"}) {
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const auto kind = entry.path().extension();
      if (kind == ".pcap" || kind == ".pcapng" || kind == ".cap") out.push_back(entry.path());
    }
  }
  std::ranges::sort(out);
  return out;
}

TEST(Verdicts, DoNotDependOnTheOrderOfTheList) {
  const auto known = dissectors();
  Rows rows(known.begin(), known.end()), backwards(known.rbegin(), known.rend()), shuffled = rows;
  std::ranges::shuffle(shuffled, std::minstd_rand(7));
  Path one(rows), other(backwards), third(shuffled);
  for (const fs::path& capture : captures()) {
    for (Path* path : {&one, &other, &third}) {
      path->verdicts.clear();
      path->read(capture);
    }
    ASSERT_EQ(one.verdicts, other.verdicts) << capture;
    ASSERT_EQ(one.verdicts, third.verdicts) << capture;
  }
}

/// Whether nothing but their names decides between two that are as likely: what is merely possible needs its port.
bool ambiguous(const Message& message, const About& a, const About& b, bool sure) {
  auto rank = [&](const About& about) {
    auto listed = [&](uint16_t port) { return std::ranges::count(about.ports, port) > 0; };
    return listed(message.server_port) ? 2 : listed(message.client_port) ? 1 : 0;
  };
  return rank(a) == rank(b) && (sure || rank(a) > 0);
}

TEST(Verdicts, NoFirstMessageIsEquallyWellTwoProtocols) {
  const auto known = dissectors();
  Path path(Rows(known.begin(), known.end()));
  for (const fs::path& capture : captures()) path.read(capture);
  // By number: what one is surely, and what else it is, surely or perhaps.
  std::map<std::pair<size_t, size_t>, std::array<size_t, 2>> confused;
  for (const Message& message : path.messages) {
    std::array<std::vector<size_t>, 2> by_likelihood;  // sure, maybe
    for (size_t i = 0; i < known.size(); ++i) {
      if (!(known[i]->about->transports & (message.datagram ? transport::udp : transport::tcp))) continue;
      const Likelihood likelihood = known[i]->probe(message.chunk());
      if (likelihood == Likelihood::sure) by_likelihood[0].push_back(i);
      if (likelihood == Likelihood::maybe) by_likelihood[1].push_back(i);
    }
    const auto& [sure, maybe] = by_likelihood;
    for (size_t one : sure) {
      for (size_t other : sure) ++confused[{one, other}][0];
      for (size_t other : maybe) ++confused[{one, other}][1];
    }
    for (const auto& equals : by_likelihood) {
      for (size_t i = 1; i < equals.size(); ++i) {
        const About &a = *known[equals[i - 1]]->about, &b = *known[equals[i]]->about;
        EXPECT_FALSE(ambiguous(message, a, b, &equals == &sure))
            << a.name << " and " << b.name << " from " << message.client_port << " to " << message.server_port;
      }
    }
  }
  std::cout << path.messages.size() << " first messages; of those that are surely the one, so many are surely or "
            << "perhaps the other:\n";
  for (const auto& [pair, times] : confused) {
    std::cout << known[pair.first]->about->name << " - " << known[pair.second]->about->name << ": " << times[0] << " - "
              << times[1] << '\n';
  }
}

TEST(Verdicts, DatagramsPickedUpAtTheAnswerAreTheSame) {
  const auto known = dissectors();
  Path path(Rows(known.begin(), known.end()));
  for (const fs::path& capture : captures()) path.read(capture);
  size_t compared = 0, seen = 0;
  for (const Exchange& exchange : path.exchanges) {
    auto answer =
        std::ranges::find(exchange.datagrams, Direction::to_client, [](const auto& one) { return one.first; });
    if (answer == exchange.datagrams.end()) continue;
    ++seen;
    Talk talk(AppConfig::read(Setting{}), exchange.server_port, exchange.client_port);
    for (; answer != exchange.datagrams.end(); ++answer) {
      talk.datagram(answer->first == Direction::to_client ? 0 : 1, answer->second);
    }
    if (talk.protocol() != exchange.protocol) continue;  // an answer too broken to be one
    EXPECT_EQ(talk.server_port(), exchange.server_port) << exchange.client_port << ' ' << exchange.server_port;
    ++compared;
  }
  std::cout << compared << " of " << seen << "\n";
  EXPECT_GT(compared, seen / 2);
}

}  // namespace
}  // namespace lapwing::test
