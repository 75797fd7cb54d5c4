// The stream engine over any sequence of TCP packets: chunks and gaps must tile each direction without holes.
#include <array>
#include <vector>

#include "sensor/stream/stream_engine.h"

using namespace lapwing;

namespace {

class TilingSink : public StreamSink {
 public:
  void chunk(Flow&, const Chunk& chunk) override {
    size_t d = index(chunk.direction);
    if (ended[d] || chunk.offset != at[d]) __builtin_trap();
    for (uint8_t byte : chunk.data) sum += byte;  // every byte must be readable
    at[d] += chunk.data.size();
    ended[d] = chunk.end;
  }
  void gap(Flow&, Direction direction, uint64_t offset, uint64_t lost, Timestamp) override {
    size_t d = index(direction);
    if (ended[d] || offset != at[d] || lost == 0) __builtin_trap();
    at[d] += lost;
  }
  void behind_hole(Flow&, const Chunk& chunk, uint64_t) override {
    size_t d = index(chunk.direction);
    if (ended[d] || chunk.offset < at[d] || chunk.data.empty()) __builtin_trap();
    for (uint8_t byte : chunk.data) sum += byte;
  }
  void event(Flow&, StreamAnomaly event) override { sum += name(event).size(); }

  std::array<uint64_t, 2> at{};
  std::array<bool, 2> ended{};
  uint64_t sum = 0;
};

StreamConfig config(uint8_t choice) {
  auto config = read_options<StreamConfig>(Setting{}, stream_options());
  config.memcap = 1 << 16;
  config.reassembly_memcap = choice & 1 ? 4096 : 1 << 20;
  config.depth = choice & 2 ? 300 : 0;
  config.midstream = choice & 4;
  config.async_oneside = choice & 8;
  config.inline_mode = choice & 16;
  config.urgent = choice & 32 ? Urgent::gap : Urgent::oob;
  std::vector<std::string>* lists[] = {&config.os_first, &config.os_last, &config.os_linux, &config.os_solaris};
  *lists[choice >> 6] = {"10.0.0.0/8"};
  return config;
}

/// A number near one that matters, so that windows are hit, or any.
uint32_t number(uint8_t kind, uint8_t value, uint32_t base) {
  switch (kind & 3) {
    case 0: return base + value;
    case 1: return base + value * 256U;
    case 2: return base - value;
    default: return base + (uint32_t{value} << 24);
  }
}

}  // namespace

/// One byte of configuration, then 8 bytes a packet: direction and kinds, flags, seq, ack, length, window, options,
/// time.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  TilingSink sink;
  StreamEngine engine(config(data[0]), sink);
  {
    Flow flow;
    flow.key.ip_version = 4;
    flow.key.proto = ip_proto::tcp;
    const IpAddress hosts[] = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2")};
    static const std::vector<uint8_t> content(4096, 'x');
    Timestamp time = Timestamp::from_seconds(1'700'000'000);
    for (size_t i = 1; i + 8 <= size; i += 8) {
      const uint8_t* p = data + i;
      bool to_client = p[0] & 1;
      time.ns += int64_t{p[7]} * 100'000'000;
      Packet packet;
      packet.ip_version = 4;
      packet.proto = ip_proto::tcp;
      packet.has_l4 = true;
      packet.src = hosts[to_client];
      packet.dst = hosts[!to_client];
      packet.time = time;
      packet.tcp_flags = p[1];
      packet.seq = number(p[0] >> 1, p[2], to_client ? 0xfffffff0 : 1000);
      packet.ack = number(p[0] >> 3, p[3], to_client ? 1000 : 0xfffffff0);
      size_t length = p[0] & 32 ? p[4] * 16U : p[4];
      // An exact allocation, so that a read behind the payload is seen.
      std::vector<uint8_t> payload(content.begin(), content.begin() + static_cast<ptrdiff_t>(length));
      if (!payload.empty()) payload[0] = p[7];
      packet.payload = payload;
      packet.window = static_cast<uint16_t>(p[5] << 8 | p[5]);
      packet.urgent = p[6] & 15;
      packet.tcp.has_timestamp = p[6] & 16;
      packet.tcp.ts_value = p[7];
      packet.tcp.has_wscale = p[6] & 32;
      packet.tcp.wscale = p[7];
      flow.last = time;
      engine.packet(flow, packet, static_cast<Direction>(to_client));
      stream_info(flow);
    }
    engine.finish(flow, time);
  }
  if (engine.counters().reassembly_memuse != 0 || engine.counters().memuse != 0) __builtin_trap();
  return 0;
}
