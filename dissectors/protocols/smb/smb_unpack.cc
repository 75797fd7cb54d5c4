#include "dissectors/protocols/smb/smb_unpack.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "sensor/base/little_endian.h"

namespace lapwing::smb {

namespace {

constexpr size_t kMagic = 4;
constexpr uint16_t kChained = 1;

/// Takes what came `distance` before the end once more; both may overlap.
bool repeat(std::string& out, size_t begin, size_t distance, uint64_t length, uint64_t end) {
  if (distance == 0 || distance > out.size() - begin || length > end - out.size()) return false;
  for (uint64_t i = 0; i < length; ++i) out += out[out.size() - distance];
  return true;
}

/// What follows where the bits of a length say that they do not hold it: a byte, or two behind 255, or four behind a
/// zero. `less`: what of it was said before, which the longer ones hold as well.
std::optional<uint64_t> longer(LittleReader& in, uint32_t less) {
  constexpr uint8_t kLonger = 255;
  if (const uint8_t byte = in.u8(); byte != kLonger) return in.ok() ? std::optional<uint64_t>(byte) : std::nullopt;
  uint32_t length = in.u16();
  if (length == 0) length = in.u32();
  return in.ok() && length >= less ? std::optional<uint64_t>(length - less) : std::nullopt;
}

/// MS-XCA 2.4.4
bool lz77(Bytes bytes, std::string& out, uint64_t end) {
  constexpr uint32_t kShort = 7, kHalf = 15, kShortest = 3;
  LittleReader in(bytes);
  const size_t begin = out.size();
  uint32_t flags = 0, left = 0;
  std::optional<uint8_t> half;  // of a byte of which the other half told a length
  while (out.size() < end) {
    if (left == 0) {
      flags = in.u32();
      left = 32;
    }
    if (!in.ok()) return false;
    if (!(flags >> --left & 1)) {
      out += static_cast<char>(in.u8());
      if (!in.ok()) return false;
      continue;
    }
    if (in.left() == 0) break;
    const uint16_t token = in.u16();
    uint64_t length = token % 8;
    if (length == kShort) {
      uint32_t more = 0;
      if (half) {
        more = *half;
        half.reset();
      } else {
        const uint8_t both = in.u8();
        more = both & 0x0f;
        half = both >> 4;
      }
      length += more;
      if (more == kHalf) {
        const auto rest = longer(in, kShort + kHalf);
        if (!rest) return false;
        length += *rest;
      }
    }
    if (!in.ok() || !repeat(out, begin, token / 8 + size_t{1}, length + kShortest, end)) return false;
  }
  return true;
}

/// One chunk (MS-XCA 2.5): how a token is divided depends on how much of the chunk there is.
bool lznt1_chunk(Bytes bytes, std::string& out, uint64_t end) {
  constexpr size_t kChunk = 4096;
  LittleReader in(bytes);
  const size_t begin = out.size();
  while (in.left() > 0) {
    const uint8_t flags = in.u8();
    for (int i = 0; i < 8 && in.left() > 0; ++i) {
      const size_t done = out.size() - begin;
      if (!(flags >> i & 1)) {
        if (done == kChunk || out.size() == end) return false;
        out += static_cast<char>(in.u8());
        continue;
      }
      const uint16_t token = in.u16();
      uint32_t bits = 12;
      for (size_t at = done == 0 ? 0 : done - 1; at >= 0x10; at >>= 1) --bits;
      const uint32_t length = (token & ((1u << bits) - 1)) + 3;
      if (!in.ok() || done + length > kChunk || !repeat(out, begin, (token >> bits) + size_t{1}, length, end))
        return false;
    }
  }
  return true;
}

bool lznt1(Bytes bytes, std::string& out, uint64_t end) {
  constexpr uint16_t kCompressed = 0x8000, kSize = 0x0fff;
  LittleReader in(bytes);
  while (in.left() > 0 && out.size() < end) {
    const uint16_t head = in.u16();
    if (head == 0) break;
    const Bytes chunk = in.bytes((head & kSize) + size_t{1});
    if (!in.ok()) return false;
    if (head & kCompressed) {
      if (!lznt1_chunk(chunk, out, end)) return false;
    } else {
      if (chunk.size() > end - out.size()) return false;
      out += to_text(chunk);
    }
  }
  return true;
}

/// A code of symbols, of which none is longer than 15 bits.
class Code {
 public:
  static constexpr uint32_t kSymbols = 512, kLongest = 15;

  /// Of half a byte for each symbol. False where the code is not full.
  bool read(Bytes lengths) {
    const auto length = [&](uint32_t symbol) { return lengths[symbol / 2] >> (symbol % 2 * 4) & 0x0f; };
    size_t at = 0;
    for (uint32_t bits = 1; bits <= kLongest; ++bits) {
      for (uint32_t symbol = 0; symbol < kSymbols; ++symbol) {
        if (length(symbol) != static_cast<int>(bits)) continue;
        const size_t span = size_t{1} << (kLongest - bits);
        if (span > entries_.size() - at) return false;
        std::fill_n(entries_.begin() + static_cast<ptrdiff_t>(at), span, static_cast<uint16_t>(symbol << 4 | bits));
        at += span;
      }
    }
    return at == entries_.size();
  }
  uint32_t symbol(uint32_t next) const { return entries_[next] >> 4; }
  uint32_t bits(uint32_t next) const { return entries_[next] & 0x0f; }

 private:
  std::array<uint16_t, size_t{1} << kLongest> entries_;
};

/// MS-XCA 2.2.4: each 64 KiB has a code of its own. Behind the end of the bytes the next are zeros.
bool lz77_huffman(Bytes bytes, std::string& out, uint64_t end) {
  constexpr size_t kTable = Code::kSymbols / 2, kBlock = 64 << 10;
  constexpr uint32_t kLiterals = 256, kHalf = 15, kShortest = 3;
  LittleReader in(bytes);
  const size_t begin = out.size();
  const auto code = std::make_unique<Code>();
  while (out.size() < end) {
    const Bytes table = in.bytes(kTable);
    if (!in.ok() || in.left() < 4 || !code->read(table)) return false;
    const size_t block_end = static_cast<size_t>(std::min<uint64_t>(end, out.size() + kBlock));
    uint32_t next = uint32_t{in.u16()} << 16;
    next |= in.u16();
    int extra = 16;
    const auto skip = [&](uint32_t count) {
      next = count == 0 ? next : next << count;
      extra -= static_cast<int>(count);
      if (extra >= 0) return;
      const uint32_t more = in.left() >= 2 ? in.u16() : 0;
      next |= more << -extra;
      extra += 16;
    };
    while (out.size() < block_end) {
      const uint32_t index = next >> (32 - Code::kLongest);
      const uint32_t symbol = code->symbol(index);
      skip(code->bits(index));
      if (symbol < kLiterals) {
        out += static_cast<char>(symbol);
        continue;
      }
      if (symbol == kLiterals && in.left() == 0 && out.size() == end) break;
      uint64_t length = (symbol - kLiterals) % 16;
      const uint32_t distance_bits = (symbol - kLiterals) / 16;
      if (length == kHalf) {
        const auto rest = longer(in, kHalf);
        if (!rest) return false;
        length += *rest;
      }
      const size_t distance = (distance_bits == 0 ? 0 : next >> (32 - distance_bits)) + (size_t{1} << distance_bits);
      skip(distance_bits);
      if (!repeat(out, begin, distance, length + kShortest, end)) return false;
    }
  }
  return true;
}

/// MS-SMB2 2.2.42.2.2
bool pattern(Bytes bytes, std::string& out, uint64_t end) {
  LittleReader in(bytes);
  const uint8_t byte = in.u8();
  in.skip(3);
  const uint32_t count = in.u32();
  if (!in.ok() || count > end - out.size()) return false;
  out.append(count, static_cast<char>(byte));
  return true;
}

/// So many bytes that are compressed so.
bool undo(Compression compression, Bytes bytes, uint64_t size, std::string& out) {
  const uint64_t end = out.size() + size;
  switch (compression) {
    case Compression::lznt1:
      if (!lznt1(bytes, out, end)) return false;
      break;
    case Compression::lz77:
      if (!lz77(bytes, out, end)) return false;
      break;
    case Compression::lz77_huffman:
      if (!lz77_huffman(bytes, out, end)) return false;
      break;
    default: return false;
  }
  return out.size() == end;
}

/// MS-SMB2 2.2.42.2: parts, each of a compression of its own.
bool unpack_chain(LittleReader& in, uint64_t size, std::string& out) {
  while (in.left() > 0) {
    const auto compression = static_cast<Compression>(in.u16());
    in.skip(2);
    LittleReader part(in.bytes(in.u32()));
    if (!in.ok()) return false;
    if (compression == Compression::none) {
      if (part.left() > size - out.size()) return false;
      out += to_text(part.rest());
    } else if (compression == Compression::pattern) {
      if (!pattern(part.rest(), out, size)) return false;
    } else {
      const uint32_t original = part.u32();
      if (!part.ok() || original > size - out.size() || !undo(compression, part.rest(), original, out)) return false;
    }
  }
  return out.size() == size;
}

}  // namespace

bool can_unpack(Bytes message) {
  LittleReader in(message);
  in.skip(kMagic + 4);
  const auto compression = static_cast<Compression>(in.u16());
  return in.ok() && compression < Compression::lz4;
}

uint64_t unpacked_size(Bytes message) {
  LittleReader in(message);
  in.skip(kMagic);
  const uint64_t size = in.u32();
  in.skip(2);
  const bool chained = in.u16() & kChained;
  return chained ? size : size + in.u32();
}

std::optional<std::string> unpack(Bytes message, uint64_t most) {
  LittleReader in(message);
  in.skip(kMagic);
  const uint32_t size = in.u32();
  LittleReader chain = in;
  const auto compression = static_cast<Compression>(in.u16());
  const bool chained = in.u16() & kChained;
  const uint32_t plain = in.u32();
  if (!in.ok() || size > most) return {};
  std::string out;
  if (chained) {
    out.reserve(size);
    return unpack_chain(chain, size, out) ? std::optional(std::move(out)) : std::nullopt;
  }
  const Bytes before = in.bytes(plain);
  if (!in.ok() || before.size() > most - size) return {};
  out.reserve(before.size() + size);
  out += to_text(before);
  // What is in front of them they do not refer to.
  return undo(compression, in.rest(), size, out) ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace lapwing::smb
