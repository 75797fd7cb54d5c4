// Deal: a capture read once for all workers of a replay. Private to the room.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sensor/capture/capture_reader.h"

namespace lapwing::capture {

/// What one reading brought: its frames in order, and for each worker a hand: those that concern it. Written by the
/// worker that reads it, then constant until all have left it.
struct Stretch {
  static constexpr size_t kFrames = 1024;

  struct Card {
    uint16_t frame;
    Claim claim;
  };
  struct Hand {
    std::vector<Card> cards;
    Timestamp clock;  // of its worker after them
  };

  std::unique_ptr<uint8_t[]> bytes;
  std::vector<Frame> frames;
  size_t count = 0;
  std::vector<Hand> hands;
  Timestamp clock;     // of all frames before
  int64_t second = 0;  // the one that has begun before
  bool dealt = false;

  // What reading it brought:
  size_t input = 0;                         // as CaptureReader::input
  std::vector<std::string> new_interfaces;  // names of those that the input described since the stretch before
  CaptureCounters counters;                 // up to its end
  double progress = 0;
};

/// [S] Whoever has come to the end of what was read reads the next stretch, one after the other, and glances at its
/// frames, several at the same time. So no worker touches a frame of another's, and the one that is ahead, which has
/// less of its own to do, reads for the others. It waits when it is kStretches ahead of the slowest.
class Deal {
 public:
  static constexpr size_t kStretches = 16;  // 2 MiB, unless frames are long: what is read goes from cache to cache

  Deal(CaptureList captures, size_t workers);

  /// The stretch after the one this worker has, which it leaves. Null at the end.
  const Stretch* next(size_t worker, const Division* division);
  /// The worker takes no more, and nobody waits for it.
  void leave(size_t worker);
  /// Async-signal-safe: nothing more is read; what was, all workers still get.
  void stop();

  std::string_view file(size_t input) const { return reader_.file(input); }
  // When all has been read:
  const CaptureCounters& counters() const { return reader_.counters(); }
  std::span<const CaptureError> errors() const { return reader_.errors(); }

 private:
  struct Place {
    uint64_t next = 0;   // stretch that it has not left
    bool holds = false;  // ... and has
  };

  void pass(Place& place, uint64_t next);
  void make(std::unique_lock<std::mutex>& lock, const Division* division);
  bool read(Stretch& stretch);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Place> places_;
  std::vector<std::unique_ptr<Stretch>> stretches_;
  std::vector<Stretch*> idle_;  // the one left last comes first: its memory is in some cache
  std::array<Stretch*, kStretches> made_{};
  uint64_t made_count_ = 0, left_count_ = 0;  // read so far; left by all
  bool reading_ = false, ended_ = false;
  std::atomic<bool> stopped_{false};

  // Of who reads:
  CaptureReader reader_;
  size_t input_ = 0, named_ = 0;  // the interfaces of this input whose names were told
  Timestamp clock_;
  int64_t second_ = INT64_MIN;
};

/// Gives each worker its cards of a stretch.
void deal(Stretch& stretch, const Division* division);

/// A source for each of the workers.
std::vector<std::unique_ptr<PacketSource>> dealt_sources(CaptureList captures, size_t workers);

}  // namespace lapwing::capture
