#include "sensor/capture/byte_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lapwing::capture {

bool ByteInput::skip(uint64_t count) {
  for (;;) {
    size_t step = static_cast<size_t>(std::min<uint64_t>(count, view_.size()));
    consume(step);
    count -= step;
    if (count == 0) return true;
    if (!require(1)) return false;
  }
}

FileInput::FileInput(const std::string& path, uint8_t* buffer)
    : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)), buffer_(buffer) {
  if (fd_ < 0) {
    error_ = std::strerror(errno);
    end_ = true;
  } else {
    posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
}

FileInput::~FileInput() {
  if (fd_ >= 0) close(fd_);
}

bool FileInput::require(size_t count) {
  if (view_.size() >= count) return true;
  size_t have = view_.size();
  if (have) std::memmove(buffer_, view_.data(), have);
  while (!end_ && have < count) {
    ssize_t got = read(fd_, buffer_ + have, std::min(kChunk - have, std::max(kRead, count - have)));
    if (got > 0) {
      have += static_cast<size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      end_ = true;
      if (got < 0) error_ = std::strerror(errno);
    }
  }
  view_ = {buffer_, have};
  return have >= count;
}

}  // namespace lapwing::capture
