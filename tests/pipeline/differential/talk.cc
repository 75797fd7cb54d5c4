#include "tests/pipeline/differential/talk.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace lapwing::test {

namespace {

constexpr uint32_t kLongest = 200'000;
constexpr uint32_t kMostPackets = 200;       // of one side, about
constexpr uint32_t kLongestHello = 60'000;   // an extension's length has 16 bits
constexpr uint32_t kLongestRiddle = 90'000;  // beyond 100,000 bytes no answer explains what fits no protocol
constexpr uint16_t kServerPort = 8080;

std::string number(uint64_t value, int bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
  return out;
}

/// With its length before it.
std::string sized(const std::string& text, int bytes) {
  return number(text.size(), bytes) + text;
}

std::string filling(const Talk& talk, Direction direction, uint32_t most = kLongest) {
  std::string out(std::min(talk.sizes[index(direction)], most), 'a');
  for (const Mark& mark : talk.marks[index(direction)]) {
    const std::string_view text = kMarks[mark.which];
    if (out.size() < text.size()) continue;
    out.replace((out.size() - text.size()) * uint64_t{mark.place} / 1'000'000, text.size(), text);
  }
  return out;
}

std::string in_pieces(const std::string& text, size_t piece, const std::function<std::string(std::string)>& wrap) {
  std::string out;
  for (size_t at = 0; at == 0 || at < text.size(); at += piece) out += wrap(text.substr(at, piece));
  return out;
}

/// RFC 8446 4.1.2 and 4.1.3, with one extension that nobody knows.
std::string tls_hello(const std::string& text, bool client, size_t record) {
  const std::string random(32, 'r'), session = sized("", 1);
  const std::string extensions = sized(number(0xfff0, 2) + sized(text, 2), 2);
  const std::string ciphers =
      client ? sized(number(0xc02f, 2), 2) + sized(number(0, 1), 1) : number(0xc02f, 2) + number(0, 1);
  const std::string message =
      number(client ? 1 : 2, 1) + sized(number(0x0303, 2) + random + session + ciphers + extensions, 3);
  return in_pieces(message, record, [](const std::string& part) { return number(0x160303, 3) + sized(part, 2); });
}

/// RFC 1035 4.1 over TCP, with padding (RFC 7830).
std::string dns_message(const std::string& text, bool client) {
  const std::string question = sized("example", 1) + number(0, 1) + number(1, 2) + number(1, 2);
  const std::string padding =
      number(0, 1) + number(41, 2) + number(4096, 2) + number(0, 4) + sized(number(12, 2) + sized(text, 2), 2);
  const std::string counts = number(1, 2) + number(0, 2) + number(0, 2) + number(1, 2);
  return sized(number(7, 2) + number(client ? 0x0100 : 0x8180, 2) + counts + question + padding, 2);
}

/// One side on its way to the other.
struct Half {
  struct Segment {
    uint32_t begin = 0, size = 0;
  };
  std::string text;
  std::vector<Segment> segments;  // in the order in which they are sent
  std::vector<bool> arrived;      // by place, not by order
  std::vector<uint32_t> begins;
  uint32_t whole = 0;  // bytes without a hole
  uint32_t acknowledged = 0;

  void arrive(const Segment& segment) {
    const auto at = static_cast<size_t>(std::ranges::find(begins, segment.begin) - begins.begin());
    arrived[at] = true;
    for (size_t i = 0; i < begins.size() && arrived[i]; i++)
      whole = i + 1 < begins.size() ? begins[i + 1] : static_cast<uint32_t>(text.size());
  }
};

Half cut(const Talk& talk, Direction direction, Dice& dice) {
  Half out;
  out.text = said(talk, direction);
  const uint32_t most = std::max(talk.segment, static_cast<uint32_t>(out.text.size()) / kMostPackets + 1);
  for (uint32_t at = 0; at < out.text.size();) {
    const auto left = static_cast<uint32_t>(out.text.size()) - at;
    const uint32_t size = std::min(left, dice.percent(70) ? most : 1 + static_cast<uint32_t>(dice.below(most)));
    out.segments.push_back({at, size});
    out.begins.push_back(at);
    at += size;
  }
  out.arrived.resize(out.segments.size());
  if (talk.how == Acknowledged::out_of_order) {
    constexpr size_t kApart = 8;
    for (size_t i = 0; i + 1 < out.segments.size(); i++) {
      std::swap(out.segments[i], out.segments[i + dice.below(std::min(kApart, out.segments.size() - i))]);
    }
  }
  return out;
}

class Wire {
 public:
  Wire(const Talk& talk, uint16_t port, Frames& frames) : talk_(talk), port_(port), frames_(frames) {}

  void run() {
    Dice dice(talk_.dice_of);
    halves_ = {cut(talk_, Direction::to_server, dice), cut(talk_, Direction::to_client, dice)};
    const std::vector<uint8_t> scale = {3, 3, 8, 0};  // of the window (RFC 7323)
    frames_.add(layers(Direction::to_server).seq(0).syn().tcp_options(scale).build());
    frames_.add(layers(Direction::to_client).seq(0).syn_ack(1).tcp_options(scale).build());
    acknowledge(Direction::to_server);
    acknowledge(Direction::to_client);  // the window of a SYN/ACK is not scaled yet
    auto &request = halves_[0], &answer = halves_[1];
    const size_t all = request.segments.size();
    // Whose server speaks first is no conversation of these protocols.
    const size_t before = talk_.early && all > 1 ? 1 + dice.below(all - 1) : all;
    for (size_t i = 0; i < before; i++) send(Direction::to_server, request.segments[i], dice);
    size_t begun = 0;
    if (before < all && !answer.segments.empty()) send(Direction::to_client, answer.segments[begun++], dice);
    for (size_t i = before; i < all; i++) send(Direction::to_server, request.segments[i], dice);
    settle(Direction::to_server);
    for (; begun < answer.segments.size(); begun++) send(Direction::to_client, answer.segments[begun], dice);
    settle(Direction::to_client);
    end();
  }

 private:
  PacketBuilder layers(Direction direction) const {
    const bool up = direction == Direction::to_server;
    PacketBuilder out;
    out.ether().ipv4(up ? "10.0.0.1" : "10.0.0.2", up ? "10.0.0.2" : "10.0.0.1");
    out.tcp(up ? port_ : kServerPort, up ? kServerPort : port_);
    return out;
  }
  /// Of a packet that goes this way.
  uint32_t acknowledgement(Direction direction) const { return 1 + halves_[index(reverse(direction))].acknowledged; }
  void acknowledge(Direction from) {
    const auto sent = static_cast<uint32_t>(ended_ ? halves_[index(from)].text.size() : halves_[index(from)].whole);
    frames_.add(layers(from).seq(1 + sent).ack(acknowledgement(from)).build());
  }

  void send(Direction direction, const Half::Segment& segment, Dice& dice) {
    Half &half = halves_[index(direction)], &other = halves_[index(reverse(direction))];
    if (talk_.how == Acknowledged::by_the_answer) other.acknowledged = other.whole;
    const std::string_view bytes = std::string_view(half.text).substr(segment.begin, segment.size);
    frames_.add(layers(direction).seq(1 + segment.begin).ack(acknowledgement(direction)).psh().payload(bytes).build());
    half.arrive(segment);
    switch (talk_.how) {
      case Acknowledged::never:
      case Acknowledged::by_the_answer: return;
      case Acknowledged::late:
        if (!dice.percent(15)) return;
        half.acknowledged = half.whole;
        break;
      case Acknowledged::in_pieces:
        half.acknowledged += static_cast<uint32_t>(dice.below(half.whole - half.acknowledged + 1));
        break;
      case Acknowledged::at_once:
      case Acknowledged::out_of_order: half.acknowledged = half.whole; break;
    }
    acknowledge(reverse(direction));
  }

  /// What was not acknowledged so far is, except where nothing ever is.
  void settle(Direction direction) {
    Half& half = halves_[index(direction)];
    if (talk_.how == Acknowledged::never || half.acknowledged == half.text.size()) return;
    if (talk_.how == Acknowledged::by_the_answer && direction == Direction::to_server) return;
    half.acknowledged = half.whole;
    acknowledge(reverse(direction));
  }

  void end() {
    ended_ = true;
    if (talk_.ending == Ending::none) return;
    for (Direction direction : {Direction::to_server, Direction::to_client}) {
      const auto last = static_cast<uint32_t>(1 + halves_[index(direction)].text.size());
      auto packet = layers(direction).seq(last).ack(acknowledgement(direction));
      if (talk_.ending == Ending::reset) return frames_.add(packet.rst().build());
      frames_.add(packet.fin().build());
    }
  }

  const Talk& talk_;
  const uint16_t port_;
  Frames& frames_;
  std::array<Half, 2> halves_;
  bool ended_ = false;
};

/// From 1 to kLongest, small ones as often as large ones, and many at the borders of what rules look at together.
uint32_t draw_size(Dice& dice) {
  constexpr int64_t kTogether = 2560;
  if (dice.percent(30)) return static_cast<uint32_t>(kTogether * dice.between(1, 12) + dice.between(-80, 20));
  const uint64_t scale = uint64_t{1} << dice.below(18);
  return static_cast<uint32_t>(std::min<uint64_t>(scale + dice.below(scale), kLongest));
}

}  // namespace

std::string_view name(Subject subject) {
  static constexpr std::string_view kNames[kSubjects] = {"header",
                                                         "cookies",
                                                         "URI",
                                                         "odd method",
                                                         "body",
                                                         "chunks",
                                                         "pipelined requests",
                                                         "no request",
                                                         "TLS hello",
                                                         "TLS hello in small records",
                                                         "DNS queries",
                                                         "no protocol"};
  return kNames[static_cast<size_t>(subject)];
}

std::string_view name(Acknowledged how) {
  static constexpr std::string_view kNames[kWaysToAcknowledge] = {"at once",   "late",         "never",
                                                                  "in pieces", "out of order", "by the answer"};
  return kNames[static_cast<size_t>(how)];
}

std::string_view protocol_of(Subject subject) {
  switch (subject) {
    case Subject::hello:
    case Subject::small_records: return "tls";
    case Subject::queries: return "dns";
    case Subject::nothing: return "";
    default: return "http";
  }
}

std::string said(const Talk& talk, Direction direction) {
  constexpr size_t kPiece = 1000, kMessages = 4;
  const bool client = direction == Direction::to_server;
  const std::string text = filling(talk, direction);
  const std::string first = " HTTP/1.1\r\nHost: a\r\n";
  const auto one = [&](const std::string& part) { return "GET /" + part + first + "\r\n"; };
  switch (talk.subject) {
    case Subject::hello:
    case Subject::small_records:
      return tls_hello(filling(talk, direction, kLongestHello), client, talk.subject == Subject::hello ? 16'384 : 100);
    case Subject::queries:
      return in_pieces(text, kLongestHello / 2, [&](const std::string& part) { return dns_message(part, client); });
    case Subject::nothing: return std::string(20, '.') + text;
    default: break;
  }
  if (!client) return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
  switch (talk.subject) {
    case Subject::header: return "GET /" + first + "Fill: " + text + "\r\n\r\n";
    case Subject::cookies:
      return "GET /" + first +
             in_pieces(text, kPiece, [](const std::string& part) { return "Cookie: " + part + "\r\n"; }) + "\r\n";
    case Subject::uri: return one(text);
    case Subject::odd_method: {
      constexpr size_t kLine = 3900;  // more is no request line to the detection of protocols
      return "FROBNICATE /" + text.substr(0, kLine) + first + "Fill: " + text.substr(std::min(kLine, text.size())) +
             "\r\n\r\n";
    }
    case Subject::body: return "POST /" + first + "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
    case Subject::chunks:
      return "POST /" + first + "Transfer-Encoding: chunked\r\n\r\n" +
             in_pieces(text, kPiece,
                       [](const std::string& part) {
                         return part.empty() ? "" : fmt::format("{:x}\r\n{}\r\n", part.size(), part);
                       }) +
             "0\r\n\r\n";
    case Subject::pipelined: return in_pieces(text, text.size() / kMessages + 1, one);
    default: return "no request of any kind " + filling(talk, direction, kLongestRiddle);
  }
}

void converse(const Talk& talk, uint16_t port, Frames& frames) {
  Wire(talk, port, frames).run();
}

Talk draw_talk(Dice& dice) {
  Talk out;
  out.subject = static_cast<Subject>(dice.below(kSubjects));
  for (size_t side = 0; side < 2; side++) {
    out.sizes[side] = dice.percent(side == 0 ? 100 : 60) ? draw_size(dice) : static_cast<uint32_t>(dice.below(100));
    for (int64_t n = dice.between(0, 3); n > 0; n--) {
      out.marks[side].push_back(
          {static_cast<uint8_t>(dice.below(2)), dice.percent(25) ? 0 : static_cast<uint32_t>(dice.below(1'000'001))});
    }
  }
  out.segment = static_cast<uint32_t>(dice.percent(50) ? 1460 : 1 + dice.below(1460));
  out.how = static_cast<Acknowledged>(dice.below(kWaysToAcknowledge));
  out.ending = static_cast<Ending>(dice.below(3));
  out.early = dice.percent(20);
  out.dice_of = 1 + dice.below(1'000'000'000);
  return out;
}

std::vector<Talk> smaller(const Talk& talk) {
  std::vector<Talk> out;
  auto offer = [&](auto change) {
    Talk copy = talk;
    change(copy);
    out.push_back(copy);
  };
  for (size_t side = 0; side < 2; side++) {
    if (talk.sizes[side] > 0) {
      for (uint32_t less : {talk.sizes[side], talk.sizes[side] / 2, talk.sizes[side] / 8 + 1, 1u}) {
        if (less > 0) offer([&](Talk& t) { t.sizes[side] -= less; });
      }
    }
    for (size_t i = 0; i < talk.marks[side].size(); i++) {
      offer([&](Talk& t) { t.marks[side].erase(t.marks[side].begin() + static_cast<ptrdiff_t>(i)); });
    }
  }
  if (talk.early) offer([](Talk& t) { t.early = false; });
  if (talk.ending != Ending::none) offer([](Talk& t) { t.ending = Ending::none; });
  if (talk.how != Acknowledged::at_once) offer([](Talk& t) { t.how = Acknowledged::at_once; });
  if (talk.segment < 1460) offer([](Talk& t) { t.segment = 1460; });
  return out;
}

std::string describe(const Talk& talk) {
  std::string out = fmt::format("  {}, acknowledged {}, segments of {} at most, {}{}; seed {}", name(talk.subject),
                                name(talk.how), talk.segment,
                                talk.ending == Ending::none  ? "left open"
                                : talk.ending == Ending::fin ? "closed"
                                                             : "reset",
                                talk.early ? ", answered early" : "", talk.dice_of);
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    const std::string text = said(talk, direction);
    out += fmt::format("\n  {} says {} bytes", direction == Direction::to_server ? "client" : "server", text.size());
    for (std::string_view mark : kMarks) {
      for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
        out += fmt::format(", '{}' at {}", mark, at);
      }
    }
  }
  return out;
}

}  // namespace lapwing::test
