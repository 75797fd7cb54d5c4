// Inflater says what zlib says, of whole and of broken streams, however they are cut.
#include <gtest/gtest.h>
#include <zlib.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/dissectors/http/inflated.h"

namespace lapwing::test {
namespace {

using State = http::Inflater::State;

/// Behind it stand blocks.
const std::string kGzipHead("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);

constexpr int kBare = -MAX_WBITS, kZlib = MAX_WBITS, kGzip = MAX_WBITS + 16;

/// Bits as deflate has them: numbers from the lowest, codes from the highest.
class Bits {
 public:
  Bits& number(uint64_t value, uint32_t bits) {
    for (uint32_t i = 0; i < bits; ++i) add(value >> i & 1);
    return *this;
  }
  Bits& code(uint32_t value, uint32_t bits) {
    for (uint32_t i = bits; i-- > 0;) add(value >> i & 1);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  void add(uint64_t bit) {
    if (count_++ % 8 == 0) text_.push_back('\0');
    text_.back() = static_cast<char>(text_.back() | static_cast<int>(bit) << ((count_ - 1) % 8));
  }
  std::string text_;
  size_t count_ = 0;
};

class Drawn {
 public:
  explicit Drawn(uint32_t seed) : random_(seed) {}
  size_t below(size_t n) { return random_() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  char byte() { return static_cast<char>(random_()); }

  /// Text with repetitions near and far, runs, and bytes of any value.
  std::string text() {
    std::string out;
    const size_t size = one_in(30) ? 40'000 + below(80'000) : below(3000);
    const size_t letters = 1 + below(one_in(3) ? 256 : 20);
    while (out.size() < size) {
      const size_t length = 1 + below(one_in(10) ? 600 : 20);
      if (out.empty() || one_in(3)) {
        for (size_t i = 0; i < length; ++i) out.push_back(static_cast<char>(below(letters)));
      } else {
        const size_t back = 1 + below(std::min<size_t>(out.size(), one_in(2) ? 40 : 40'000));
        for (size_t i = 0; i < length; ++i) out.push_back(out[out.size() - back]);
      }
    }
    return out;
  }

  /// Coded in any manner that zlib has, with flushes in between, or for gzip with a header of any fields.
  std::string coded(std::string_view text, int window_bits) {
    z_stream stream{};
    deflateInit2(&stream, static_cast<int>(below(10)), Z_DEFLATED, window_bits, static_cast<int>(1 + below(9)),
                 static_cast<int>(below(5)));
    std::string extra(below(300), 'e'), name(below(40), 'n'), comment(below(40), 'c');
    gz_header header{};
    header.hcrc = one_in(2);
    if (one_in(2))
      header.extra = reinterpret_cast<Bytef*>(extra.data()), header.extra_len = static_cast<uInt>(extra.size());
    if (one_in(2)) header.name = reinterpret_cast<Bytef*>(name.data());
    if (one_in(2)) header.comment = reinterpret_cast<Bytef*>(comment.data());
    if (window_bits == kGzip && one_in(2)) deflateSetHeader(&stream, &header);
    std::string out(deflateBound(&stream, text.size()) + 2000 + text.size() / 4, 0);
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const size_t flushes = one_in(4) ? below(6) : 0;
    for (size_t i = 0; i <= flushes; ++i) {
      const std::string_view part = text.substr(0, i == flushes ? text.size() : below(text.size() + 1));
      text.remove_prefix(part.size());
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
      stream.avail_in = static_cast<uInt>(part.size());
      const int kinds[] = {Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK};
      deflate(&stream, i == flushes ? Z_FINISH : kinds[below(4)]);
    }
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }

  /// What a hostile sender makes of it.
  void spoil(std::string& coded) {
    for (size_t i = below(4); i-- > 0 && !coded.empty();) {
      const size_t at = below(one_in(2) ? std::min<size_t>(coded.size(), 120) : coded.size());
      coded[at] = one_in(3) ? byte() : static_cast<char>(coded[at] ^ 1 << below(8));
    }
    if (one_in(4)) coded.resize(below(coded.size() + 1));
  }

  /// A head of a dynamic block with codes that are whole more often than chance would have them, and anything behind.
  std::string drawn_block() {
    Bits bits;
    bits.number(one_in(2), 1).number(2, 2);
    bits.number(static_cast<uint32_t>(one_in(4) ? below(32) : 29), 5);
    bits.number(static_cast<uint32_t>(one_in(4) ? below(32) : 29), 5).number(15, 4);
    // Lengths 0 to 15 by four bits each, or with one that is longer for the repetitions.
    const bool repeats = one_in(2);
    for (uint32_t symbol : {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}) {
      bits.number(symbol > 15 ? (repeats ? 6 : 0) : repeats && symbol == 15 ? 5 : 4, 3);
    }
    for (size_t i = 0; i < 316; ++i) {
      const uint32_t usual = i < 256 ? (i < 194 ? 8 : 9) : i < 286 ? 9 : i < 288 ? 4 : 5;
      bits.code(one_in(100) ? static_cast<uint32_t>(below(15)) : usual, 4);
    }
    std::string out = bits.text();
    for (size_t i = below(200); i-- > 0;) out.push_back(byte());
    return out;
  }

 private:
  std::mt19937 random_;
};

/// By gzip, where `piece` is shorter than it in blocks of so much.
std::string gzipped(std::string_view text, int strategy, size_t piece) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, kGzip, 8, strategy);
  std::string out(2 * text.size() + 1000, 0);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  do {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream.avail_in = static_cast<uInt>(part.size());
    deflate(&stream, text.empty() ? Z_FINISH : Z_BLOCK);
  } while (!text.empty());
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void expect_as_zlib(const std::string& coded, bool bare, Drawn& drawn, const std::string& what) {
  const Inflated want = inflated_by_zlib(to_bytes(coded), bare);
  const size_t small = 1 + drawn.below(drawn.one_in(3) ? 4 : 2000);
  const std::pair<std::string, Cut> cuts[] = {
      {"whole", [](size_t most) { return most; }},
      {"byte by byte", [](size_t) { return 1; }},
      {"at random", [&](size_t) { return 1 + drawn.below(small); }},
  };
  for (const auto& [name, cut] : cuts) {
    const Inflated got = inflated(to_bytes(coded), bare, cut);
    ASSERT_EQ(got.state, want.state) << what << ", " << name;
    ASSERT_TRUE(got.made == want.made) << what << ", " << name << ": " << got.made.size() << " of " << want.made.size();
    ASSERT_EQ(got.taken, want.taken) << what << ", " << name;
  }
}

TEST(HttpInflate, DrawnStreamsAreWhatZlibMakesOfThem) {
  Drawn drawn(1);
  std::array<size_t, 4> states{};
  for (int i = 0; i < 3000 && !HasFatalFailure(); ++i) {
    constexpr int kWindows[] = {kBare, kZlib, kGzip, 9, 9 + 16};
    const int window = kWindows[drawn.below(std::size(kWindows))];
    const bool bare = window < 0;
    const std::string text = drawn.text();
    std::string coded = drawn.coded(text, window);
    if (drawn.one_in(3)) coded += drawn.one_in(2) ? coded : "trailing";
    if (drawn.one_in(2)) drawn.spoil(coded);
    if (drawn.one_in(5)) coded = (bare ? "" : kGzipHead) + drawn.drawn_block();
    const bool read_bare = drawn.one_in(10) ? !bare : bare;
    expect_as_zlib(coded, read_bare, drawn, "stream " + std::to_string(i));
    ++states[static_cast<size_t>(inflated_by_zlib(to_bytes(coded), read_bare).state)];
  }
  for (State state : {State::starved, State::ended, State::broken}) EXPECT_GT(states[static_cast<size_t>(state)], 100u);
}

TEST(HttpInflate, EveryHeadIsTakenOrRefusedAsZlibDoes) {
  Drawn drawn(2);
  for (uint32_t first = 0; first < 65536 && !HasFatalFailure(); ++first) {
    std::string coded{static_cast<char>(first), static_cast<char>(first >> 8)};
    coded += std::string("\x08\x00\x00\x00\x00\x00\x00\x03\x01\x00\x00\xff\xff", 13);
    expect_as_zlib(coded, false, drawn, "head " + std::to_string(first));
  }
  for (uint32_t flags = 0; flags < 65536 && !HasFatalFailure(); ++flags) {
    std::string coded = "\x1f\x8b";
    coded += {static_cast<char>(flags), static_cast<char>(flags >> 8)};
    coded += std::string("\0\0\0\0\0\0\x02\0xxname\0comment\0\0\0\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 38);
    expect_as_zlib(coded, false, drawn, "flags " + std::to_string(flags));
  }
}

/// Lengths of code lengths, in the order of RFC 1951 3.2.7, and the code lengths that they say.
TEST(HttpInflate, CodesThatNoEncoderMakesAreTakenOrRefusedAsZlibDoes) {
  Drawn drawn(3);
  const auto header = [](uint32_t symbols, uint32_t distances) {
    return Bits().number(1, 1).number(2, 2).number(symbols - 257, 5).number(distances - 1, 5).number(14, 4);
  };
  struct Case {
    std::string_view name;
    std::vector<std::pair<uint32_t, uint32_t>> lengths;  // code length, how often
    uint32_t symbols, distances;
  };
  // Code lengths 0, 1, 2, 8 in two bits each.
  const Case kCases[] = {
      {"one symbol, one distance", {{0, 256}, {1, 1}, {1, 1}}, 257, 1},
      {"one symbol, no distance", {{0, 256}, {1, 1}, {0, 1}}, 257, 1},
      {"one symbol of two bits", {{0, 256}, {2, 1}, {1, 1}}, 257, 1},
      {"one distance of two bits", {{0, 255}, {1, 2}, {2, 1}}, 257, 1},
      {"three symbols of one bit", {{0, 254}, {1, 3}, {1, 1}}, 257, 1},
      {"no end of block", {{0, 255}, {1, 1}, {0, 1}, {1, 1}}, 257, 1},
      {"as many as there may be", {{0, 256}, {1, 2}, {0, 28}, {1, 2}, {0, 28}}, 286, 30},
      {"too many symbols", {{0, 256}, {1, 2}, {0, 29}, {1, 1}}, 287, 1},
      {"too many distances", {{0, 256}, {1, 1}, {1, 2}, {0, 29}}, 257, 31},
      {"a match that lacks its distance", {{0, 256}, {1, 2}, {0, 1}}, 258, 1},
  };
  for (const Case& one : kCases) {
    Bits bits = header(one.symbols, one.distances);
    for (uint32_t symbol : {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1}) {
      bits.number(symbol == 0 || symbol == 1 || symbol == 2 || symbol == 8 ? 2 : 0, 3);
    }
    for (const auto& [length, times] : one.lengths) {
      for (uint32_t i = 0; i < times; ++i) bits.code(length == 8 ? 3 : length, 2);
    }
    for (uint32_t behind : {0u, 1u, 2u, 3u, 0xffffu, 0xaaaau}) {
      Bits whole = bits;
      expect_as_zlib(kGzipHead + whole.number(behind, 16).text(), false, drawn, std::string(one.name));
    }
  }
  for (uint32_t lengths = 0; lengths < 4096; ++lengths) {  // of code lengths 16, 17, 18 and 0
    Bits bits = header(257, 1);
    bits.number(lengths, 12).number(0, 3 * 14).number(0, 32).number(0xffffffff, 32);
    expect_as_zlib(kGzipHead + bits.text(), false, drawn, "code lengths " + std::to_string(lengths));
  }
}

TEST(HttpInflate, MatchesReachAsFarBackAsTheWindow) {
  Drawn drawn(4);
  for (size_t before : {1u, 8191u, 8192u, 32'767u, 32'768u, 32'769u, 41'000u, 100'000u}) {
    std::string stored;
    for (size_t left = before; left > 0;) {
      const size_t size = std::min<size_t>(left, 65535);
      stored += '\0';
      for (size_t number : {size, ~size}) stored += {static_cast<char>(number), static_cast<char>(number >> 8)};
      for (size_t i = 0; i < size; ++i) stored += drawn.byte();
      left -= size;
    }
    for (uint32_t low : {0u, 1u, 8190u, 8191u}) {  // 24,577 and more: the last distance there is
      for (uint32_t code : {0xc0u, 0xc5u}) {       // matches of 115 and of 258
        Bits bits;
        bits.number(1, 1)
            .number(1, 2)
            .code(code, 8)
            .number(0, code == 0xc0 ? 4 : 0)
            .code(29, 5)
            .number(low, 13)
            .code(0, 7);
        expect_as_zlib(kGzipHead + stored + bits.text(), false, drawn,
                       std::to_string(before) + " " + std::to_string(low));
      }
    }
  }
}

TEST(HttpInflate, OfACutStreamAllIsMadeThatIsWhole) {
  Drawn drawn(6);
  std::string text;
  while (text.size() < 12'000) text.push_back(static_cast<char>('a' + std::min(drawn.below(20), drawn.below(20))));
  const std::string coded = gzipped(text, Z_HUFFMAN_ONLY, text.size());
  for (size_t size = coded.size() - 100; size < coded.size(); ++size) {
    expect_as_zlib(coded.substr(0, size), false, drawn, "cut at " + std::to_string(size));
  }
}

TEST(HttpInflate, StreamsOfShortBlocksReachAsFarBack) {
  Drawn drawn(7);
  std::string text;
  while (text.size() < 40'000) text.push_back(drawn.byte());
  for (size_t i = 0; i < 400; ++i)
    text += text.substr(text.size() - 30'000 - drawn.below(2'000), 20 + drawn.below(200));
  const std::string coded = gzipped(text, Z_DEFAULT_STRATEGY, 560);
  expect_as_zlib(coded, false, drawn, "short blocks");
}

TEST(HttpInflate, MoreStreamsThanIgzipReadsAtOnceAreReadAllTheSame) {
  Drawn drawn(5);
  const std::string text = drawn.text() + std::string(20'000, 'x');
  const std::string coded = drawn.coded(text, kGzip);
  std::vector<std::unique_ptr<http::Inflater>> streams;
  std::vector<std::string> made(http::Inflater::kMostFast + 20);
  const auto read = [&](size_t i, Bytes in) {
    Bytes some;
    State state;
    do {
      state = streams[i]->step(in, http::Inflater::kStep, some);
      made[i].append(to_text(some));
    } while (state == State::full);
    return state;
  };
  const Bytes whole = to_bytes(coded);
  for (size_t i = 0; i < made.size(); ++i) {
    streams.push_back(std::make_unique<http::Inflater>(false));
    EXPECT_EQ(read(i, whole.first(whole.size() / 2)), State::starved);
  }
  for (size_t i = 0; i < made.size(); ++i) {
    EXPECT_EQ(read(i, whole.subspan(whole.size() / 2)), State::ended);
    EXPECT_TRUE(made[i] == text);
  }
}

}  // namespace
}  // namespace lapwing::test
