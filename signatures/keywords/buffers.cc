// Buffers that are parts of the packet, and decoded payload.
#include <array>

#include "sensor/base/base64.h"
#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

/// The buffer has no value, or with or_else what follows holds in it.
void absent(RuleBuilder& rule, const RuleOption& option) {
  std::string value = option.has_value ? std::string(trim(option.value)) : "";
  if (!value.empty() && value != "or_else") rule.fail(option, "'" + value + "' is not or_else");
  rule.set_absence(option, value.empty() ? Absence::only : Absence::or_else);
}

template <auto get>
void packet_buffer(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.require_packet(option);
  rule.select(option, rule.buffers().of_packet(option.name, get));
}

template <uint8_t protocol>
bool l4_header(const Packet& packet, Bytes& out) {
  if (!packet.is(protocol)) return false;
  out = packet.l4_header;
  return true;
}

/// With the addresses of a router advertisement (RFC 1256 section 3) and the times of a timestamp message (RFC 792).
bool icmp_header(const Packet& packet, Bytes& out) {
  if (!packet.is(ip_proto::icmp)) return false;
  const uint8_t* header = packet.l4_header.data();
  size_t more = 0;
  if (packet.icmp_type == 9) more = size_t{header[4]} * header[5] * 4;
  if (packet.icmp_type == 13 || packet.icmp_type == 14) more = 12;
  if (more > packet.payload.size()) return false;
  out = Bytes(header, packet.l4_header.size() + more);
  return true;
}

template <IpAddress Packet::*Member>
bool address(const Packet& packet, Bytes& out) {
  const IpAddress& a = packet.*Member;
  out = Bytes(a.bytes).first(a.size());
  return packet.ip_version != 0;
}

template <uint8_t version>
bool ip_header(const Packet& packet, Bytes& out) {
  if (packet.ip_version != version) return false;
  // IPv6: with its extension headers
  out = version == 4 ? packet.ip_header : packet.ip.first(packet.ip.size() - packet.ip_payload.size());
  return true;
}

/// "<protocol>.<frame>", or "<frame>" in a rule of that protocol.
void frame(RuleBuilder& rule, const RuleOption& option) {
  const std::string value(rule.text(option));
  const size_t dot = value.find('.');
  ProtocolSet protocols =
      dot == std::string::npos ? ProtocolSet() : rule.buffers().protocols_named(value.substr(0, dot));
  const std::string name = protocols.empty() ? value : value.substr(dot + 1);
  if (protocols.empty()) protocols = rule.rule().header.protocols;
  if (protocols.empty()) {
    const std::string first = value.substr(0, dot);
    if (dot != std::string::npos && is_known_protocol(first)) rule.skip(option, "no frames of " + first + " yet");
    rule.fail(option, "'" + value + "' needs its protocol in front, as in frame:<protocol>.pdu");
  }
  const BufferId buffer = rule.buffers().of_frame(name, protocols);
  if (buffer == kRawBuffer) rule.fail(option, "no such frame; lapwing list frames shows all");
  rule.restrict_protocol(option, protocols);
  rule.select(option, buffer);
}

void pkt_data(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.select(option, kRawBuffer);
}

/// Decodes until the first byte that is no base64; blanks and line ends are passed over. False when there is more.
bool decode_base64(Bytes in, std::string& out) {
  uint32_t bits = 0;
  int have = 0;
  out.clear();
  for (uint8_t c : in) {
    if (c == ' ' || c == '\r' || c == '\n') continue;
    int value = base64_value(c);
    if (value < 0) break;
    if (out.size() == kMaxDecodedBytes) return false;
    bits = bits << 6 | static_cast<uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xff);
  }
  return true;
}

class Base64Decode : public Step {
 public:
  Outcome attempt(Inspection& inspection, Attempt& attempt) const override {
    const Subject& subject = inspection.subject();
    uint64_t from = std::max(subject.base, offset + (relative ? attempt.cursor : 0));
    if (from >= subject.end()) return Outcome::fail;
    Bytes in = subject.data.subspan(from - subject.base);
    if (bytes > 0) {
      if (subject.comes(std::min(attempt.oldest, from), from + bytes)) return inspection.put_off();
      in = in.first(std::min(bytes, in.size()));
      attempt.rests_on(from, from + bytes);
    }
    if (!decode_base64(in, inspection.decoded)) inspection.counters().decoded_bytes_max++;
    inspection.has_decoded = !inspection.decoded.empty();
    return inspection.has_decoded ? Outcome::match : Outcome::fail;
  }
  std::string describe(VariableNames) const override {
    Sentence out;
    out.add("base64_decode").add_if(bytes > 0, "bytes " + std::to_string(bytes));
    return out.add_if(offset > 0, "offset " + std::to_string(offset)).add_if(relative, "relative").text();
  }
  size_t bytes = 0;  // 0: to the end
  uint64_t offset = 0;
};

void base64_decode(RuleBuilder& rule, const RuleOption& option) {
  auto step = std::make_unique<Base64Decode>();
  if (option.has_value && !option.value.empty()) {
    for (const std::string& word : parts(rule.text(option), ',')) {
      if (word == "relative")
        step->relative = true;
      else if (word.starts_with("bytes "))
        step->bytes = static_cast<size_t>(read_integer(rule, option, word.substr(6), 1, kMaxDecodedBytes));
      else if (word.starts_with("offset "))
        step->offset = static_cast<uint64_t>(read_integer(rule, option, word.substr(7), 0, UINT16_MAX));
      else
        rule.fail(option, "'" + word + "' is none of bytes, offset, relative");
    }
  }
  rule.add(std::move(step), option);
}

/// What follows in the rule looks at the decoded bytes.
class Base64Data : public Step {
 public:
  Outcome attempt(Inspection& inspection, Attempt&) const override {
    return inspection.has_decoded ? inspection.nested(chain, to_bytes(inspection.decoded)) : Outcome::fail;
  }
  std::string describe(VariableNames variables) const override {
    Sentence out("; ");
    for (const auto& step : chain) out.add(step->describe(variables));
    return "base64_data [" + out.text() + "]";
  }
  Chain* inner() override { return &chain; }
  Chain chain;
};

void base64_data(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  auto step = std::make_unique<Base64Data>();
  step->relative = true;  // belongs to the chain of its base64_decode
  Chain& chain = step->chain;
  rule.add(std::move(step), option);
  rule.enter(chain);
}

constexpr Keyword kBufferKeywords[] = {
    {"pkt_data", "", &pkt_data, "what follows looks at the packet payload or stream again"},
    {"frame", "", &frame, "a message of the protocol, or a part of it, as its bytes stand: lapwing list frames"},
    {"absent", "", &absent, "the buffer has no value; with or_else what follows need only hold if it has one"},
    {"ip.src", "", &packet_buffer<&address<&Packet::src>>, "source address, 4 or 16 bytes"},
    {"ip.dst", "", &packet_buffer<&address<&Packet::dst>>, "destination address, 4 or 16 bytes"},
    {"ipv4.hdr", "", &packet_buffer<&ip_header<4>>, "IPv4 header with options"},
    {"ipv6.hdr", "", &packet_buffer<&ip_header<6>>, "IPv6 header with extension headers"},
    {"tcp.hdr", "", &packet_buffer<&l4_header<ip_proto::tcp>>, "TCP header with options"},
    {"udp.hdr", "", &packet_buffer<&l4_header<ip_proto::udp>>, "UDP header"},
    {"icmpv4.hdr", "", &packet_buffer<&icmp_header>, "ICMP header"},
    {"icmpv6.hdr", "", &packet_buffer<&l4_header<ip_proto::icmpv6>>, "ICMPv6 header"},
    {"base64_decode", "", &base64_decode, "decodes base64 in the buffer"},
    {"base64_data", "", &base64_data, "what follows looks at the decoded bytes"},
};

}  // namespace

const KeywordFamily kBufferFamily{"buffer", kBufferKeywords};

}  // namespace lapwing::rules
