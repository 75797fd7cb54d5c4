#include "sensor/capture/byte_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lapwing::capture {

bool ByteInput::require(size_t count) {
  if (view_.size() >= count) return true;
  move_to(buffer_);
  size_t have = view_.size();
  while (!end_ && have < count) {
    const size_t got = read_some(buffer_ + have, std::min(kChunk - have, std::max(kRead, count - have)));
    have += got;
    end_ = got == 0;
  }
  view_ = {buffer_, have};
  return have >= count;
}

bool ByteInput::skip(uint64_t count) {
  for (;;) {
    size_t step = static_cast<size_t>(std::min<uint64_t>(count, view_.size()));
    consume(step);
    count -= step;
    if (count == 0) return true;
    if (!require(1)) return false;
  }
}

void ByteInput::move_to(uint8_t* buffer) {
  if (!view_.empty()) std::memmove(buffer, view_.data(), view_.size());
  view_ = {buffer, view_.size()};
  buffer_ = buffer;
}

FileInput::FileInput(const std::string& path, uint8_t* buffer)
    : ByteInput(buffer), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) {
    error_ = std::strerror(errno);
  } else {
    posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
}

FileInput::~FileInput() {
  if (fd_ >= 0) close(fd_);
}

size_t FileInput::read_some(uint8_t* out, size_t room) {
  if (fd_ < 0) return 0;
  for (;;) {
    const ssize_t got = read(fd_, out, room);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    error_ = std::strerror(errno);
    return 0;
  }
}

}  // namespace lapwing::capture
