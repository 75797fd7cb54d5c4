// Compressor: files that are complete become smaller on a thread of their own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace lapwing {

/// PATH becomes PATH.gz or PATH.zst; where that fails, PATH stays, and it is counted and told.
class Compressor {
 public:
  enum class Kind : uint8_t { gzip, zstd };

  explicit Compressor(Kind kind);
  /// Finishes what was given.
  ~Compressor();
  void add(std::string path);
  uint64_t failed() const { return failed_; }
  static const char* suffix(Kind kind) { return kind == Kind::gzip ? ".gz" : ".zst"; }

 private:
  void run();

  const Kind kind_;
  std::atomic<uint64_t> failed_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> waiting_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace lapwing
