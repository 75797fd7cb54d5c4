// Decodes built frames for assertions: the packets of a frame and the names of their events.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sensor/decode/decode.h"
#include "tests/support/packet_builder.h"

namespace lapwing::test {

inline DecodeConfig default_config() {
  return read_decode_config(Setting{});
}

/// A frame, kept, and what a decoder of its own makes of it.
class Decoded {
 public:
  explicit Decoded(BuiltFrame frame, const DecodeConfig& config = default_config(),
                   ChecksumMode checksums = ChecksumMode::all)
      : frame_(std::move(frame)), decoder_(std::make_unique<Decoder>(config, checksums)) {
    const auto peeked = decoder_->peek(frame_);
    count = decoder_->decode(frame_, *packets_);
    if (peeked) expect_lone(*peeked);
  }
  explicit Decoded(const PacketBuilder& builder) : Decoded(builder.build()) {}

  const Packet& operator[](size_t i) const { return (*packets_)[i]; }
  const Packet& inner() const { return (*packets_)[count - 1]; }
  const Packet* operator->() const { return &(*packets_)[0]; }
  std::vector<std::string> events(size_t i = 0) const {
    const Packet& p = (*packets_)[i];
    std::vector<std::string> out;
    for (uint8_t e = 0; e < p.event_count; ++e) out.emplace_back(name(p.events[e]));
    return out;
  }
  const DecodeCounters& counters() const { return decoder_->counters(); }
  Decoder& decoder() { return *decoder_; }

  size_t count = 0;

 private:
  /// What a glance says holds.
  void expect_lone(const AddressPair& pair) const {
    const Packet& p = (*packets_)[0];
    EXPECT_TRUE(count == 1 && p.ip_version != 0 && !p.is_fragment && !p.has_quoted);
    EXPECT_TRUE(p.src == pair.src && p.dst == pair.dst);
  }

  BuiltFrame frame_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<std::array<Packet, kMaxPackets>> packets_ = std::make_unique<std::array<Packet, kMaxPackets>>();
};

/// Events of the frame's outermost packet.
inline std::vector<std::string> events_of(const PacketBuilder& builder) {
  return Decoded(builder).events();
}

inline IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

/// A layer's bytes in a heap block of exactly their size, so that AddressSanitizer sees any read past the end.
inline void decode_every_prefix(const BuiltFrame& frame) {
  auto decoder = std::make_unique<Decoder>(default_config(), ChecksumMode::all);
  auto packets = std::make_unique<std::array<Packet, kMaxPackets>>();
  for (size_t size = 0; size <= frame.bytes.size(); ++size) {
    BuiltFrame cut = frame;
    cut.bytes.resize(size);
    cut.bytes.shrink_to_fit();
    size_t count = decoder->decode(cut, *packets);
    const uint8_t *begin = cut.bytes.data(), *end = begin + size;
    auto inside = [&](Bytes b) { return b.empty() || (b.data() >= begin && b.data() + b.size() <= end); };
    for (size_t i = 0; i < count; ++i) {
      const Packet& p = (*packets)[i];
      EXPECT_TRUE(inside(p.ip) && inside(p.ip_header) && inside(p.ip_payload) && inside(p.l4_header) &&
                  inside(p.payload) && inside(p.tcp.sack) && inside(p.arp))
          << size;
      EXPECT_TRUE(!p.has_l4 || p.ip_version != 0) << size;
    }
  }
}

}  // namespace lapwing::test
