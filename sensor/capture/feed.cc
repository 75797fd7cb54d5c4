#include "sensor/capture/feed.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>

namespace lapwing::capture {
namespace {

/// How soon a stop is seen: a signal handler may set a flag, but not wake a condition variable.
constexpr auto kStopPoll = std::chrono::milliseconds(50);

}  // namespace

Feed::Feed(std::vector<std::string> paths) : paths_(std::move(paths)) {
  for (Chunk& chunk : ring_) chunk.bytes = std::make_unique_for_overwrite<uint8_t[]>(kChunk);
  reader_ = std::thread([this] { run(); });
}

Feed::~Feed() {
  stop();
  changed_.notify_all();
  reader_.join();
}

Feed::Chunk* Feed::acquire() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopped_) return nullptr;
    if (published_ < std::max<uint64_t>(taken_, 1) - 1 + kChunks) break;
    changed_.wait_for(lock, kStopPoll);
  }
  Chunk& chunk = ring_[published_ % kChunks];
  chunk.size = 0;
  chunk.end = false;
  chunk.error.clear();
  return &chunk;
}

void Feed::publish() {
  {
    std::lock_guard lock(mutex_);
    ++published_;
  }
  changed_.notify_all();
}

const Feed::Chunk* Feed::next() {
  std::unique_lock lock(mutex_);
  while (taken_ == published_) {
    if (stopped_) return nullptr;
    changed_.wait_for(lock, kStopPoll);
  }
  const Chunk* chunk = &ring_[taken_++ % kChunks];
  lock.unlock();
  changed_.notify_all();
  return chunk;
}

void Feed::run() {
  for (size_t input = 0; input < paths_.size() && !stopped_; ++input) {
    Reading reading;
    try {
      read_input(input, reading);
    } catch (const std::bad_alloc&) {
      reading.error = "out of memory";  // short enough to need none
    }
    if (Chunk* chunk = acquire()) {
      chunk->input = input;
      chunk->file_position = reading.position;
      chunk->end = true;
      chunk->error.swap(reading.error);
      publish();
    }
  }
}

ssize_t Feed::read_some(int fd, uint8_t* out, size_t room, std::string& error) {
  for (;;) {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    int ready = poll(&waiting, 1, static_cast<int>(kStopPoll.count()));
    if (stopped_) return -1;
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    ssize_t got = read(fd, out, room);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) error = std::strerror(errno);
    return got;
  }
}

Feed::Reading::~Reading() {
  if (fd > STDIN_FILENO) close(fd);
}

void Feed::read_input(size_t input, Reading& reading) {
  const std::string& path = paths_[input];
  const int fd = reading.fd = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string& error = reading.error;
  if (fd < 0) error = std::strerror(errno);

  auto compressed = std::make_unique_for_overwrite<uint8_t[]>(kChunk);
  std::unique_ptr<Decompressor> decompressor;
  Bytes waiting;  // of the compressed bytes
  uint64_t& position = reading.position;
  bool end = fd < 0, start = true;
  while (!end) {
    Chunk* chunk = acquire();
    if (!chunk) break;
    chunk->input = input;
    if (start) {  // as many bytes as tell the format
      start = false;
      size_t have = 0;
      for (ssize_t got = 1; have < 4 && got > 0; have += static_cast<size_t>(std::max<ssize_t>(got, 0))) {
        got = read_some(fd, compressed.get() + have, kChunk - have, error);
      }
      waiting = {compressed.get(), have};
      position = have;
      decompressor = make_decompressor(read_magic(waiting));
      if (!decompressor) {
        std::memcpy(chunk->bytes.get(), waiting.data(), have);
        chunk->size = have;
        waiting = {};
      }
    } else if (!decompressor) {
      ssize_t got = read_some(fd, chunk->bytes.get(), kChunk, error);
      if (got <= 0) end = true;
      chunk->size = static_cast<size_t>(std::max<ssize_t>(got, 0));
      position += chunk->size;
    }
    while (decompressor && !end && chunk->size < kChunk) {
      if (waiting.empty()) {
        ssize_t got = read_some(fd, compressed.get(), kChunk, error);
        if (got <= 0) {
          end = true;
          if (got == 0 && !decompressor->at_boundary()) error = "the compressed data end in the middle";
          break;
        }
        waiting = {compressed.get(), static_cast<size_t>(got)};
        position += waiting.size();
      }
      auto step = decompressor->run(waiting, chunk->bytes.get() + chunk->size, kChunk - chunk->size);
      waiting = waiting.subspan(step.used);
      chunk->size += step.produced;
      bool stuck = step.used == 0 && step.produced == 0;
      if (!decompressor->error().empty()) error = decompressor->error();
      if (stuck && error.empty()) error = "the compressed data make no progress";
      if (!error.empty()) {
        end = true;
        error += " near byte " + std::to_string(position - waiting.size());
      }
    }
    chunk->file_position = position;
    if (chunk->size > 0) publish();
  }
}

size_t FeedInput::read_some(uint8_t* out, size_t room) {
  while (ahead_.empty()) {
    const Feed::Chunk* chunk = feed_.next();
    if (!chunk) return 0;
    if (chunk->input < input_) continue;  // an input that was given up early may have chunks left
    file_position_ = chunk->file_position;
    if (chunk->end) {
      error_ = chunk->error;
      return 0;
    }
    ahead_ = {chunk->bytes.get(), chunk->size};
  }
  const size_t count = std::min(room, ahead_.size());
  std::memcpy(out, ahead_.data(), count);
  ahead_ = ahead_.subspan(count);
  return count;
}

}  // namespace lapwing::capture
