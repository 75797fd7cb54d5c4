#include "sensor/verify/recut.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "sensor/decode/packet.h"
#include "sensor/verify/plain_packet.h"

namespace lapwing::verify {
namespace {

constexpr size_t kAffordable = 6000;    // bytes in all, one by one
constexpr size_t kMorePieces = 20'000;  // frames that cutting at random may add
constexpr size_t kLongestJoined = 60'000;
constexpr size_t kHandshake = 3;  // segments
// In no state does a connection end for want of packets within it, as the defaults of the timeouts are.
constexpr int64_t kSilence = 20'000'000'000;  // ns

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

/// False when the segment is not what comes next. `clock`: ns, the latest time so far. `bare`: nor one that others can
/// continue.
bool follow(Connection& connection, size_t side, const HeldFrame& frame, const PlainPacket& packet, int64_t clock,
            bool bare) {
  End &sender = connection.ends[side], &receiver = connection.ends[1 - side];
  const uint8_t f = flags(frame, packet);
  const uint32_t seq = sequence(frame, packet), ack = acknowledged(frame, packet);
  const bool syn = f & tcp_flag::syn;
  const size_t at = connection.segments++;
  if (clock - std::exchange(connection.seen, clock) > kSilence && at > 0) return false;
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
  if (bare && !syn && packet.payload - packet.transport != 20) return false;
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

/// All that was sent was acknowledged, perhaps but a FIN.
bool settled(const Connection& connection) {
  return std::ranges::all_of(connection.ends, [](const End& end) {
    return end.next == end.acknowledged || (end.over && end.next - end.acknowledged == 1);
  });
}

/// Cuts, joins and acknowledges anew what connections sent that went a smooth way.
class Resegmenter {
 public:
  Resegmenter(std::span<const HeldFrame> frames, Draws& draws) : frames_(frames), draws_(draws) {}

  Resegmented run() {
    if (!read()) return {{frames_.begin(), frames_.end()}, 0};
    for (next_ = 0; next_ < frames_.size();) {
      const HeldFrame& frame = frames_[next_];
      const auto packet = plain_packet(frame);
      Course* course = packet && packet->tcp ? &courses_[connection_of(frame, *packet)] : nullptr;
      ++next_;
      if (course && course->smooth) {
        take(*course, frame, *packet);
      } else {
        out_.frames.push_back(frame);
      }
    }
    for (size_t i = 0; i < out_.frames.size(); ++i) out_.frames[i].number = i + 1;
    return std::move(out_);
  }

 private:
  /// One end's part, as it is written.
  struct Part {
    uint32_t next = 0;                // behind what it sent
    uint32_t told = 0, due = 0;       // how far the other end has acknowledged that, as written and as captured
    uint16_t window = 0;              // of what it sent last
    const HeldFrame* last = nullptr;  // that it sent
    size_t final = 0;                 // number of the last of its frames
    bool over = false;                // it sent a FIN or RST
  };
  struct Course {
    Connection connection;
    bool smooth = true;
    size_t frames = 0;
    Part parts[2];
    size_t longest = 0;                               // piece
    unsigned joins = 0, withholds = 0, answered = 0;  // per cent of segments, acknowledgements, pieces
  };

  /// Which connections go a smooth way. False when a checksum is wrong: with others besides, more or fewer of them
  /// would count as unfinished by the capturing host.
  bool read() {
    int64_t clock = 0;
    for (size_t i = 0; i < frames_.size(); ++i) {
      const HeldFrame& frame = frames_[i];
      clock = std::max(clock, frame.time.ns);
      const auto packet = plain_packet(frame);
      if (!packet || !packet->tcp) continue;
      const Bytes payload = Bytes(frame.bytes).subspan(packet->payload, packet->size());
      const uint32_t seq = sequence(frame, *packet), ack = acknowledged(frame, *packet);
      const HeldFrame sound = rewritten(frame, *packet, payload, seq, ack, flags(frame, *packet));
      if (!std::ranges::equal(sound.bytes, Bytes(frame.bytes).first(packet->end))) return false;
      Course& course = courses_[connection_of(frame, *packet)];
      const size_t side = !from_first(frame, *packet);
      course.parts[side].final = i;
      course.smooth = course.smooth && follow(course.connection, side, frame, *packet, clock, false);
    }
    for (auto& [name, course] : courses_) {
      constexpr size_t kLongest[] = {1, 8, 64, 536, 1460, 9000, kLongestJoined};
      course.smooth &= settled(course.connection);
      course.longest = draws_.pick(kLongest);
      course.joins = draws_.pick({0, 30, 80});
      course.withholds = draws_.pick({0, 40, 90});
      course.answered = draws_.pick({0, 20, 100});
    }
    return true;
  }

  void take(Course& course, const HeldFrame& frame, const PlainPacket& packet) {
    const size_t side = !from_first(frame, packet);
    const uint8_t f = flags(frame, packet);
    Part &own = course.parts[side], &other = course.parts[1 - side];
    const bool fixed = ++course.frames <= kHandshake || f & (tcp_flag::syn | tcp_flag::rst);
    if (!fixed && packet.size() > 0) return send(course, side, frame, packet);
    // An end that closes may wait for this one.
    const bool optional = !fixed && f == tcp_flag::ack && next_ - 1 != own.final && !other.over;
    other.due = acknowledged(frame, packet);
    if (optional && draws_.chance(course.withholds)) {
      ++out_.changed;
      return;
    }
    const Bytes payload = Bytes(frame.bytes).subspan(packet.payload, packet.size());
    write(course, side, frame, packet, payload, sequence(frame, packet), other.due, f, true);
  }

  /// The segment and what follows it at once from the same end, in other pieces.
  void send(Course& course, size_t side, const HeldFrame& frame, const PlainPacket& packet) {
    Part &own = course.parts[side], &other = course.parts[1 - side];
    uint8_t f = flags(frame, packet);
    const uint32_t seq = sequence(frame, packet), first_ack = acknowledged(frame, packet);
    const Bytes first = Bytes(frame.bytes).subspan(packet.payload, packet.size());
    std::vector<uint8_t> bytes(first.begin(), first.end());
    other.due = first_ack;
    while (next_ < frames_.size() && draws_.chance(course.joins)) {
      const HeldFrame& more = frames_[next_];
      const auto plain = plain_packet(more);
      if (!plain || !plain->tcp || connection_of(more, *plain) != connection_of(frame, packet)) break;
      const bool same = from_first(more, *plain) == from_first(frame, packet);
      if (!same || plain->size() == 0 || bytes.size() + plain->size() > kLongestJoined) break;
      if (flags(more, *plain) & tcp_flag::rst) break;
      const Bytes payload = Bytes(more.bytes).subspan(plain->payload, plain->size());
      bytes.insert(bytes.end(), payload.begin(), payload.end());
      f = flags(more, *plain);
      other.due = acknowledged(more, *plain);
      ++course.frames;
      ++next_;
      ++out_.changed;
    }
    for (size_t at = 0; at < bytes.size();) {
      size_t size = 1 + draws_.below(std::min(course.longest, bytes.size() - at));
      if (out_.frames.size() > frames_.size() + kMorePieces) size = bytes.size() - at;
      const uint32_t end = seq + static_cast<uint32_t>(at + size);
      // Withheld so far, the other end's acknowledgement is what opens its window.
      if (end - own.told > other.window && own.due - own.told < uint32_t{1} << 31 && own.due != own.told) {
        acknowledge(course, 1 - side, own.due, frame);
      }
      const bool last = at + size == bytes.size();
      write(course, side, frame, packet, Bytes(bytes).subspan(at, size), seq + static_cast<uint32_t>(at),
            last ? other.due : first_ack, last ? f : tcp_flag::ack, last);
      at += size;
      if (last) return;
      ++out_.changed;
      if (draws_.chance(course.answered)) acknowledge(course, 1 - side, end, frame);
    }
  }

  /// The end `side` acknowledges, when its last frame looks as `at` does.
  void acknowledge(Course& course, size_t side, uint32_t ack, const HeldFrame& at) {
    const HeldFrame* like = course.parts[side].last;
    HeldFrame frame = *like;
    frame.time = at.time;
    write(course, side, frame, *plain_packet(*like), {}, course.parts[side].next, ack, tcp_flag::ack, false);
    ++out_.changed;
  }

  /// `captured`: as a frame of the capture, which later ones may look like.
  void write(Course& course, size_t side, const HeldFrame& frame, const PlainPacket& packet, Bytes payload,
             uint32_t seq, uint32_t ack, uint8_t f, bool captured) {
    Part &own = course.parts[side], &other = course.parts[1 - side];
    out_.frames.push_back(rewritten(frame, packet, payload, seq, ack, f));
    own.next = seq + static_cast<uint32_t>(payload.size()) + ((f & (tcp_flag::syn | tcp_flag::fin)) != 0);
    if (f & tcp_flag::ack && (ack - other.told < uint32_t{1} << 31 || course.frames <= kHandshake)) other.told = ack;
    if (f & tcp_flag::syn) own.told = own.due = seq;
    own.over |= (f & (tcp_flag::fin | tcp_flag::rst)) != 0;
    if (!captured) return;
    own.last = &frame;
    own.window = load_be16(&frame.bytes[packet.transport + 14]);
  }

  std::span<const HeldFrame> frames_;
  Draws& draws_;
  std::map<std::string, Course> courses_;
  size_t next_ = 0;
  Resegmented out_;
};

}  // namespace

Resegmented resegmented(std::span<const HeldFrame> frames, Draws& draws) {
  return Resegmenter(frames, draws).run();
}

std::optional<std::vector<HeldFrame>> in_single_bytes(std::span<const HeldFrame> frames) {
  std::map<std::string, Connection> connections;
  std::vector<HeldFrame> out;
  size_t bytes = 0;
  int64_t clock = 0;
  for (const HeldFrame& frame : frames) {
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
    if (!follow(connection, side, frame, *packet, clock, true)) return std::nullopt;
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
  if (!std::ranges::all_of(connections, [](const auto& one) { return settled(one.second); })) return std::nullopt;
  for (size_t i = 0; i < out.size(); ++i) out[i].number = i + 1;
  return out;
}

}  // namespace lapwing::verify
