// Deflate (RFC 1951) within gzip (RFC 1952) or zlib (RFC 1950), or bare, undone as the bytes come. What is made, where
// it ends and where it is broken is what zlib says of the same bytes.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sensor/base/bytes.h"

struct inflate_state;

namespace lapwing::http {

/// [W] One stream. zlib reads the header in front and that of each block, igzip what the blocks hold: it is at least
/// twice as fast, but takes sets of codes that zlib refuses, and does not tell what stands before an error. So igzip
/// gets no block whose header zlib did not take, and what it refuses is read by zlib from where it was before. Bare
/// streams, which nothing but a guess says to be such, and more than kMostFast at a time are zlib's.
class Inflater {
 public:
  /// Most bytes of a step.
  static constexpr size_t kStep = 8192;
  /// Streams of a thread at once that igzip reads. It takes 87 KB for each, zlib 32 KB at most.
  static constexpr size_t kMostFast = 256;
  /// full: another step may make more at once.
  enum class State : uint8_t { starved, full, ended, broken };

  /// Unless it is bare, its first two bytes tell gzip from zlib. Throws std::bad_alloc, as step does.
  explicit Inflater(bool bare);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Takes from `in`, all of it when it is starved, and makes at most `room` <= kStep bytes, which stand until the next
  /// step. None follows once it has ended or is broken.
  State step(Bytes& in, size_t room, Bytes& made);
  /// Of a gzip stream that has ended: whether another begins with `in`, which step then reads; nothing as long as it
  /// may. A gzip file is one or more of them (RFC 1952 2.2).
  std::optional<bool> next_member(Bytes& in);
  /// What the head said.
  bool gzip() const { return gzip_; }

 private:
  enum class At : uint8_t { head, block, symbols, zlib, check };
  enum class Wrap : uint8_t { none, zlib, gzip };

  State read_head(Bytes& in);
  State read_block(Bytes& in);
  bool begin_block(Bytes& in);
  State read_symbols(Bytes& in);
  State read_by_zlib(Bytes& in, size_t room, Bytes& made);
  State read_check(Bytes& in);
  bool run_fast(Bytes& in);
  int run_zlib(Bytes& in, int flush, uint8_t* out, size_t room);
  void make_room();
  void end_block(Bytes& in);
  void leave_to_zlib();
  Bytes give(size_t room);
  void sum(Bytes made);
  void release();

  z_stream zlib_{};
  inflate_state* fast_ = nullptr;
  size_t given_ = 0;                 // of what igzip has in its window
  uint64_t coded_ = 0, blocks_ = 0;  // bytes and blocks that it took
  std::string header_;               // of a block, as long as it is not whole
  At at_;
  Wrap wrap_ = Wrap::none;  // the one whose check is not zlib's to read
  bool gzip_ = false;
  bool last_ = false;   // block
  bool wrong_ = false;  // a byte of the check
  size_t have_ = 0;     // bytes of the check
  size_t magic_ = 0;    // bytes that the next member begins with
  uint32_t check_ = 0, size_ = 0;
  std::array<uint8_t, 8> carried_;
  Bytes left_;  // of carried_: what igzip had taken of a symbol before zlib went on
  std::unique_ptr<std::array<uint8_t, kStep>> buffer_;  // what zlib makes
};

}  // namespace lapwing::http
