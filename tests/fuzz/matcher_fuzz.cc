// Rules of any text over packets, stream bytes and transactions. Besides faults it is an error when alerts depend on
// the prefilter, or on how stream bytes are cut into chunks.
//
// The input is rules up to the first NUL, or 01, a length and so many bytes from which rules are drawn; a byte of
// configuration, then steps: a control byte (bit 0: direction, bits 1-3: what), a byte of repetitions, two bytes of
// length, bytes.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sensor/decode/decode.h"
#include "signatures/compile/rule_compiler.h"
#include "signatures/match/matcher.h"
#include "signatures/program/compiled.h"
#include "tests/fuzz/drawn_rules.h"

namespace lapwing {
namespace {

enum class What : uint8_t { stream, packet, transaction, gap, raw_ip, no_flow, flow_end, events };

struct Move {
  What what;
  Direction direction;
  std::string bytes;
};

void store_be16(uint8_t* to, size_t value) {
  to[0] = static_cast<uint8_t>(value >> 8);
  to[1] = static_cast<uint8_t>(value);
}

void require(bool holds) {
  if (!holds) std::abort();
}

struct FuzzTransaction : Transaction {
  std::string text;
  std::array<std::vector<std::string>, 2> items;
};

bool visit_text(const Place& at, ValueSink& sink) {
  return sink.take({.bytes = to_bytes(static_cast<const FuzzTransaction&>(*at.tx).text)});
}

bool visit_items(const Place& at, ValueSink& sink) {
  for (const std::string& item : static_cast<const FuzzTransaction&>(*at.tx).items[index(at.direction)]) {
    sink.scratch() = item;
    if (!sink.take({.bytes = to_bytes(sink.scratch())})) return false;
  }
  return true;
}

bool visit_numbers(const Place& at, ValueSink& sink) {
  for (char c : static_cast<const FuzzTransaction&>(*at.tx).text) {
    if (!sink.take({.integer = static_cast<uint8_t>(c)})) return false;
  }
  return true;
}

constexpr NamedValue kNames[] = {{"one", 1}, {"two", 2}};
std::span<const NamedValue> names() {
  return kNames;
}
constexpr Column kColumns[] = {
    Column{.member = "", .visit = &visit_text}.rule(
        {.name = "f.text", .stage = 1, .modifier = "f_text", .pcre_letter = 'U'}),
    Column{.member = "", .many = true, .visit = &visit_items}.rule(
        {.name = "f.item", .sender = Sender::either, .stage = 2, .aliases = {"f_item"}}),
    Column{.member = "", .shape = Shape::integer, .many = true, .visit = &visit_numbers, .names = &names}.rule(
        {.name = "f.number", .sender = Sender::either, .stage = 1}),
};
constexpr std::string_view kAnomalies[] = {"odd", "even"};
const Protocol kProtocol{.name = "f", .anomalies = kAnomalies, .in_alert = kColumns};
constexpr std::string_view kStreamEvents[] = {"pkt_broken_ack", "est_syn_resend"};

const RuleEnvironment& environment() {
  static const RuleEnvironment kEnvironment = [] {
    RuleEnvironment made;
    made.protocols = {&kProtocol};
    made.decode_events = decode_event_names();
    made.stream_events = kStreamEvents;
    made.tables = default_rule_tables();
    made.variables.address_groups["H"] = "[10.0.0.0/8]";
    made.variables.port_groups["P"] = "80";
    return made;
  }();
  return kEnvironment;
}

std::shared_ptr<rules::Compiled> compile(std::string_view text) {
  static const RuleConfig kConfig = read_options<RuleConfig>(Setting{}, rule_options());
  std::vector<RuleMessage> messages;
  RuleCompiler compiler(environment(), kConfig, messages);
  parse_rules(text, "fuzz", messages, [&](const RuleTree& tree) { compiler.add(tree); });
  auto rules = compiler.finish();
  for (const RuleMessage& message : messages) require(message.mark.line > 0 && !message.text.empty());
  return std::const_pointer_cast<rules::Compiled>(std::static_pointer_cast<const rules::Compiled>(rules));
}

/// Every rule of the group is always looked at.
void disable(rules::Group& group) {
  for (rules::Prefilter* prefilter : {&group.prefilter, &group.head}) {
    for (uint32_t pattern = 0; pattern < prefilter->patterns(); ++pattern) {
      auto rules = prefilter->rules_of(pattern);
      group.always.insert(group.always.end(), rules.begin(), rules.end());
    }
    *prefilter = rules::Prefilter();
  }
  std::sort(group.always.begin(), group.always.end());
}

void disable_prefilters(rules::Compiled& rules) {
  for (auto& all : rules.groups) {
    for (auto* side : {&all.packets, &all.streams}) {
      for (auto& transport : *side) {
        for (auto& groups : transport) {
          disable(groups.any);
          for (auto& [port, group] : groups.by_dst_port) disable(group);
          for (auto& [port, group] : groups.by_src_port) disable(group);
          for (auto& group : groups.by_protocol) disable(group);
        }
      }
    }
    for (auto& protocol : all.fields) {
      for (auto& direction : protocol) {
        for (auto& group : direction) disable(group.rules);
      }
    }
  }
}

/// One conversation between 10.0.0.1:1024 and 10.0.0.2:80, as TCP or UDP.
class Conversation final : public AlertSink {
 public:
  Conversation(std::shared_ptr<const RuleSet> rules, uint8_t choice, size_t piece)
      : tcp_(!(choice & 1)),
        established_(!(choice & 2)),
        known_(!(choice & 4)),
        piece_(piece),
        matcher_(std::move(rules), std::make_shared<SharedState>(nullptr), *this) {
    begin_flow();
  }

  void play(const Move& move);
  const std::string& alerts() const { return alerts_; }

 private:
  void begin_flow() {
    flow_ = std::make_unique<Flow>();
    transactions_.clear();
    streamed_ = {};
    Packet packet;
    std::vector<uint8_t> frame = ip_packet({}, Direction::to_server);
    decoder().decode({.data = frame, .wire_length = static_cast<uint32_t>(frame.size()), .link_type = kRaw}, packet);
    bool swapped = false;
    make_flow_key(packet, true, flow_->key, swapped);
    flow_->client_side = swapped;
    flow_->id = ++flows_;
  }

  static constexpr uint16_t kRaw = 101;  // LINKTYPE_RAW
  static Decoder& decoder() {
    static Decoder made(read_decode_config(Setting{}), ChecksumMode::none);
    return made;
  }
  std::vector<uint8_t> ip_packet(std::string_view payload, Direction direction) const;
  void look_at_packet(Bytes ip, MatchContext& context);
  void stream(const Move& move, MatchContext& context);
  void transaction(const Move& move, MatchContext& context);

  void alert(const MatchContext& context, Alert& alert) override {
    alerts_ += std::to_string(context.number) + ' ' + std::to_string(alert.rule->sid) + ' ' +
               std::to_string(static_cast<int>(alert.action)) + ' ' + std::string(alert.app_layer) + ' ' +
               std::to_string(alert.payload.size()) + '\n';
    for (uint8_t byte : alert.payload) sum_ += byte;  // every byte must be readable
  }
  void tagged(const MatchContext&) override {}
  PacketBytes shown(const Packet& packet) const override { return {packet.frame, packet.link_type}; }
  void serialise(const MessageFrame&, std::string&) override {}
  void serialise(const Event& event, std::string& json, std::string&) override { json += std::to_string(event.tx->id); }

  bool tcp_, established_, known_;
  size_t piece_;
  Matcher matcher_;
  std::unique_ptr<Flow> flow_;
  std::map<uint8_t, FuzzTransaction> transactions_;
  std::array<uint64_t, 2> streamed_{};
  uint64_t number_ = 0, flows_ = 0, sum_ = 0;
  std::string alerts_;
};

std::vector<uint8_t> Conversation::ip_packet(std::string_view payload, Direction direction) const {
  const size_t header = tcp_ ? 20 : 8;
  payload = payload.substr(0, 65535 - 20 - header);
  std::vector<uint8_t> out(20 + header + payload.size());
  out[0] = 0x45;
  store_be16(&out[2], out.size());
  out[8] = 64;
  out[9] = tcp_ ? ip_proto::tcp : ip_proto::udp;
  const bool back = direction == Direction::to_client;
  out[12] = out[16] = 10;
  out[15] = back ? 2 : 1;
  out[19] = back ? 1 : 2;
  store_be16(&out[20], back ? 80 : 1024);
  store_be16(&out[22], back ? 1024 : 80);
  if (tcp_) {
    out[32] = 0x50;
    out[33] = tcp_flag::ack;
  } else {
    store_be16(&out[24], 8 + payload.size());
  }
  std::copy(payload.begin(), payload.end(), out.begin() + static_cast<ptrdiff_t>(20 + header));
  return out;
}

void Conversation::look_at_packet(Bytes ip, MatchContext& context) {
  Packet packet;
  Frame frame{.data = ip, .wire_length = static_cast<uint32_t>(ip.size()), .link_type = kRaw};
  frame.time = context.time;
  frame.number = context.number;
  decoder().decode(frame, packet);
  context.packet = &packet;
  matcher_.begin(context);
  matcher_.packet(context);
  matcher_.end(context);
}

void Conversation::stream(const Move& move, MatchContext& context) {
  std::vector<uint8_t> frame = ip_packet(move.bytes, move.direction);
  Packet packet;
  decoder().decode({.data = frame,
                    .time = context.time,
                    .number = context.number,
                    .wire_length = static_cast<uint32_t>(frame.size()),
                    .link_type = kRaw},
                   packet);
  context.packet = &packet;
  context.in_stream = true;
  matcher_.begin(context);
  const std::string_view bytes = move.bytes;
  const size_t piece = piece_ == 0 ? std::max<size_t>(bytes.size(), 1) : piece_;
  uint64_t& offset = streamed_[index(move.direction)];
  for (size_t at = 0; at < bytes.size(); at += piece) {
    Bytes part = to_bytes(bytes.substr(at, piece));
    std::vector<uint8_t> exact(part.begin(), part.end());  // so that a read behind it is seen
    const Chunk chunk{.data = exact, .offset = offset, .time = context.time, .direction = move.direction};
    matcher_.chunk(context, chunk, [](const Chunk&) {});
    offset += part.size();
  }
  if (bytes.empty()) {
    const Chunk end{.offset = offset, .time = context.time, .direction = move.direction, .end = true};
    matcher_.chunk(context, end, [](const Chunk&) {});
  }
  matcher_.packet(context);
  matcher_.end(context);
}

void Conversation::transaction(const Move& move, MatchContext& context) {
  std::vector<uint8_t> frame = ip_packet(move.bytes, move.direction);
  Packet packet;
  decoder().decode({.data = frame, .time = context.time, .number = context.number, .link_type = kRaw}, packet);
  context.packet = &packet;
  context.protocol = &kProtocol;
  std::string_view bytes = move.bytes;
  const auto control = static_cast<uint8_t>(bytes.empty() ? 0 : bytes.front());
  if (!bytes.empty()) bytes.remove_prefix(1);
  FuzzTransaction& tx = transactions_[control & 3];
  tx.id = control & 3;
  uint8_t& progress = tx.progress[index(move.direction)];
  const uint8_t wanted = control & 8 ? kComplete : control >> 4 & 3;
  if (wanted > progress) {
    // What a stage made final must not change any more.
    if (progress < 1 && move.direction == Direction::to_server) tx.text = bytes;
    if (progress < 2) {
      auto& items = tx.items[index(move.direction)];
      items.clear();
      for (size_t at = 0; at <= bytes.size();) {
        size_t end = std::min(bytes.find('\n', at), bytes.size());
        items.emplace_back(bytes.substr(at, end - at));
        at = end + 1;
      }
    }
    progress = wanted;
  }
  if (control & 64) tx.anomalies.push_back(control >> 7);
  matcher_.begin(context);
  matcher_.event(context, {.protocol = &kProtocol, .tx = &tx, .direction = move.direction});
  matcher_.packet(context);
  matcher_.end(context);
}

void Conversation::play(const Move& move) {
  static constexpr int64_t kStart = 1'700'000'000;
  MatchContext context;
  context.number = ++number_;
  context.time = Timestamp::from_seconds(kStart + static_cast<int64_t>(number_));
  context.flow = flow_.get();
  context.direction = move.direction;
  context.established = established_;
  if (known_) context.protocol = &kProtocol;
  flow_->packets[index(move.direction)]++;
  flow_->last = context.time;
  switch (move.what) {
    case What::stream:
      if (tcp_) return stream(move, context);
      [[fallthrough]];
    case What::packet: return look_at_packet(ip_packet(move.bytes, move.direction), context);
    case What::transaction: return transaction(move, context);
    case What::gap:
      if (!tcp_) return;
      matcher_.begin(context);
      matcher_.gap(context, move.direction, streamed_[index(move.direction)], move.bytes.size() + 1);
      streamed_[index(move.direction)] += move.bytes.size() + 1;
      return matcher_.end(context);
    case What::raw_ip: return look_at_packet(to_bytes(move.bytes), context);
    case What::no_flow:
      context.flow = nullptr;
      context.protocol = nullptr;
      return look_at_packet(to_bytes(move.bytes), context);
    case What::flow_end:
      matcher_.begin(context);
      matcher_.finish(context);
      matcher_.end(context);
      return begin_flow();
    case What::events:
      context.stream_events = kStreamEvents;
      return look_at_packet(ip_packet(move.bytes, move.direction), context);
  }
}

std::string play(const std::shared_ptr<rules::Compiled>& rules, uint8_t choice, const std::vector<Move>& moves,
                 size_t piece) {
  Conversation conversation(rules, choice, piece);
  for (const Move& move : moves) conversation.play(move);
  conversation.play({What::flow_end, Direction::to_server, {}});
  return conversation.alerts();
}

}  // namespace
}  // namespace lapwing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lapwing;
  constexpr size_t kMaxMoves = 32, kMaxRules = 4096, kMaxBytes = 20'000;
  Bytes input{data, size};
  constexpr uint8_t kDrawn = 1;
  std::string text;
  ByteReader reader(input);
  if (!input.empty() && input[0] == kDrawn) {
    reader.skip(1);
    const size_t choices = reader.u8();
    text = DrawnRules(reader.bytes(std::min(choices, reader.left()))).text();
  } else {
    const auto end = std::find(input.begin(), input.end(), 0);
    text = to_text(reader.bytes(static_cast<size_t>(end - input.begin())));
    reader.skip(1);
  }
  if (text.size() > kMaxRules) return 0;
  auto rules = compile(text);
  if (rules->all.empty() || !reader.ok()) return 0;
  const uint8_t choice = reader.has(1) ? reader.u8() : 0;
  std::vector<Move> moves;
  size_t bytes = 0;
  while (reader.has(4) && moves.size() < kMaxMoves && bytes < kMaxBytes) {
    const uint8_t control = reader.u8(), times = reader.u8();
    const size_t length = std::min<size_t>(reader.u16(), reader.left());
    const auto once = to_text(reader.bytes(length));
    Move move{static_cast<What>(control >> 1 & 7), static_cast<Direction>(control & 1), std::string(once)};
    for (uint8_t i = 0; i < times && move.bytes.size() + length < 8192; ++i) move.bytes += once;
    bytes += move.bytes.size();
    moves.push_back(std::move(move));
  }
  const std::string alerts = play(rules, choice, moves, 0);
  require(play(rules, choice, moves, 7) == alerts);
  disable_prefilters(*rules);
  require(play(rules, choice, moves, 0) == alerts);
  return 0;
}
