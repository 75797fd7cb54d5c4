#include "sensor/capture/decompress.h"

#include <zlib.h>
#include <zstd.h>

namespace lapwing::capture {
namespace {

class Gzip final : public Decompressor {
 public:
  Gzip() {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) error_ = "zlib cannot start";
  }
  ~Gzip() override { inflateEnd(&stream_); }

  Step run(Bytes in, uint8_t* out, size_t room) override {
    stream_.next_in = const_cast<uint8_t*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = out;
    stream_.avail_out = static_cast<uInt>(room);
    if (boundary_ && !in.empty()) {
      if (started_) inflateReset(&stream_);  // gzip files may be several members in a row (RFC 1952)
      started_ = true;
      boundary_ = false;
    }
    int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      boundary_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      error_ = std::string("corrupt gzip data: ") + (stream_.msg ? stream_.msg : "no reason given");
    }
    return {in.size() - stream_.avail_in, room - stream_.avail_out};
  }
  bool at_boundary() const override { return boundary_; }

 private:
  z_stream stream_{};
  bool started_ = false, boundary_ = true;
};

class Zstd final : public Decompressor {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    if (!stream_) error_ = "zstd cannot start";
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  Step run(Bytes in, uint8_t* out, size_t room) override {
    ZSTD_inBuffer source{in.data(), in.size(), 0};
    ZSTD_outBuffer target{out, room, 0};
    size_t result = ZSTD_decompressStream(stream_, &target, &source);
    if (ZSTD_isError(result)) error_ = std::string("corrupt zstd data: ") + ZSTD_getErrorName(result);
    boundary_ = result == 0;
    return {source.pos, target.pos};
  }
  bool at_boundary() const override { return boundary_; }

 private:
  ZSTD_DStream* stream_;
  bool boundary_ = true;
};

}  // namespace

std::unique_ptr<Decompressor> make_decompressor(Magic magic) {
  if (magic == Magic::gzip) return std::make_unique<Gzip>();
  if (magic == Magic::zstd) return std::make_unique<Zstd>();
  return nullptr;
}

}  // namespace lapwing::capture
