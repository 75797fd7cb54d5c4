#include "tests/hunt/carry.h"

#include <algorithm>

namespace lapwing::hunt {
namespace {

/// One connection: what both ends have sent and acknowledged.
class Connection {
 public:
  Connection(Random& random, std::vector<Segment>& out) : random_(random), out_(out) {
    // Near the wrap of sequence numbers now and then.
    for (uint32_t& seq : seq_)
      seq = random.chance(10) ? ~0u - static_cast<uint32_t>(random.below(3000)) : static_cast<uint32_t>(random.next());
    scaled_ = random.chance(30);
    stamped_ = random.chance(20);
    step_ = random.chance(60) ? 1460 : random.chance(40) ? 1 + random.below(8) : 1 + random.length(1460);
    acks_each_ = random.chance(30);
  }

  void open(bool fast) {
    const std::string greeting(fast ? "GET " : "");
    send(Direction::to_server, tcp_flag::syn, greeting, syn_options());
    send(Direction::to_client, tcp_flag::syn | tcp_flag::ack, {}, syn_options());
    acknowledge(Direction::to_server);
  }

  void say(Direction direction, const std::string& bytes) {
    size_t step = step_;
    // A long turn in single bytes would be nothing but slow.
    if (bytes.size() / step > 400) step = bytes.size() / 400 + 1;
    for (size_t at = 0; at < bytes.size(); at += step) {
      send(direction, tcp_flag::ack | (at + step >= bytes.size() ? tcp_flag::psh : 0), bytes.substr(at, step));
      if (acks_each_) acknowledge(reverse(direction));
    }
    if (!acks_each_ && random_.chance(85)) acknowledge(reverse(direction));
  }

  void end(Direction direction, bool reset) {
    send(direction, (reset ? tcp_flag::rst : tcp_flag::fin) | tcp_flag::ack, {});
    if (random_.chance(90)) acknowledge(reverse(direction));
  }

  void acknowledge(Direction direction) { send(direction, tcp_flag::ack, {}); }

 private:
  void send(Direction direction, uint8_t flags, const std::string& bytes, const std::string& options = {}) {
    uint32_t& seq = seq_[index(direction)];
    Segment segment{direction, seq, seq_[index(reverse(direction))], flags, bytes, options};
    if (flags == tcp_flag::syn) segment.ack = 0;
    if (stamped_ && options.empty()) segment.options = std::string("\1\1\x08\x0a", 4) + stamp();
    seq += static_cast<uint32_t>(bytes.size()) + ((flags & (tcp_flag::syn | tcp_flag::fin)) != 0);
    out_.push_back(std::move(segment));
  }
  std::string syn_options() {
    std::string out("\2\4\5\xb4", 4);
    if (scaled_) out += std::string("\1\3\3\7", 4);
    if (stamped_) out += std::string("\1\1\x08\x0a", 4) + stamp();
    return out;
  }
  std::string stamp() {
    ++clock_;
    std::string out(8, '\0');
    for (size_t i = 0; i < 4; ++i) out[i] = static_cast<char>(clock_ >> 8 * (3 - i));
    return out;
  }

  Random& random_;
  std::vector<Segment>& out_;
  uint32_t seq_[2], clock_ = 1;
  size_t step_;
  bool scaled_, stamped_, acks_each_;
};

void lose_side(Random& random, std::vector<Segment>& segments) {
  const auto side = static_cast<Direction>(random.below(2));
  std::erase_if(segments, [&](const Segment& segment) { return segment.direction == side; });
}

/// What no end sent, placed near what one did.
Segment forged(Random& random, const Segment& near) {
  Segment out = near;
  switch (random.below(8)) {
    case 0:
      out.flags = tcp_flag::fin;
      out.bytes.clear();
      break;
    case 1:
      out.flags = tcp_flag::fin | tcp_flag::ack;
      out.ack += 1000;
      break;
    case 2:
      out.flags = tcp_flag::rst;
      out.bytes.clear();
      break;
    case 3:
      out.flags = tcp_flag::syn;
      out.seq -= 7;
      break;
    case 4:
      out.bytes = random.bytes(random.length(1000));
      out.bad_checksum = true;
      break;
    case 5:
      out.bytes = random.bytes(random.length(1000));
      out.bad_ip_checksum = true;
      break;
    case 6: out.seq += static_cast<uint32_t>(random.chance(50) ? random.next() : random.below(200'000)); break;
    case 7: out.flags = static_cast<uint8_t>(random.next()); break;
  }
  return out;
}

}  // namespace

std::vector<Segment> carry_stream(Random& random, const Dialogue& dialogue) {
  std::vector<Segment> out;
  Connection connection(random, out);
  connection.open(random.chance(1));
  // A side may end before the dialogue does, and the other go on.
  size_t early = random.chance(15) ? random.below(dialogue.size() + 1) : SIZE_MAX;
  bool ended[2] = {};
  for (size_t i = 0; i < dialogue.size(); ++i) {
    if (i == early) {
      const auto side = static_cast<Direction>(random.below(2));
      connection.end(side, random.chance(20));
      ended[index(side)] = true;
    }
    if (!ended[index(dialogue[i].direction)] || random.chance(10))
      connection.say(dialogue[i].direction, dialogue[i].bytes);
  }
  const size_t way = random.below(10);
  if (way < 6) {  // both close
    const auto first = static_cast<Direction>(random.below(2));
    for (Direction side : {first, reverse(first)}) {
      if (!ended[index(side)]) connection.end(side, false);
    }
  } else if (way < 8) {  // one does, or resets
    connection.end(static_cast<Direction>(random.below(2)), way == 7);
  }
  return out;
}

std::vector<Segment> carry_datagrams(const Dialogue& dialogue) {
  std::vector<Segment> out;
  for (const Turn& turn : dialogue) out.push_back({.direction = turn.direction, .bytes = turn.bytes});
  return out;
}

void roughen(Random& random, std::vector<Segment>& segments) {
  if (segments.empty()) return;
  if (random.chance(5)) lose_side(random, segments);
  if (random.chance(6))
    segments.erase(segments.begin(),
                   segments.begin() + static_cast<ptrdiff_t>(random.below(std::min<size_t>(segments.size(), 12))));
  for (size_t times = random.between(1, 6); times > 0 && !segments.empty(); --times) {
    const size_t at = random.below(segments.size());
    const auto place = segments.begin() + static_cast<ptrdiff_t>(at);
    switch (random.below(9)) {
      case 0: segments.erase(place); break;
      case 1:
        segments.insert(segments.begin() + static_cast<ptrdiff_t>(random.between(at, segments.size())),
                        Segment(*place));
        break;
      case 2: std::swap(*place, segments[random.below(segments.size())]); break;
      case 3:
        std::reverse(place,
                     segments.begin() + static_cast<ptrdiff_t>(std::min(segments.size(), at + 1 + random.below(8))));
        break;
      case 4: {  // other bytes at the same place, before or after
        Segment other = *place;
        const size_t back = random.below(std::min<size_t>(100, other.bytes.size() + 1));
        other.seq -= static_cast<uint32_t>(random.chance(50) ? back : 0);
        other.bytes = random.bytes(other.bytes.size());
        segments.insert(place + static_cast<ptrdiff_t>(random.below(2)), other);
        break;
      }
      case 5: segments.insert(place + static_cast<ptrdiff_t>(random.below(2)), forged(random, Segment(*place))); break;
      case 6:
        place->flags |= tcp_flag::urg;
        place->urgent = static_cast<uint16_t>(random.below(place->bytes.size() + 3));
        break;
      case 7: place->window = static_cast<uint16_t>(random.below(3) * 100); break;
      case 8:
        place->options =
            random.chance(50) ? std::string("\x13\x12", 2) + random.bytes(16) : random.bytes(random.below(41));
        break;
    }
  }
}

}  // namespace lapwing::hunt
