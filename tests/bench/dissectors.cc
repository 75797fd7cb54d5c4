// Protocols one by one: what their dissectors take for what is said over and over, without packets, records and rules.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "sensor/app/app_layer.h"
#include "tests/bench/defaults.h"

namespace lapwing {
namespace {

constexpr auto kClient = Direction::to_server, kServer = Direction::to_client;

struct Turn {
  Direction direction;
  std::string bytes;
};

/// A flow: what opens it, and what is said in it then, over and over. `behind`: the flow that announces it.
struct Talk {
  uint16_t client_port, server_port;
  bool datagrams = false;
  std::vector<Turn> opening = {}, turns = {};
  const Talk* behind = nullptr;
};

/// The application layer, and nobody behind it.
class Listener final : private AppSink {
 public:
  Listener() : app_(config().app, config().budget, *this) {}

  Flow begin(const Talk& talk) {
    Flow flow;
    flow.key.ip_version = 4;
    flow.key.proto = talk.datagrams ? ip_proto::udp : ip_proto::tcp;
    flow.key.port[0] = talk.client_port;
    flow.key.port[1] = talk.server_port;
    flow.bytes[0] = uint64_t{1} << 40;  // which pay for whatever it costs
    app_.greet(flow, {});
    say(flow, talk, talk.opening);
    return flow;
  }
  void say(Flow& flow, const Talk& talk, const std::vector<Turn>& turns) {
    for (const Turn& turn : turns) {
      uint64_t& offset = said_[index(turn.direction)];
      app_.chunk(
          flow,
          {.data = to_bytes(turn.bytes), .offset = offset, .direction = turn.direction, .datagram = talk.datagrams});
      offset += turn.bytes.size();
    }
  }
  void end(Flow& flow) {
    app_.finish(flow, {});
    said_ = {};
  }

 private:
  void event(Flow&, const Event& event) override { benchmark::DoNotOptimize(&event); }
  void anomaly(Flow&, const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk&) override {}
  void frame(Flow&, const MessageFrame&) override {}
  void recognition_anomaly(Flow&, RecognitionAnomaly, Direction) override {}

  AppLayer app_;
  std::array<uint64_t, 2> said_{};  // offsets of the flow at hand
};

std::string block(unsigned number) {
  return {'\0', '\3', static_cast<char>(number >> 8), static_cast<char>(number)};
}

const Talk kFtp{
    .client_port = 40000,
    .server_port = 21,
    .opening = {{kServer, "220 FTP server ready\r\n"}, {kClient, "USER ann\r\n"}, {kServer, "331 go on\r\n"}},
    .turns = {{kClient, "CWD notes\r\n"},
              {kServer, "250 Directory successfully changed.\r\n"},
              {kClient, "PASV\r\n"},
              {kServer, "227 Entering Passive Mode (10,0,0,2,4,1).\r\n"},
              {kClient, "RETR notes.txt\r\n"},
              {kServer, "150 Opening BINARY mode data connection for notes.txt (4711 bytes).\r\n"},
              {kServer, "226 Transfer complete.\r\n"}}};
const Talk kFtpCommand{.client_port = 40000,
                       .server_port = 21,
                       .opening = {{kServer, "220 FTP server ready\r\n"},
                                   {kClient, "PASV\r\n"},
                                   {kServer, "227 (10,0,0,2,4,1)\r\n"},
                                   {kClient, "RETR a\r\n"}}};
const Talk kFtpData{
    .client_port = 40001, .server_port = 1025, .turns = {{kServer, std::string(1460, 'x')}}, .behind = &kFtpCommand};
const Talk kTftpRequests{.client_port = 40000,
                         .server_port = 69,
                         .datagrams = true,
                         .turns = {{kClient, std::string("\0\1boot.img\0octet\0", 17)}}};
const Talk kTftpRead{.client_port = 40000,
                     .server_port = 69,
                     .datagrams = true,
                     .opening = {{kClient, std::string("\0\1boot.img\0octet\0", 17)}}};

/// Each has the next number: a block that came already is dropped.
std::vector<Turn> blocks() {
  std::vector<Turn> out;
  for (unsigned number = 1; number <= 50; ++number) {
    out.push_back({kClient, block(number) + std::string(512, 'x')});
    out.push_back({kServer, std::string("\0\4", 2) + block(number).substr(2)});
  }
  return out;
}
const Talk kTftp{.client_port = 2069, .server_port = 40000, .datagrams = true, .turns = blocks(), .behind = &kTftpRead};

/// `times`: how often a flow says its turns.
void talk(benchmark::State& state, const Talk& talk, size_t times) {
  Listener listener;
  for (auto _ : state) {
    Flow announcing;
    if (talk.behind) {
      announcing = listener.begin(*talk.behind);
      listener.end(announcing);
    }
    Flow flow = listener.begin(talk);
    if (talk.behind && !flow.slots[static_cast<size_t>(FlowSlot::app)]) state.SkipWithError("nobody announced it");
    for (size_t i = 0; i < times; ++i) listener.say(flow, talk, talk.turns);
    listener.end(flow);
  }
  size_t bytes = 0;
  for (const Turn& turn : talk.turns) bytes += turn.bytes.size();
  const auto flows = static_cast<int64_t>(state.iterations() * times);
  state.SetItemsProcessed(flows * static_cast<int64_t>(talk.turns.size()));
  state.SetBytesProcessed(flows * static_cast<int64_t>(bytes));
}
BENCHMARK_CAPTURE(talk, ftp, kFtp, 100);
BENCHMARK_CAPTURE(talk, ftp_data, kFtpData, 1000);
BENCHMARK_CAPTURE(talk, tftp_requests, kTftpRequests, 100);
BENCHMARK_CAPTURE(talk, tftp, kTftp, 1);

}  // namespace
}  // namespace lapwing

BENCHMARK_MAIN();
