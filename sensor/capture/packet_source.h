// PacketSource: where frames come from. One object per worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/frame.h"

namespace lapwing {

/// [W] Kept by the source; kernel figures are refreshed when counters() is called.
struct CaptureCounters {
  uint64_t packets = 0, bytes = 0;
  uint64_t kernel_packets = 0, kernel_drops = 0, interface_drops = 0;
  uint64_t errors = 0;                    // files or blocks that could not be read to their end; interfaces that went
  uint64_t files = 0, skipped_files = 0;  // read; in a directory, but no capture
  uint64_t unknown_blocks = 0;            // of pcapng

  // Of interfaces only.
  uint64_t waiting = 0;  // now
  uint64_t unread = 0, truncated = 0, frames_above_mtu = 0;
  uint64_t reopened = 0, silences = 0;
  uint64_t down = 0;  // now
};
std::span<const CounterRow<CaptureCounters>> capture_counter_rows();
/// What one of the sources of an interface has counted, below "capture.interfaces.<index>."; an empty name for a list.
void add_interface_counters(const CaptureCounters& counters, size_t index, const std::string& name, CounterSet& set);

/// A capture that cannot be opened or read on: the file or interface, the byte offset, and what is wrong.
struct CaptureError {
  std::string source;
  uint64_t offset = 0;
  std::string message;
};
std::string to_string(const CaptureError& error);

/// How the workers of a replay divide its frames [S].
class Division {
 public:
  static constexpr size_t kEverybody = SIZE_MAX;

  /// The worker that alone looks into this frame.
  virtual size_t owner(const Frame& frame) const = 0;

 protected:
  ~Division() = default;
};

class PacketSource {
 public:
  enum class Result : uint8_t { frames, idle, end };

  virtual ~PacketSource() = default;
  /// Fills `burst` with at most kBurst frames. `idle` (live only): nothing came within some 100 ms. `end`: no more.
  /// A burst never crosses from one file to the next.
  virtual Result receive(Burst& burst) = 0;
  /// From the first receive() on frames come with a claim: all that this division gives to this source's worker or to
  /// everybody, and of the others those that its clock needs, for it to be that of all frames. The sources of a replay
  /// are all told the same.
  void divide(const Division& division) { division_ = &division; }
  /// Gives the frames of the last burst back; their bytes are gone.
  virtual void release(Burst& burst) = 0;
  virtual CaptureCounters counters() = 0;
  /// All that it has counted, as a stats record shows it.
  virtual void add_counters(CounterSet& set) { set.add(counters(), capture_counter_rows()); }
  /// Name of the file the current burst comes from; empty live.
  virtual std::string_view file() const { return {}; }
  /// Name of an interface index of a frame; empty where the capture does not say.
  virtual std::string_view interface_name(uint16_t index) const = 0;
  /// What went wrong so far; the frames before the fault have been delivered.
  virtual std::span<const CaptureError> errors() const = 0;
  /// Share of the input read, 0 to 1, or -1 where it has no end known beforehand.
  virtual double progress() const { return -1; }
  /// Share of the room between wire and worker that was taken, 0 to 1, as of a recent burst; 0 where nobody can tell.
  virtual double backlog() const { return 0; }
  /// The time now on the clock that the frames' times are of; none where they come from a file.
  virtual std::optional<Timestamp> now() const { return std::nullopt; }
  /// Whether receive() may wait for frames, as it does until told otherwise; live only.
  void may_wait(bool yes) { may_wait_ = yes; }
  /// Asks a blocked receive() to return; safe from a signal handler or another thread.
  virtual void stop() = 0;

 protected:
  bool may_wait_ = true;
  const Division* division_ = nullptr;  // none: every frame is everybody's
};

/// One source a worker. Several share what they read (sensor/capture/deal.h) and wait for the slowest: each is received
/// from on a thread of its own until its end or its destruction, stop() of one ends all after the same frame, and
/// errors() are complete when all have ended.
/// Paths are files, directories (the captures in and below them, sorted by path) or "-". Throws std::runtime_error when
/// a path is missing.
std::vector<std::unique_ptr<PacketSource>> open_captures(const std::vector<std::string>& paths, size_t workers);
/// The same for who looks at the captures beforehand: the log tells nothing of them.
std::unique_ptr<PacketSource> preview_captures(const std::vector<std::string>& paths);

}  // namespace lapwing
