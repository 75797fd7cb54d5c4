#include "tests/support/packet_driver.h"

#include <algorithm>
#include <span>
#include <utility>

#include "sensor/base/setting.h"

namespace lapwing::test {
namespace {

constexpr std::string_view kClientAddress = "10.0.0.1", kServerAddress = "10.0.0.2";
constexpr uint16_t kClientPort = 40000;
constexpr size_t kMss = 1460;

template <class Config>
Config defaults(std::span<const OptionRow<Config>> rows) {
  return read_options<Config>(Setting{}, rows);
}

}  // namespace

PacketDriver::PacketDriver(const FlowDriver::Setup& setup, Heard& heard, unsigned seed)
    : port_(setup.port),
      random_(seed),
      driver_(setup, heard),
      layers_(read_decode_config(Setting{})),
      streams_(defaults(stream_options())),
      flow_config_(defaults(flow_options())),
      flows_(flow_config_, 1, [this](Flow& flow, Timestamp now) { close(flow, now); }) {}

PacketBuilder PacketDriver::packet(Direction direction, uint32_t sequence) const {
  const bool up = direction == Direction::to_server;
  PacketBuilder out;
  out.ether().ipv4(up ? kClientAddress : kServerAddress, up ? kServerAddress : kClientAddress);
  out.tcp(up ? kClientPort : port_, up ? port_ : kClientPort).seq(sequence);
  return out;
}

void PacketDriver::acknowledge(Direction from) {
  take(packet(from, next_[index(from)]).ack(next_[index(reverse(from))]).build());
}

void PacketDriver::shake_hands() {
  if (std::exchange(connected_, true)) return;
  take(packet(Direction::to_server, next_[0]++).syn().build());
  take(packet(Direction::to_client, next_[1]++).syn_ack(next_[0]).build());
  acknowledge(Direction::to_server);
}

void PacketDriver::say(Direction direction, std::string_view bytes) {
  shake_hands();
  uint32_t& next = next_[index(direction)];
  std::vector<std::pair<uint32_t, std::string_view>> segments;
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = 1 + random_() % std::min(bytes.size() - at, random_() % 2 ? size_t{8} : kMss);
    segments.emplace_back(next + static_cast<uint32_t>(at), bytes.substr(at, size));
    if (random_() % 4 == 0) segments.push_back(segments.back());
    at += size;
  }
  std::ranges::shuffle(segments, random_);
  for (const auto& [sequence, part] : segments) {
    take(packet(direction, sequence).ack(next_[index(reverse(direction))]).psh().payload(part).build());
  }
  next += static_cast<uint32_t>(bytes.size());
  acknowledge(reverse(direction));
}

void PacketDriver::datagram(Direction direction, std::string_view bytes) {
  const bool up = direction == Direction::to_server;
  PacketBuilder out;
  out.ether().ipv4(up ? kClientAddress : kServerAddress, up ? kServerAddress : kClientAddress);
  take(out.udp(up ? kClientPort : port_, up ? port_ : kClientPort).payload(bytes).build());
}

void PacketDriver::gap(Direction direction, uint64_t lost) {
  shake_hands();
  next_[index(direction)] += static_cast<uint32_t>(lost);
  acknowledge(reverse(direction));
}

void PacketDriver::end(Direction direction) {
  shake_hands();
  take(packet(direction, next_[index(direction)]++).ack(next_[index(reverse(direction))]).fin().build());
  acknowledge(reverse(direction));
}

void PacketDriver::finish() {
  flows_.end_all(now_);
}

void PacketDriver::take(const BuiltFrame& frame) {
  now_.ns += 1'000'000;
  BuiltFrame built = frame;
  built.time = now_;
  const size_t count = decoder_.decode(built.frame(), packets_);
  for (const Packet& packet : std::span(packets_).first(count)) {
    uint8_t number = 0;
    Flow* flow = flows_.find_or_create(packet, flows_.look(packet), number);
    if (!flow) continue;
    if (!std::exchange(begun_, true)) driver_.begin(*flow);
    const auto direction = static_cast<Direction>(number);
    if (packet.is_tcp()) {
      const FlowState before = flow->state;
      stream_.packet(*flow, packet, direction);
      if (flow->state != before) flows_.set_state(*flow, flow->state);
    } else if (!packet.payload.empty()) {
      chunk(*flow, {.data = packet.payload, .time = packet.time, .direction = direction, .datagram = true});
    }
    swap_if_reversed(*flow);
  }
}

void PacketDriver::swap_if_reversed(Flow& flow) {
  if (!driver_.app().reversed(flow)) return;
  flow.key.proto == ip_proto::tcp ? stream_.swap_direction(flow) : flow.swap_direction();
  driver_.app().swap_direction(flow, now_);
}

void PacketDriver::close(Flow& flow, Timestamp now) {
  if (flow.key.proto == ip_proto::tcp) {
    stream_.finish(flow, now);
    swap_if_reversed(flow);
  }
  driver_.app().finish(flow, now);
  protocol_ = driver_.app().recognition(flow).final.name();
}

void PacketDriver::chunk(Flow& flow, const Chunk& chunk) {
  driver_.app().chunk(flow, chunk);
}

void PacketDriver::gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) {
  driver_.app().gap(flow, direction, offset, lost, time);
}

}  // namespace lapwing::test
