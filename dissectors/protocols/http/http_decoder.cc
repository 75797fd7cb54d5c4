#include "dissectors/protocols/http/http_decoder.h"

#include <brotli/decode.h>
#include <lzma.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "dissectors/protocols/http/http_inflate.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

/// Bytes that a layer makes at once.
constexpr size_t kStep = Inflater::kStep;
/// Bytes that a guess may make before it is held to be right.
constexpr size_t kWithheld = 8192;
/// liblzma needs so much beside the dictionary.
constexpr uint64_t kLzmaState = 64 * 1024;
/// A longer list of codings is cut.
constexpr size_t kMaxCodings = 32;

/// Size of the gzip header (RFC 1952 2.3) in front, 0 when there is none; nothing as long as it is not whole.
std::optional<size_t> gzip_header(std::string_view text) {
  constexpr uint8_t kCrc = 2, kExtra = 4, kName = 8, kComment = 16;
  if (!text.starts_with("\x1f\x8b")) return 0;
  if (text.size() < 10) return {};
  const auto flags = static_cast<uint8_t>(text[3]);
  size_t at = 10;
  if (flags & kExtra) {
    if (text.size() < at + 2) return {};
    at += 2 + static_cast<uint8_t>(text[at]) + static_cast<size_t>(static_cast<uint8_t>(text[at + 1])) * 256;
  }
  for (uint8_t flag : {kName, kComment}) {
    if (!(flags & flag)) continue;
    at = text.find('\0', at);
    if (at == std::string_view::npos) return {};
    ++at;
  }
  if (flags & kCrc) at += 2;
  if (at > text.size()) return {};
  return at;
}

std::optional<Coding> coding(std::string_view name) {
  auto names = [&](std::string_view known) {
    return std::search(name.begin(), name.end(), known.begin(), known.end(), [](char a, char b) {
             return lower(static_cast<uint8_t>(a)) == static_cast<uint8_t>(b);
           }) != name.end();
  };
  if (names("gzip") || names("deflate")) return Coding::deflate;
  if (equal_nocase(name, "lzma")) return Coding::lzma;
  if (equal_nocase(name, "br")) return Coding::brotli;
  return {};
}

bool plainly_written(std::string_view name) {
  for (std::string_view known : {"gzip", "x-gzip", "deflate", "x-deflate", "lzma", "inflate", "br", "identity"}) {
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
      std::string name(value.substr(at, end - at));
      at = end;
      std::erase(name, '\0');  // some clients do not see it
      if (++names > kMaxCodings) {
        out.too_many_layers = true;
        break;
      }
      const bool transferred = value.data() == transfer.data();
      if (!transferred) out.abnormal |= !plainly_written(name);
      if (auto known = coding(name); known && (*known != Coding::lzma || lzma)) {
        applied.push_back(transferred && *known == Coding::deflate ? Coding::tagged : *known);
      }
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
  ~Layer() { lzma_end(&lzma_); }
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  bool over = false;     // nothing more comes
  bool through = false;  // not coded after all
  bool begun = false;    // something was decoded
  bool whole = false;    // a stream of gzip came to its end, behind which others may follow
  bool waits = false;    // for the rest of a gzip header that zlib refuses
  std::string head;      // all that came, until something was decoded
  std::string withheld;  // of a reading that may be wrong: what it made so far

  bool may_retry(size_t position) const { return !begun && position <= kHeadLimit; }
  bool can_retry() const { return coding_ == Coding::deflate && !raw_; }
  /// Another reading of the same bytes, as what stands behind `header` bytes in front.
  void retry(size_t header) {
    inflater_ = nullptr;
    raw_ = true;
    guessed_ = header == 0;
  }
  /// Nothing but that it was tried says that there is such a coding: any text may begin like raw deflate.
  bool guessed() const { return guessed_; }

  /// Takes from `in`, and makes what stands until the next step.
  Result step(Bytes& in, Bytes& made) {
    switch (coding_) {
      case Coding::deflate:
      case Coding::tagged: return inflate_step(in, made);
      case Coding::lzma: return lzma_step(in, made);
      case Coding::brotli: return brotli_step(in, made);
    }
    return Result::failed;
  }

 private:
  Result inflate_step(Bytes& in, Bytes& made) {
    // curl and browsers take raw deflate for "deflate" too.
    if (!inflater_) inflater_ = std::make_unique<Inflater>(raw_);
    if (ended_) {
      const std::optional<bool> goes_on = inflater_->next_member(in);
      if (!goes_on) return Result::more;
      if (!*goes_on) return Result::end;
      ended_ = false;
    }
    // What is withheld is released by the same byte however the input was cut.
    switch (inflater_->step(in, std::min(kStep, kWithheld + 1 - withheld.size()), made)) {
      case Inflater::State::starved: return Result::more;
      case Inflater::State::full: return Result::made;
      case Inflater::State::ended:
        if (!inflater_->gzip()) return Result::end;
        ended_ = whole = true;
        head = {};
        return Result::made;
      case Inflater::State::broken: break;
    }
    return Result::failed;
  }

  Result lzma_step(Bytes& in, Bytes& made) {
    if (!lzma_.internal && lzma_alone_decoder(&lzma_, lzma_memlimit_ + kLzmaState) != LZMA_OK) throw std::bad_alloc();
    lzma_.next_in = in.data();
    lzma_.avail_in = in.size();
    lzma_.next_out = buffer();
    lzma_.avail_out = kStep;
    const lzma_ret code = lzma_code(&lzma_, LZMA_RUN);
    in = in.last(lzma_.avail_in);
    made = Bytes(*buffer_).first(kStep - lzma_.avail_out);
    if (code == LZMA_STREAM_END) return Result::end;
    if (code == LZMA_MEMLIMIT_ERROR) return Result::memory;
    if (code == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (code != LZMA_OK && code != LZMA_BUF_ERROR) return Result::failed;
    return made.size() == kStep || !in.empty() ? Result::made : Result::more;
  }

  /// Its window is at most 16 MB (RFC 7932 9.1; large windows are not switched on), and as large as the block at hand
  /// is said to be: app-layer.memcap bounds what all of them take.
  Result brotli_step(Bytes& in, Bytes& made) {
    if (!brotli_) brotli_.reset(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
    if (!brotli_) throw std::bad_alloc();
    const uint8_t* next_in = in.data();
    size_t in_left = in.size(), out_left = kStep;
    uint8_t* next_out = buffer();
    const auto result = BrotliDecoderDecompressStream(brotli_.get(), &in_left, &next_in, &out_left, &next_out, nullptr);
    in = in.last(in_left);
    made = Bytes(*buffer_).first(kStep - out_left);
    switch (result) {
      case BROTLI_DECODER_RESULT_SUCCESS: return Result::end;
      case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return Result::made;
      case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return Result::more;
      case BROTLI_DECODER_RESULT_ERROR: break;
    }
    const BrotliDecoderErrorCode error = BrotliDecoderGetErrorCode(brotli_.get());
    if (error <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && error >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES) {
      throw std::bad_alloc();
    }
    return Result::failed;
  }

  uint8_t* buffer() {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<Buffer>();
    return buffer_->data();
  }

  struct FreeBrotli {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  };

  using Buffer = std::array<uint8_t, kStep>;

  Coding coding_;
  uint64_t lzma_memlimit_;
  bool raw_ = false, guessed_ = false;
  bool ended_ = false;  // the stream at hand
  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<Buffer> buffer_;  // for what lzma and brotli make
  lzma_stream lzma_ = LZMA_STREAM_INIT;
  std::unique_ptr<BrotliDecoderState, FreeBrotli> brotli_;
};

Decoder::Decoder(const std::vector<Coding>& outermost_first, uint64_t lzma_memlimit) {
  for (Coding coding : outermost_first) {
    layers_.push_back(std::make_unique<Layer>(coding, lzma_memlimit));
    unbounded_ |= coding != Coding::deflate && coding != Coding::tagged;
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

void Decoder::end(Taker& taker) {
  for (size_t number = 0; number < layers_.size(); ++number) {
    Layer& layer = *layers_[number];
    const bool nothing_made = !layer.begun && !layer.over && !layer.whole && layer.withheld.empty();
    const bool goes_on = nothing_made ? pass_through(number, taker) : release(number, taker);
    if (!goes_on) break;
  }
  stop();
}

/// What the layer withheld is what its bytes say.
bool Decoder::release(size_t number, Taker& taker) {
  const std::string made = std::exchange(layers_[number]->withheld, {});
  return give(number, to_bytes(made), taker);
}

/// What the layer made goes to the next.
bool Decoder::give(size_t number, Bytes made, Taker& taker) {
  if (made.empty()) return true;
  layers_[number]->begun = true;
  layers_[number]->head = {};
  return run(number + 1, made, taker);
}

bool Decoder::pass_through(size_t number, Taker& taker) {
  Layer& layer = *layers_[number];
  layer.through = true;
  layer.waits = false;
  layer.withheld = {};
  const std::string head = std::exchange(layer.head, {});
  return run(number + 1, to_bytes(head), taker);
}

/// The bytes kept so far are not what they were taken for: read otherwise, or as they are.
bool Decoder::read_anew(size_t number, Taker& taker) {
  Layer& layer = *layers_[number];
  const std::optional<size_t> header = gzip_header(layer.head);
  layer.waits = layer.can_retry() && !header && layer.head.size() <= kHeadLimit;
  if (layer.waits) return true;
  if (!layer.can_retry() || !header) {
    failed_ = true;
    return pass_through(number, taker);
  }
  layer.retry(*header);
  const std::string head = std::exchange(layer.head, {});
  return run(number, to_bytes(head).subspan(*header), taker);
}

/// False when nothing more is wanted.
bool Decoder::run(size_t number, Bytes bytes, Taker& taker) {
  if (number == layers_.size()) {
    decoded_ += bytes.size();
    return taker.take(bytes);
  }
  Layer& layer = *layers_[number];
  if (layer.through) return run(number + 1, bytes, taker);
  const bool keeps_head = !layer.begun && !layer.whole && layer.head.size() <= kHeadLimit;
  const size_t before = layer.head.size();
  if (keeps_head) layer.head.append(to_text(bytes));
  if (layer.waits) return read_anew(number, taker);
  Bytes in = bytes;
  while (!layer.over) {
    Bytes made;
    const auto result = layer.step(in, made);
    if (!made.empty() && !taker.work(made.size())) return false;
    const bool memory = result == Layer::Result::memory;
    const bool broken = memory || result == Layer::Result::failed;
    const bool may_retry = keeps_head && !layer.whole && layer.may_retry(before + (bytes.size() - in.size()));
    memory_limit_ |= memory;
    const bool doubtful = layer.guessed() && may_retry && layer.withheld.size() + made.size() <= kWithheld;
    if (broken && (doubtful || (may_retry && made.empty()))) {
      return memory ? pass_through(number, taker) : read_anew(number, taker);
    }
    failed_ |= broken && !memory;
    layer.over = broken || result == Layer::Result::end;
    if (doubtful && !layer.over) {
      layer.withheld.append(to_text(made));
    } else if (!release(number, taker) || !give(number, made, taker)) {
      return false;
    }
    if (result == Layer::Result::more) return true;
  }
  return true;
}

}  // namespace lapwing::http
