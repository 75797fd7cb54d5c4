#include "export/outputs/file/batch_writer.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sensor/base/log.h"

namespace lapwing {
namespace {

constexpr size_t kVectors = 64;

/// writev until all is out. False on an error, with errno set.
bool write_all(int descriptor, iovec* vectors, size_t count, size_t& written) {
  while (count > 0) {
    ssize_t n = writev(descriptor, vectors, static_cast<int>(count));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    auto left = static_cast<size_t>(n);
    written += left;
    while (count > 0 && left >= vectors->iov_len) {
      left -= vectors->iov_len;
      ++vectors;
      --count;
    }
    if (count > 0) {
      vectors->iov_base = static_cast<char*>(vectors->iov_base) + left;
      vectors->iov_len -= left;
    }
  }
  return true;
}

/// Takes back the last `written` bytes of a regular file.
void cut_back(int descriptor, size_t written) {
  struct stat info {};
  if (written == 0 || fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) return;
  const auto size = info.st_size - static_cast<off_t>(written);
  if (size < 0 || ftruncate(descriptor, size) != 0) return;
  lseek(descriptor, size, SEEK_SET);  // without O_APPEND a hole would be left
}

}  // namespace

void BatchWriter::write(int descriptor, std::span<const std::shared_ptr<const RecordBatch>> batches,
                        ExporterCounters& counters) {
  std::array<iovec, kVectors> vectors;
  while (!batches.empty()) {
    auto some = batches.first(std::min(batches.size(), kVectors));
    batches = batches.subspan(some.size());
    uint64_t records = 0, bytes = 0;
    for (size_t i = 0; i < some.size(); ++i) {
      vectors[i] = {const_cast<char*>(some[i]->text.data()), some[i]->text.size()};
      records += some[i]->entries.size();
      bytes += some[i]->text.size();
    }
    size_t written = 0;
    if (write_all(descriptor, vectors.data(), some.size(), written)) {
      counters.records += records;
      counters.bytes += bytes;
      if (failing_ && records) {
        spdlog::info("{}: takes records again; {} were lost", name_, counters.dropped());
        failing_ = false;
      }
      continue;
    }
    const int reason = errno;
    cut_back(descriptor, written);
    ++counters.errors;
    counters.dropped_failed += records;
    if (!failing_) spdlog::error("{}: {}; records are being lost", name_, std::strerror(reason));
    failing_ = true;
  }
}

}  // namespace lapwing
