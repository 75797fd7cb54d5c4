#include "export/outputs/file/compressor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "sensor/base/log.h"

namespace lapwing {
namespace {

constexpr size_t kPart = 256 << 10;  // bytes read at once
constexpr int kPriority = 19;        // the packets come first

struct CloseFile {
  void operator()(FILE* file) const { fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

bool gzip(FILE* in, FILE* out, std::vector<char>& part) {
  gzFile packed = gzdopen(dup(fileno(out)), "wb6");
  if (!packed) return false;
  bool good = true;
  size_t n = 0;
  while (good && (n = fread(part.data(), 1, part.size(), in)) > 0) {
    good = gzwrite(packed, part.data(), static_cast<unsigned>(n)) == static_cast<int>(n);
  }
  return (gzclose(packed) == Z_OK) && good && !ferror(in);
}

bool zstd(FILE* in, FILE* out, std::vector<char>& part) {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::vector<char> packed(ZSTD_CStreamOutSize());
  bool last = false;
  while (!last) {
    const size_t n = fread(part.data(), 1, part.size(), in);
    last = n < part.size();
    ZSTD_inBuffer input{part.data(), n, 0};
    size_t left = 0;
    do {
      ZSTD_outBuffer output{packed.data(), packed.size(), 0};
      left = ZSTD_compressStream2(context.get(), &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) || fwrite(packed.data(), 1, output.pos, out) != output.pos) return false;
    } while (last ? left != 0 : input.pos != input.size);
  }
  return !ferror(in) && fflush(out) == 0;
}

/// Empty, or what went wrong.
std::string compress(Compressor::Kind kind, const std::string& path) {
  std::vector<char> part(kPart);
  const std::string target = path + Compressor::suffix(kind), growing = target + ".part";
  const int source = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (source < 0) return std::strerror(errno);
  File in(fdopen(source, "rb"));
  struct stat info {};
  if (!in || fstat(fileno(in.get()), &info) != 0) return std::strerror(errno);
  unlink(growing.c_str());  // of a run that broke off
  const int descriptor =
      open(growing.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, info.st_mode & 0777);
  if (descriptor < 0) return std::strerror(errno);
  File out(fdopen(descriptor, "wb"));
  errno = 0;
  const bool done = (kind == Compressor::Kind::gzip ? gzip : zstd)(in.get(), out.get(), part) &&
                    rename(growing.c_str(), target.c_str()) == 0;
  if (!done) {
    const int reason = errno;
    unlink(growing.c_str());
    return reason ? std::strerror(reason) : "cannot be compressed";
  }
  unlink(path.c_str());
  return "";
}

}  // namespace

Compressor::Compressor(Kind kind) : kind_(kind), thread_([this] { run(); }) {}

Compressor::~Compressor() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Compressor::add(std::string path) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(path));
  }
  wake_.notify_one();
}

void Compressor::run() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kPriority);
  while (true) {
    std::string path;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      path = std::move(waiting_.front());
      waiting_.pop_front();
    }
    const std::string fault = compress(kind_, path);
    if (fault.empty()) continue;
    ++failed_;
    spdlog::error("{}: {}; it stays as it is", path, fault);
  }
}

}  // namespace lapwing
