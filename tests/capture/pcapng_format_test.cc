#include <gtest/gtest.h>

#include "sensor/capture/byte_input.h"
#include "sensor/capture/format.h"

namespace lapwing::capture {
namespace {

/// Writes blocks in either byte order.
class Blocks {
 public:
  explicit Blocks(bool big = false) : big_(big) {}

  Blocks& order(bool big) {
    big_ = big;
    return *this;
  }
  Blocks& section() {
    std::vector<uint8_t> body;
    put(body, 0x1a2b3c4d, 4);
    put(body, 1, 2);
    put(body, 0, 2);
    put(body, UINT64_MAX, 8);
    return block(0x0a0d0d0a, body);
  }
  Blocks& interface(uint16_t link_type, uint32_t snaplen = 0, std::vector<uint8_t> options = {}) {
    std::vector<uint8_t> body;
    put(body, link_type, 2);
    put(body, 0, 2);
    put(body, snaplen, 4);
    body.insert(body.end(), options.begin(), options.end());
    return block(1, body);
  }
  std::vector<uint8_t> option(uint16_t code, std::vector<uint8_t> value) const {
    std::vector<uint8_t> out;
    put(out, code, 2);
    put(out, value.size(), 2);
    out.insert(out.end(), value.begin(), value.end());
    out.resize((out.size() + 3) / 4 * 4);
    return out;
  }
  std::vector<uint8_t> offset(int64_t seconds) const {
    std::vector<uint8_t> value;
    put(value, static_cast<uint64_t>(seconds), 8);
    return option(14, value);
  }
  Blocks& enhanced(uint32_t interface, uint64_t time, std::vector<uint8_t> data, uint32_t length = 0) {
    std::vector<uint8_t> body;
    put(body, interface, 4);
    put(body, time >> 32, 4);
    put(body, time & 0xffffffff, 4);
    put(body, data.size(), 4);
    put(body, length ? length : data.size(), 4);
    return block(6, append(body, data));
  }
  Blocks& obsolete(uint16_t interface, uint64_t time, std::vector<uint8_t> data) {
    std::vector<uint8_t> body;
    put(body, interface, 2);
    put(body, 7, 2);  // drops
    put(body, time >> 32, 4);
    put(body, time & 0xffffffff, 4);
    put(body, data.size(), 4);
    put(body, data.size(), 4);
    return block(2, append(body, data));
  }
  Blocks& simple(std::vector<uint8_t> data, uint32_t length = 0) {
    std::vector<uint8_t> body;
    put(body, length ? length : data.size(), 4);
    return block(3, append(body, data));
  }
  Blocks& block(uint32_t type, std::vector<uint8_t> body) {
    body.resize((body.size() + 3) / 4 * 4);
    put(bytes, type, 4);
    put(bytes, body.size() + 12, 4);
    bytes.insert(bytes.end(), body.begin(), body.end());
    put(bytes, body.size() + 12, 4);
    return *this;
  }
  void put(std::vector<uint8_t>& out, uint64_t value, size_t size) const {
    for (size_t i = 0; i < size; ++i) out.push_back(static_cast<uint8_t>(value >> 8 * (big_ ? size - 1 - i : i)));
  }

  std::vector<uint8_t> bytes;

 private:
  static std::vector<uint8_t> append(std::vector<uint8_t> body, const std::vector<uint8_t>& data) {
    body.insert(body.end(), data.begin(), data.end());
    return body;
  }
  bool big_;
};

struct Result {
  Burst burst;
  Fill fill;
  std::optional<PcapngFormat> format;
};

Result read(const std::vector<uint8_t>& bytes) {
  Result r;
  uint64_t number = 0;
  r.format = PcapngFormat::open(bytes, r.fill.fault);
  if (r.format) r.fill = r.format->fill(bytes, r.burst.frames, number);
  r.burst.count = r.fill.frames;
  return r;
}

/// Nanoseconds of one packet with `units` at an interface of this resolution.
int64_t time_of(uint8_t resolution, uint64_t units, int64_t offset = 0) {
  Blocks b;
  auto options = b.option(9, {resolution});
  for (uint8_t byte : b.offset(offset)) options.push_back(byte);
  auto r = read(b.section().interface(1, 0, options).enhanced(0, units, {1}).bytes);
  EXPECT_EQ(r.burst.count, 1u);
  return r.burst.frames[0].time.ns;
}

TEST(PcapngFormat, ReadsEveryPacketBlockInBothByteOrders) {
  for (bool big : {false, true}) {
    Blocks b(big);
    b.section().interface(1).interface(101, 0, b.option(2, {'e', 't', 'h', '1'}));
    b.enhanced(1, 1'600'000'000'123'456, {1, 2, 3}, 60).simple({4, 5}).obsolete(1, 7, {6}).enhanced(0, 0, {});
    auto r = read(b.bytes);
    ASSERT_EQ(r.fill.fault, "");
    EXPECT_EQ(r.fill.used, b.bytes.size());
    ASSERT_EQ(r.burst.count, 4u);
    auto& f = r.burst.frames;
    EXPECT_EQ(f[0].time.ns, 1'600'000'000'123'456'000);
    EXPECT_EQ(f[0].link_type, 101);
    EXPECT_EQ(f[0].wire_length, 60u);
    EXPECT_EQ(f[0].data.size(), 3u);
    EXPECT_EQ(r.format->interface_name(f[0].interface), "eth1");
    EXPECT_EQ(f[1].data.size(), 2u);
    EXPECT_EQ(f[1].link_type, 1);
    EXPECT_EQ(f[2].time.ns, 7'000);
    EXPECT_TRUE(f[3].data.empty());
    EXPECT_EQ(f[3].number, 4u);
  }
}

TEST(PcapngFormat, EachSectionHasItsOwnOrderAndInterfaces) {
  Blocks b;
  b.section().interface(1).enhanced(0, 1, {1});
  b.order(true).section().interface(113).interface(101).enhanced(1, 2, {2});
  auto r = read(b.bytes);
  ASSERT_EQ(r.burst.count, 2u);
  EXPECT_EQ(r.burst.frames[1].link_type, 101);
  EXPECT_EQ(r.burst.frames[1].interface, 2);
  EXPECT_EQ(r.burst.frames[1].time.ns, 2000);
}

TEST(PcapngFormat, ResolutionsOfTenAndTwoBecomeNanoseconds) {
  EXPECT_EQ(time_of(0, 5), 5'000'000'000);
  EXPECT_EQ(time_of(3, 5'250), 5'250'000'000);
  EXPECT_EQ(time_of(9, 123), 123);
  EXPECT_EQ(time_of(12, 123'999), 123);
  EXPECT_EQ(time_of(19, 1'600'000'000), 0);
  EXPECT_EQ(time_of(0x80, 5), 5'000'000'000);
  EXPECT_EQ(time_of(0x80 | 10, (7 << 10) + 512), 7'500'000'000);
  EXPECT_EQ(time_of(0x80 | 32, (uint64_t{7} << 32) + (1u << 30)), 7'250'000'000);
  EXPECT_EQ(time_of(0x80 | 63, uint64_t{1} << 62), 500'000'000);
  EXPECT_EQ(time_of(6, 1'000'000, 100), 101'000'000'000);
  EXPECT_EQ(time_of(6, 1'000'000, -3), -2'000'000'000);
}

TEST(PcapngFormat, TimesOutOfRangeSaturate) {
  EXPECT_EQ(time_of(0, UINT64_MAX), INT64_MAX);
  EXPECT_EQ(time_of(6, 0, INT64_MIN), -INT64_MAX);
  EXPECT_EQ(time_of(0x7f, UINT64_MAX), 0);
  EXPECT_EQ(time_of(0xff, UINT64_MAX), 0);
}

TEST(PcapngFormat, UnknownBlocksArePassedOverEvenWhenLargerThanAnyBuffer) {
  Blocks b;
  b.section().interface(1).block(5, std::vector<uint8_t>(16)).enhanced(0, 1, {1});
  EXPECT_EQ(read(b.bytes).burst.count, 1u);
  size_t before = b.bytes.size();
  b.block(0xbad, std::vector<uint8_t>(2 << 20));
  b.bytes.resize(before + 100);
  auto r = read(b.bytes);
  EXPECT_EQ(r.fill.used, before);
  EXPECT_EQ(r.fill.skip, (2u << 20) + 12);
}

TEST(PcapngFormat, ImpossibleBlocksAreFaults) {
  auto with = [](auto&& spoil) {
    Blocks b;
    b.section().interface(1);
    size_t at = b.bytes.size();
    b.enhanced(0, 1, {1, 2, 3, 4});
    spoil(b.bytes, at);
    return read(b.bytes);
  };
  auto fault = [&](auto&& spoil) { return with(spoil).fill.fault; };
  EXPECT_EQ(fault([](auto& b, size_t at) { b[at + 4] = 0; }), "block of 0 bytes");
  EXPECT_EQ(fault([](auto& b, size_t at) { b[at + 4] = 37; }), "block of 37 bytes");
  EXPECT_EQ(fault([](auto& b, size_t at) { b[at + 7] = 0xff; }), "block of 4278190116 bytes, more than 524288");
  EXPECT_EQ(fault([](auto& b, size_t) { b[b.size() - 4] ^= 1; }), "block whose two lengths differ");
  EXPECT_EQ(fault([](auto& b, size_t at) { b[at + 8] = 1; }),
            "packet of interface 1, which the section does not describe");
  EXPECT_EQ(fault([](auto& b, size_t at) { b[at + 20] = 5; }), "packet of 5 bytes in a block of 36");
  EXPECT_EQ(fault([](auto& b, size_t at) { b[at + 23] = 0xff; }).substr(0, 10), "packet of ");
}

TEST(PcapngFormat, BlocksThatMayHoldPacketsAreCountedOnce) {
  Blocks b;
  b.section().interface(1).block(5, {1}).block(0x204, {1}).enhanced(0, 1, {1}).block(0xbad, {2});
  auto r = read(b.bytes);
  EXPECT_EQ(r.burst.count, 1U);
  EXPECT_EQ(r.fill.unknown_blocks, 2U);
  EXPECT_EQ(r.fill.unknown_block, 0x204U);

  // One that is longer than what is at hand comes up again behind the frames before it.
  Blocks cut;
  cut.section().interface(1).enhanced(0, 1, {1});
  const size_t frames = cut.bytes.size();
  cut.block(0xbad, std::vector<uint8_t>(4000));
  cut.bytes.resize(frames + 100);
  Burst burst;
  uint64_t number = 0;
  std::string fault;
  auto format = PcapngFormat::open(cut.bytes, fault);
  Fill first = format->fill(cut.bytes, burst.frames, number);
  EXPECT_EQ(first.frames, 1U);
  Fill second = format->fill(Bytes(cut.bytes).subspan(first.used), burst.frames, number);
  EXPECT_GT(second.skip, 0U);
  EXPECT_EQ(first.unknown_blocks + second.unknown_blocks, 1U);
}

TEST(PcapngFormat, InterfacesAreLimited) {
  Blocks b;
  b.section();
  for (size_t i = 0; i <= kMaxInterfaces; ++i) b.interface(1);
  EXPECT_EQ(read(b.bytes).fill.fault, "more than 4096 interfaces");
}

TEST(PcapngFormat, AsksForTheBytesABlockLacks) {
  Blocks b;
  b.section().interface(1, 0, b.option(9, {9})).enhanced(0, 1, {1, 2, 3}).simple({1});
  for (size_t size = PcapngFormat::kHeader; size < b.bytes.size(); ++size) {
    auto r = read({b.bytes.begin(), b.bytes.begin() + static_cast<long>(size)});
    EXPECT_EQ(r.fill.fault, "") << size;
    if (r.fill.used < size) {
      EXPECT_GT(r.fill.need, size - r.fill.used);
      EXPECT_LE(r.fill.need, kMaxRecord);
    }
  }
}

}  // namespace
}  // namespace lapwing::capture
