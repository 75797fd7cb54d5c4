// Content codings (RFC 9110 8.4.1) undone as the bytes come: gzip and deflate by Inflater, lzma by liblzma, br (RFC
// 7932) by libbrotlidec.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing::http {

/// gzip and deflate are told apart by content: clients do the same. tagged: either, but only by its head, as a transfer
/// coding, which most clients do not undo.
enum class Coding : uint8_t { deflate, tagged, lzma, brotli };

/// What Content-Encoding and, applied to that, Transfer-Encoding name; "chunked" is no coding here. curl undoes
/// transfer codings too.
struct Codings {
  std::vector<Coding> outermost_first;
  bool abnormal = false;         // a name that is unknown, or not written as it must be
  bool too_many_layers = false;  // more than `layers`: only the outermost are undone
};
Codings parse_codings(std::string_view content, std::string_view transfer, uint64_t layers, bool lzma);

/// [W] The codings of one body. The output is the same however the input was cut.
class Decoder {
 public:
  /// Takes what comes out. Either call ends it by returning false.
  class Taker {
   public:
    virtual ~Taker() = default;
    /// Bytes that a layer has made, before anything is done with them.
    virtual bool work(uint64_t bytes) = 0;
    virtual bool take(Bytes bytes) = 0;
  };
  /// Coded bytes that are kept for another try, or to be passed on as they are, until something was decoded.
  static constexpr size_t kHeadLimit = 4096;

  Decoder(const std::vector<Coding>& outermost_first, uint64_t lzma_memlimit);
  ~Decoder();

  void decode(Bytes coded, Taker& taker);
  /// No more bytes come: what was not yet known to be coded or not comes out, and nothing more is decoded.
  void end(Taker& taker);
  /// Nothing more is decoded.
  void stop();

  bool failed() const { return failed_; }              // the coding is broken, or none
  bool memory_limit() const { return memory_limit_; }  // an lzma dictionary larger than allowed
  /// Deflate alone makes at most 1,032 bytes of one; several layers, lzma or brotli any number.
  bool unbounded() const { return unbounded_; }
  uint64_t coded() const { return coded_; }
  uint64_t decoded() const { return decoded_; }

 private:
  class Layer;
  bool run(size_t layer, Bytes bytes, Taker& taker);
  bool release(size_t layer, Taker& taker);
  bool give(size_t layer, Bytes made, Taker& taker);
  bool pass_through(size_t layer, Taker& taker);
  bool read_anew(size_t layer, Taker& taker);

  std::vector<std::unique_ptr<Layer>> layers_;
  uint64_t coded_ = 0, decoded_ = 0;
  bool failed_ = false, memory_limit_ = false, unbounded_ = false, stopped_ = false;
};

}  // namespace lapwing::http
