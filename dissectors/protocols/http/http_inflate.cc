#include "dissectors/protocols/http/http_inflate.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "sensor/base/per_thread.h"

namespace lapwing::http {
namespace {

constexpr int64_t kHistory = ISAL_DEF_HIST_SIZE;
/// What of igzip's window is filled before all but the history is dropped from it.
constexpr int64_t kFilled = 2 * kHistory - 4096;
/// With no more bytes behind the header of a last block, igzip makes tables that find one symbol at a time: those are
/// made faster, and what is cut within a symbol keeps back none that is whole.
constexpr size_t kSingleSymbols = 2048;
/// In a block of fewer bytes, making igzip's tables takes longer than it saves.
constexpr uint64_t kFew = 600;
/// So many may be shorter before a stream is held to be made of such.
constexpr uint64_t kShortBlocks = 8;

/// States of igzip that a thread has made. As many as kKept are kept for streams to come.
class FastStates {
 public:
  FastStates() = default;
  FastStates(const FastStates&) = delete;
  FastStates& operator=(const FastStates&) = delete;
  ~FastStates() {
    while (Node* node = free_) {
      free_ = node->next;
      delete node;
    }
  }
  inflate_state* take() {
    if (used_ == Inflater::kMostFast) return nullptr;
    Node* node = free_;
    if (node) {
      free_ = node->next;
      --kept_;
    } else {
      node = new Node;
    }
    ++used_;
    isal_inflate_init(&node->state);
    return &node->state;
  }
  void give_back(inflate_state* state) {
    --used_;
    Node* node = reinterpret_cast<Node*>(state);
    if (kept_ == kKept) {
      delete node;
    } else {
      ++kept_;
      node->next = std::exchange(free_, node);
    }
  }

 private:
  static constexpr size_t kKept = 32;
  struct Node {
    inflate_state state;
    Node* next;
  };
  Node* free_ = nullptr;
  size_t used_ = 0, kept_ = 0;
};

FastStates& fast_states() {
  return per_thread([] { return FastStates(); });
}

}  // namespace

Inflater::Inflater(bool bare) : at_(bare ? At::zlib : At::head) {
  // 32: the head tells whether it is gzip or zlib.
  if (inflateInit2(&zlib_, bare ? -MAX_WBITS : MAX_WBITS + 32) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() {
  release();
  inflateEnd(&zlib_);
}

void Inflater::release() {
  if (fast_) fast_states().give_back(std::exchange(fast_, nullptr));
}

Inflater::State Inflater::step(Bytes& in, size_t room, Bytes& made) {
  made = {};
  for (;;) {
    if (fast_) made = give(room);
    if (!made.empty()) return State::full;
    State state = State::full;
    switch (at_) {
      case At::head: state = read_head(in); break;
      case At::block: state = read_block(in); break;
      case At::symbols: state = read_symbols(in); break;
      case At::zlib: state = read_by_zlib(in, room, made); break;
      case At::check: state = read_check(in); break;
    }
    if (state != State::full || !made.empty()) return state;
  }
}

/// What igzip has made and nobody took.
Bytes Inflater::give(size_t room) {
  const Bytes window(fast_->tmp_out_buffer, static_cast<size_t>(fast_->tmp_out_valid));
  const Bytes made = window.subspan(given_, std::min(room, window.size() - given_));
  given_ += made.size();
  sum(made);
  return made;
}

void Inflater::sum(Bytes made) {
  if (wrap_ == Wrap::gzip) check_ = crc32_gzip_refl(check_, made.data(), made.size());
  if (wrap_ == Wrap::zlib) check_ = isal_adler32(check_, made.data(), made.size());
  size_ += static_cast<uint32_t>(made.size());
}

int Inflater::run_zlib(Bytes& in, int flush, uint8_t* out, size_t room) {
  zlib_.next_in = const_cast<Bytef*>(in.data());
  zlib_.avail_in = static_cast<uInt>(in.size());
  zlib_.next_out = out;
  zlib_.avail_out = static_cast<uInt>(room);
  const int code = inflate(&zlib_, flush);
  in = in.last(zlib_.avail_in);
  if (code == Z_MEM_ERROR) throw std::bad_alloc();
  return code == Z_BUF_ERROR ? Z_OK : code;
}

Inflater::State Inflater::read_head(Bytes& in) {
  constexpr int kBeforeBlock = 128;
  uint8_t none;
  if (run_zlib(in, Z_BLOCK, &none, 0) != Z_OK) return State::broken;
  if (!(zlib_.data_type & kBeforeBlock)) return State::starved;
  gzip_ = zlib_.adler == 0;  // the sum of nothing: 0 by gzip's, 1 by zlib's
  fast_ = fast_states().take();
  at_ = fast_ ? At::block : At::zlib;
  if (!fast_) return State::full;
  check_ = static_cast<uint32_t>(zlib_.adler);
  wrap_ = gzip_ ? Wrap::gzip : Wrap::zlib;
  inflateReset2(&zlib_, -MAX_WBITS);
  return State::full;
}

Inflater::State Inflater::read_block(Bytes& in) {
  constexpr int kLast = 64, kHeaderRead = 256;
  if (in.empty() && fast_->read_in_length == 0) return State::starved;
  Bytes behind = in;
  uint8_t none;
  if (run_zlib(behind, Z_TREES, &none, 0) != Z_OK) {
    in = behind;
    return State::broken;
  }
  if (!(zlib_.data_type & kHeaderRead)) {
    // igzip would begin anew with each byte.
    header_.append(to_text(in));
    in = behind;
    return State::starved;
  }
  last_ = zlib_.data_type & kLast;
  const bool short_stream = last_ && coded_ == 0 && behind.size() <= kFew;
  const bool short_blocks = coded_ / kFew + kShortBlocks < blocks_;
  if (short_stream || short_blocks || !begin_block(in)) {
    in = behind;
    leave_to_zlib();
  }
  return State::full;
}

/// False where igzip finds an error.
bool Inflater::begin_block(Bytes& in) {
  make_room();
  Bytes kept = to_bytes(header_);
  if (fast_->read_in_length == 0) {
    Bytes& first = kept.empty() ? in : kept;
    fast_->read_in = first[0];
    fast_->read_in_length = 8;
    first = first.subspan(1);
  }
  fast_->read_in |= 1;  // igzip stops behind a last block, so each is one to it
  Bytes front = in.first(std::min(in.size(), kSingleSymbols));
  const size_t size = front.size();
  if ((!kept.empty() && !run_fast(kept)) || !run_fast(front)) return false;
  in = in.subspan(size - front.size());
  header_.clear();
  at_ = At::symbols;
  end_block(in);
  return true;
}

Inflater::State Inflater::read_symbols(Bytes& in) {
  if (in.empty() && fast_->tmp_out_valid < 2 * kHistory) return State::starved;
  make_room();
  const uint64_t bits = fast_->read_in;
  const int32_t count = fast_->read_in_length, odd = count % 8;
  if (run_fast(in)) {
    end_block(in);
    return State::full;
  }
  // zlib stands behind the header of the block.
  inflatePrime(&zlib_, -1, 0);
  inflatePrime(&zlib_, odd, static_cast<int>(bits & 0xff));
  left_ = Bytes(carried_).first(static_cast<size_t>(count / 8));
  for (size_t i = 0; i < left_.size(); ++i) carried_[i] = static_cast<uint8_t>(bits >> (odd + 8 * static_cast<int>(i)));
  leave_to_zlib();
  return State::full;
}

/// In the window of igzip, of which all was given.
void Inflater::make_room() {
  if (fast_->tmp_out_valid <= kFilled) return;
  std::memmove(fast_->tmp_out_buffer, fast_->tmp_out_buffer + fast_->tmp_out_valid - kHistory, kHistory);
  fast_->tmp_out_valid = kHistory;
  given_ = kHistory;
}

/// False where igzip finds an error: neither `in` nor what it made is of use then.
bool Inflater::run_fast(Bytes& in) {
  uint8_t none;
  fast_->next_in = const_cast<uint8_t*>(in.data());
  fast_->avail_in = static_cast<uint32_t>(in.size());
  // It fills its window before it copies from there.
  fast_->next_out = &none;
  fast_->avail_out = 0;
  if (isal_inflate(fast_) != ISAL_DECOMP_OK) return false;
  coded_ += in.size() - fast_->avail_in;
  in = in.last(fast_->avail_in);
  return true;
}

void Inflater::end_block(Bytes& in) {
  if (fast_->block_state != ISAL_BLOCK_INPUT_DONE && fast_->block_state != ISAL_BLOCK_FINISH) return;
  const int32_t odd = fast_->read_in_length % 8;
  const size_t back = static_cast<size_t>(fast_->read_in_length / 8);
  coded_ -= back;
  ++blocks_;
  in = Bytes(in.data() - back, in.size() + back);
  fast_->read_in &= (1u << odd) - 1;
  fast_->read_in_length = odd;
  fast_->block_state = ISAL_BLOCK_NEW_HDR;
  at_ = last_ ? At::check : At::block;
  inflateReset(&zlib_);
  inflatePrime(&zlib_, odd, static_cast<int>(fast_->read_in));
}

void Inflater::leave_to_zlib() {
  const Bytes window = Bytes(fast_->tmp_out_buffer, given_).last(std::min<size_t>(given_, kHistory));
  if (inflateSetDictionary(&zlib_, window.data(), static_cast<uInt>(window.size())) != Z_OK) throw std::bad_alloc();
  release();
  at_ = At::zlib;
}

Inflater::State Inflater::read_by_zlib(Bytes& in, size_t room, Bytes& made) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::array<uint8_t, kStep>>();
  Bytes& from = left_.empty() ? in : left_;
  const int code = run_zlib(from, Z_NO_FLUSH, buffer_->data(), room);
  made = Bytes(*buffer_).first(room - zlib_.avail_out);
  sum(made);
  if (code == Z_STREAM_END) {
    if (wrap_ == Wrap::none) return State::ended;
    at_ = At::check;
    return State::full;
  }
  if (code != Z_OK) return State::broken;
  return made.size() == room || !in.empty() ? State::full : State::starved;
}

std::optional<bool> Inflater::next_member(Bytes& in) {
  static constexpr std::array<uint8_t, 2> kMagic{0x1f, 0x8b};
  for (; magic_ < kMagic.size(); ++magic_) {
    if (in.empty()) return {};
    if (in[0] != kMagic[magic_]) return false;
    in = in.subspan(1);
  }
  release();
  inflateReset2(&zlib_, MAX_WBITS + 16);
  at_ = At::head;
  wrap_ = Wrap::none;
  last_ = wrong_ = false;
  given_ = have_ = magic_ = 0;
  check_ = size_ = 0;
  header_.clear();
  Bytes magic(kMagic);
  read_head(magic);
  return true;
}

/// The sum of what was made, and for gzip the size (RFC 1952 2.3.1, RFC 1950 2.2).
Inflater::State Inflater::read_check(Bytes& in) {
  release();
  const bool gzip = wrap_ == Wrap::gzip;
  const std::array<uint32_t, 2> expected{gzip ? check_ : __builtin_bswap32(check_), size_};
  for (;;) {
    Bytes& from = left_.empty() ? in : left_;
    if (from.empty()) return State::starved;
    wrong_ |= from[0] != static_cast<uint8_t>(expected[have_ / 4] >> have_ % 4 * 8);
    from = from.subspan(1);
    ++have_;
    if (have_ % 4 == 0 && wrong_) return State::broken;
    if (have_ == (gzip ? 8 : 4)) return State::ended;
  }
}

}  // namespace lapwing::http
