#include "tests/pipeline/made_up/conversation.h"

#include <algorithm>
#include <utility>

namespace lapwing::test {

void Capture::add(const BuiltFrame& frame) {
  for (int times = cut == Cut::twice ? 2 : 1; times > 0; --times) {
    now_.ns += 1'000'000;
    built_.push_back(frame);
    built_.back().time = now_;
  }
}

std::unique_ptr<Frames> Capture::frames() const {
  auto out = std::make_unique<Frames>();
  for (const BuiltFrame& frame : built_) out->add(frame);
  return out;
}

PacketBuilder Conversation::packet(Direction from) const {
  const bool up = from == Direction::to_server;
  PacketBuilder out;
  out.ether().ipv4(up ? ends_.client : ends_.server, up ? ends_.server : ends_.client);
  return out;
}

void Conversation::add(Direction from, const PacketBuilder& packet) {
  if (!hidden_[index(from)]) capture_.add(packet);
}

namespace {

PacketBuilder tcp(PacketBuilder packet, const Ends& ends, Direction from, uint32_t sequence) {
  const bool up = from == Direction::to_server;
  return packet.tcp(up ? ends.client_port : ends.server_port, up ? ends.server_port : ends.client_port).seq(sequence);
}

}  // namespace

Conversation& Conversation::syn() {
  add(Direction::to_server, tcp(packet(Direction::to_server), ends_, Direction::to_server, next_[0]++).syn());
  return *this;
}

Conversation& Conversation::syn_ack() {
  add(Direction::to_client,
      tcp(packet(Direction::to_client), ends_, Direction::to_client, next_[1]++).syn_ack(next_[0]));
  return *this;
}

Conversation& Conversation::acknowledge(Direction from) {
  add(from, tcp(packet(from), ends_, from, next_[index(from)]).ack(next_[index(reverse(from))]));
  return *this;
}

Conversation& Conversation::send(Direction from, std::string_view text) {
  constexpr size_t kMss = 1460;
  auto& random = capture_.random;
  std::vector<std::pair<uint32_t, std::string_view>> segments;
  for (size_t at = 0; at < text.size();) {
    size_t size = std::min(text.size() - at, kMss);
    if (capture_.cut == Cut::bytes) size = 1;
    if (capture_.cut == Cut::scrambled) size = 1 + random() % std::min<size_t>(size, random() % 2 ? 8 : kMss);
    segments.emplace_back(next_[index(from)] + static_cast<uint32_t>(at), text.substr(at, size));
    if (capture_.cut == Cut::scrambled && random() % 4 == 0) segments.push_back(segments.back());
    at += size;
  }
  if (capture_.cut == Cut::scrambled) std::ranges::shuffle(segments, random);
  for (const auto& [sequence, part] : segments) {
    add(from, tcp(packet(from), ends_, from, sequence).ack(next_[index(reverse(from))]).psh().payload(part));
  }
  next_[index(from)] += static_cast<uint32_t>(text.size());
  return *this;
}

Conversation& Conversation::say(Direction from, std::string_view text) {
  constexpr size_t kInFlight = 32'000;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kInFlight))) {
    send(from, text.substr(0, kInFlight)).acknowledge(reverse(from));
  }
  return *this;
}

Conversation& Conversation::lose(Direction from, uint32_t bytes) {
  next_[index(from)] += bytes;
  return acknowledge(reverse(from));
}

Conversation& Conversation::end(Direction from) {
  add(from, tcp(packet(from), ends_, from, next_[index(from)]++).ack(next_[index(reverse(from))]).fin());
  return acknowledge(reverse(from));
}

Conversation& Conversation::datagram(Direction from, std::string_view text) {
  const bool up = from == Direction::to_server;
  add(from, packet(from)
                .udp(up ? ends_.client_port : ends_.server_port, up ? ends_.server_port : ends_.client_port)
                .payload(text));
  return *this;
}

}  // namespace lapwing::test
