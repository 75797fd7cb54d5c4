#include "dissectors/http/http_decoder.h"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string>

#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

/// Bytes that a layer makes at once.
constexpr size_t kStep = 8192;
/// liblzma needs so much beside the dictionary.
constexpr uint64_t kLzmaState = 64 * 1024;
/// A longer list of codings is cut.
constexpr size_t kMaxCodings = 32;

/// Size of a whole gzip header (RFC 1952 2.3), or 0.
size_t gzip_header(std::string_view text) {
  constexpr uint8_t kCrc = 2, kExtra = 4, kName = 8, kComment = 16;
  if (text.size() < 10 || !text.starts_with("\x1f\x8b")) return 0;
  const auto flags = static_cast<uint8_t>(text[3]);
  size_t at = 10;
  if (flags & kExtra) {
    if (text.size() < at + 2) return 0;
    at += 2 + static_cast<uint8_t>(text[at]) + static_cast<size_t>(static_cast<uint8_t>(text[at + 1])) * 256;
  }
  for (uint8_t flag : {kName, kComment}) {
    if (!(flags & flag)) continue;
    at = text.find('\0', at);
    if (at == std::string_view::npos) return 0;
    ++at;
  }
  if (flags & kCrc) at += 2;
  return at <= text.size() ? at : 0;
}

std::optional<Coding> coding(std::string_view name) {
  auto names = [&](std::string_view known) {
    return std::ranges::search(name, known, [](char a, char b) {
             return lower(static_cast<uint8_t>(a)) == static_cast<uint8_t>(b);
           }).size() == known.size();
  };
  if (names("gzip") || names("deflate")) return Coding::deflate;
  if (equal_nocase(name, "lzma")) return Coding::lzma;
  return {};
}

bool plainly_written(std::string_view name) {
  for (std::string_view known : {"gzip", "x-gzip", "deflate", "x-deflate", "lzma", "inflate"}) {
    if (equal_nocase(name, known)) return true;
  }
  return false;
}

}  // namespace

Codings parse_codings(std::string_view content, std::string_view transfer, uint64_t layers, bool lzma) {
  Codings out;
  std::vector<Coding> applied;  // in the order in which the sender applied them
  constexpr std::string_view kSeparators = ", \t";
  size_t names = 0;
  for (std::string_view value : {content, transfer}) {
    for (size_t at = 0; (at = value.find_first_not_of(kSeparators, at)) != std::string_view::npos;) {
      const size_t end = std::min(value.find_first_of(kSeparators, at), value.size());
      std::string_view name = value.substr(at, end - at);
      at = end;
      // C programs end the name at a NUL; so it is read without.
      name = name.substr(0, name.find('\0'));
      if (++names > kMaxCodings) {
        out.too_many_layers = true;
        break;
      }
      if (value.data() == content.data()) out.abnormal |= !plainly_written(name);
      if (auto known = coding(name); known && (*known != Coding::lzma || lzma)) applied.push_back(*known);
    }
  }
  if (applied.size() > layers) out.too_many_layers = true;
  const size_t count = static_cast<size_t>(std::min<uint64_t>(applied.size(), layers));
  out.outermost_first.assign(applied.rbegin(), applied.rbegin() + static_cast<std::ptrdiff_t>(count));
  return out;
}

/// One coding. What is no such coding passes through as it is, as browsers show it.
class Decoder::Layer {
 public:
  enum class Result : uint8_t { more, made, end, failed, memory };

  Layer(Coding coding, uint64_t lzma_memlimit) : coding_(coding), lzma_memlimit_(lzma_memlimit) {}
  ~Layer() { close(); }
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  bool over = false;     // nothing more comes
  bool through = false;  // not coded after all
  bool begun = false;    // something was decoded
  std::string head;      // all that came, until something was decoded
  std::array<uint8_t, kStep> buffer;

  bool may_retry(size_t position) const { return !begun && position <= kHeadLimit; }
  /// Another reading of the same bytes; false when all were tried. `skip`: bytes in front that belong to no stream.
  bool retry(std::string_view head_bytes, size_t& skip) {
    close();
    if (coding_ != Coding::deflate || raw_) return false;
    raw_ = true;
    skip = gzip_header(head_bytes);
    return true;
  }

  /// Takes from `in`, and makes the first `made` bytes of `buffer`.
  Result step(Bytes& in, size_t& made) {
    return coding_ == Coding::deflate ? inflate_step(in, made) : lzma_step(in, made);
  }

 private:
  Result inflate_step(Bytes& in, size_t& made) {
    if (!open_) {
      zlib_ = {};
      // 32: the head tells whether it is gzip or zlib; curl and browsers take raw deflate for "deflate" too.
      if (inflateInit2(&zlib_, raw_ ? -MAX_WBITS : MAX_WBITS + 32) != Z_OK) throw std::bad_alloc();
      open_ = true;
    }
    zlib_.next_in = const_cast<Bytef*>(in.data());
    zlib_.avail_in = static_cast<uInt>(in.size());
    zlib_.next_out = buffer.data();
    zlib_.avail_out = kStep;
    const int code = inflate(&zlib_, Z_NO_FLUSH);
    in = in.last(zlib_.avail_in);
    made = kStep - zlib_.avail_out;
    if (code == Z_STREAM_END) return Result::end;
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK && code != Z_BUF_ERROR) return Result::failed;
    return made == kStep || !in.empty() ? Result::made : Result::more;
  }

  Result lzma_step(Bytes& in, size_t& made) {
    if (!open_) {
      lzma_ = LZMA_STREAM_INIT;
      if (lzma_alone_decoder(&lzma_, lzma_memlimit_ + kLzmaState) != LZMA_OK) throw std::bad_alloc();
      open_ = true;
    }
    lzma_.next_in = in.data();
    lzma_.avail_in = in.size();
    lzma_.next_out = buffer.data();
    lzma_.avail_out = kStep;
    const lzma_ret code = lzma_code(&lzma_, LZMA_RUN);
    in = in.last(lzma_.avail_in);
    made = kStep - lzma_.avail_out;
    if (code == LZMA_STREAM_END) return Result::end;
    if (code == LZMA_MEMLIMIT_ERROR) return Result::memory;
    if (code == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (code != LZMA_OK && code != LZMA_BUF_ERROR) return Result::failed;
    return made == kStep || !in.empty() ? Result::made : Result::more;
  }

  void close() {
    if (!open_) return;
    open_ = false;
    if (coding_ == Coding::deflate) {
      inflateEnd(&zlib_);
    } else {
      lzma_end(&lzma_);
    }
  }

  Coding coding_;
  uint64_t lzma_memlimit_;
  bool open_ = false, raw_ = false;
  z_stream zlib_{};
  lzma_stream lzma_ = LZMA_STREAM_INIT;
};

Decoder::Decoder(const std::vector<Coding>& outermost_first, uint64_t lzma_memlimit) {
  for (Coding coding : outermost_first) {
    layers_.push_back(std::make_unique<Layer>(coding, lzma_memlimit));
    unbounded_ |= coding == Coding::lzma;
  }
  unbounded_ |= layers_.size() > 1;
}

Decoder::~Decoder() = default;

void Decoder::decode(Bytes coded, Taker& taker) {
  coded_ += coded.size();
  if (!stopped_ && !run(0, coded, taker)) stop();
}

void Decoder::stop() {
  stopped_ = true;
  layers_.clear();
}

/// False when nothing more is wanted.
bool Decoder::run(size_t number, Bytes bytes, Taker& taker) {
  if (number == layers_.size()) {
    decoded_ += bytes.size();
    return taker.take(bytes);
  }
  Layer& layer = *layers_[number];
  if (layer.through) return run(number + 1, bytes, taker);
  const bool keeps_head = !layer.begun && layer.head.size() <= kHeadLimit;
  const size_t before = layer.head.size();
  if (keeps_head) layer.head.append(to_text(bytes));
  Bytes in = bytes;
  while (!layer.over) {
    size_t made = 0;
    const auto result = layer.step(in, made);
    if (made > 0) {
      if (!layer.begun) layer.head = {};
      layer.begun = true;
      if (!taker.work(made) || !run(number + 1, Bytes(layer.buffer).first(made), taker)) return false;
    }
    if (result == Layer::Result::more) return true;
    if (result == Layer::Result::made) continue;
    layer.over = true;
    if (result == Layer::Result::end) return true;
    const bool memory = result == Layer::Result::memory;
    const size_t position = before + (bytes.size() - in.size());
    size_t skip = 0;
    if (keeps_head && layer.may_retry(position)) {
      const std::string head = layer.head;
      layer.over = false;
      if (!memory && layer.retry(std::string_view(head).substr(0, position), skip)) {
        layer.head = {};
        return run(number, to_bytes(head).subspan(skip), taker);
      }
      layer.through = true;
      layer.head = {};
      (memory ? memory_limit_ : failed_) = true;
      return run(number + 1, to_bytes(head), taker);
    }
    (memory ? memory_limit_ : failed_) = true;
  }
  return true;
}

}  // namespace lapwing::http
