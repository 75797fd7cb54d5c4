#include "tests/hunt/recut.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "tests/hunt/carry.h"
#include "tests/hunt/plain_packet.h"

namespace lapwing::hunt {
namespace {

using test::BuiltFrame;

constexpr size_t kAffordable = 6000;  // bytes in all
// In no state does a connection end for want of packets within it, as hunt.yaml leaves the timeouts.
constexpr int64_t kSilence = 5'000'000'000;  // ns

/// One end of a connection that goes a smooth way.
struct End {
  std::array<uint8_t, 12> stations{};  // destination and source of its frames
  uint32_t next = 0, acknowledged = 0;
  bool begun = false, over = false;
};

struct Connection {
  End ends[2];
  size_t segments = 0;
  int64_t seen = 0;  // ns; the clock at its last frame
};

/// False when the segment is not what comes next.
bool follow(Connection& connection, size_t side, const BuiltFrame& frame, const PlainPacket& packet) {
  End &sender = connection.ends[side], &receiver = connection.ends[1 - side];
  const uint8_t f = flags(frame, packet);
  const uint32_t seq = sequence(frame, packet), ack = acknowledged(frame, packet);
  const bool syn = f & tcp_flag::syn;
  const size_t at = connection.segments++;
  std::copy_n(frame.bytes.begin(), sender.stations.size(), sender.stations.begin());
  // Answers are made of the frames that they answer.
  const auto &ours = sender.stations, &theirs = receiver.stations;
  const bool mirrored = std::equal(&ours[0], &ours[6], &theirs[6]) && std::equal(&ours[6], ours.end(), &theirs[0]);
  if (receiver.begun && !mirrored) return false;
  if (f & tcp_flag::urg || syn != (at < 2) || (syn && packet.size() > 0)) return false;
  if (at < 2 && ((f & tcp_flag::ack) != 0) != (at == 1)) return false;
  if (at >= 2 && !(f & tcp_flag::ack)) return false;
  if (syn && sender.begun) return false;
  // A window that nobody updates and options that depend on time are not for others to continue.
  if (!syn && packet.payload - packet.transport != 20) return false;
  if (!syn && (!sender.begun || seq != sender.next)) return false;
  if (sender.over && (packet.size() > 0 || f & (tcp_flag::fin | tcp_flag::rst))) return false;
  if (at >= 1) {
    if (!receiver.begun || ack - receiver.acknowledged > receiver.next - receiver.acknowledged) return false;
    receiver.acknowledged = ack;
  }
  if (syn) {
    sender.begun = true;
    sender.acknowledged = seq;
  }
  const bool fin = f & tcp_flag::fin;
  sender.next = seq + static_cast<uint32_t>(packet.size()) + (syn || fin);
  sender.over |= fin || f & tcp_flag::rst;
  return true;
}

}  // namespace

std::optional<std::vector<BuiltFrame>> in_single_bytes(std::span<const BuiltFrame> frames) {
  std::map<std::string, Connection> connections;
  std::vector<BuiltFrame> out;
  size_t bytes = 0;
  int64_t clock = 0;
  for (const BuiltFrame& frame : frames) {
    const auto packet = plain_packet(frame);
    if (!packet) return std::nullopt;
    clock = std::max(clock, frame.time.ns);
    if (!packet->tcp) {
      out.push_back(frame);
      continue;
    }
    Connection& connection = connections[connection_of(frame, *packet)];
    const size_t side = !from_first(frame, *packet);
    const uint32_t seq = sequence(frame, *packet), ack = acknowledged(frame, *packet);
    if (!follow(connection, side, frame, *packet)) return std::nullopt;
    if (connection.segments > 1 && clock - connection.seen > kSilence) return std::nullopt;
    connection.seen = clock;
    bytes += packet->size();
    if (bytes > kAffordable) return std::nullopt;
    if (packet->size() < 2) {
      out.push_back(frame);
      continue;
    }
    const Bytes payload = Bytes(frame.bytes).subspan(packet->payload, packet->size());
    const uint8_t f = flags(frame, *packet);
    for (size_t i = 0; i < payload.size(); ++i) {
      const bool last = i + 1 == payload.size();
      const auto next = static_cast<uint32_t>(seq + i);
      out.push_back(rewritten(frame, *packet, payload.subspan(i, 1), next, ack, last ? f : tcp_flag::ack));
      // What the receiver has sent and the sender not yet acknowledged is on its way still.
      if (!last) out.push_back(answer(frame, *packet, connection.ends[1 - side].next, next + 1));
    }
  }
  for (const auto& [name, connection] : connections) {
    for (const End& end : connection.ends) {
      if (end.next - end.acknowledged > 0 && !(end.over && end.next - end.acknowledged == 1)) return std::nullopt;
    }
  }
  for (size_t i = 0; i < out.size(); ++i) out[i].number = i + 1;
  return out;
}

}  // namespace lapwing::hunt
