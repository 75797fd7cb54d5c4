// The source of one worker of a live interface: opened, read, and opened again when the interface comes back.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>

#include "sensor/capture/live_handle.h"
#include "sensor/capture/live_interface.h"

namespace lapwing {
namespace {

using capture::LiveFault;
using capture::LiveHandle;
using Clock = LiveInterface::Clock;

constexpr int kWaitMs = 100;    // receive() gives the worker a turn at least this often
constexpr int kJoiningMs = 10;  // the same while the handles of an interface wait for each other
constexpr std::chrono::seconds kRetry{1}, kLook{1};
constexpr uint64_t kBacklogEvery = 1024;  // frames: a system call for each would cost more than it saves
constexpr uint64_t kRingHeader = 96;      // bytes before a frame in the ring, with what aligns it
constexpr std::chrono::milliseconds kSettle{2 * LiveHandle::kBlockTimeoutMs + 5};

class LiveSource final : public PacketSource {
 public:
  LiveSource(std::shared_ptr<LiveInterface> interface, size_t member);
  ~LiveSource() override;

  Result receive(Burst& burst) override;
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override;
  void add_counters(CounterSet& set) override;
  std::string_view interface_name(uint16_t) const override { return interface_->config().interface; }
  double backlog() const override { return backlog_; }
  std::optional<Timestamp> now() const override;
  std::span<const CaptureError> errors() const override { return {}; }  // an interface that went is waited for
  void stop() override;

  /// One step from closed to running. Throws what the interface is refused for.
  void advance();
  bool running() const { return state_ == State::running; }
  /// Closes the handle; of the frames in its ring it is only told how many they were.
  void close_handle();

 private:
  enum class State : uint8_t { closed, settling, joining, running };

  Result wait(int milliseconds);
  void try_again();
  void lose(const std::string& why);
  bool look();
  void refresh();
  void refresh_ring();
  void look_at_backlog();
  uint64_t waiting() const;
  void count_unread();
  static void take(uint8_t* self, const pcap_pkthdr* header, const uint8_t* data);

  const std::shared_ptr<LiveInterface> interface_;
  const size_t member_;
  std::optional<LiveHandle> handle_;
  State state_ = State::closed;
  uint32_t round_ = 0;
  Clock::time_point opened_{};
  Clock::time_point due_{};  // closed: next attempt; settling: its end; running: next look at the interface
  int stop_fd_ = -1;
  std::atomic<bool> stopped_{false};

  // libpcap may give a ring block back as soon as its last frame was dispatched, so a burst is copied out of it.
  // Address space for the worst burst; only pages that frames touch are ever backed.
  std::unique_ptr<uint8_t[]> copies_;
  size_t room_ = 0, copied_ = 0;
  Burst* burst_ = nullptr;
  uint64_t number_ = 0;
  CaptureCounters counters_;
  uint64_t pending_ = 0;  // frames the kernel put into this handle's ring and that were not taken from it
  uint64_t taken_before_ = 0, interface_drops_ = 0;
  uint64_t looked_packets_ = 0, looked_bytes_ = 0;  // taken when the backlog was looked at last
  double backlog_ = 0;
};

LiveSource::LiveSource(std::shared_ptr<LiveInterface> interface, size_t member)
    : interface_(std::move(interface)), member_(member), stop_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (stop_fd_ < 0) throw std::runtime_error(std::string("eventfd: ") + std::strerror(errno));
}

LiveSource::~LiveSource() {
  if (handle_) close_handle();
  close(stop_fd_);
}

void LiveSource::stop() {
  stopped_.store(true, std::memory_order_relaxed);
  uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(stop_fd_, &one, sizeof one);
}

void LiveSource::advance() {
  const auto now = Clock::now();
  switch (state_) {
    case State::closed:
      if (now < due_ || !interface_->begin(round_)) return;
      try {
        handle_.emplace(interface_->config());
      } catch (...) {
        interface_->closed(round_);
        throw;
      }
      opened_ = now;
      due_ = now + kSettle;
      state_ = State::settling;
      return;
    case State::settling:
      if (now < due_) return;
      handle_->drain();
      state_ = State::joining;
      [[fallthrough]];
    case State::joining:
      if (!interface_->complete(round_) && !interface_->join(round_, member_, handle_->fd(), handle_->ethernet()))
        return;
      if (!interface_->complete(round_)) return;
      handle_->start();
      if (member_ == 0) interface_drops_ = capture::interface_drops(interface_->config().interface);
      room_ = handle_->snaplen();
      if (!copies_) copies_ = std::make_unique_for_overwrite<uint8_t[]>(kBurst * room_);
      taken_before_ = counters_.packets;
      pending_ = 0;
      due_ = now + kLook;
      state_ = State::running;
      return;
    case State::running: return;
  }
}

void LiveSource::try_again() {
  try {
    advance();
  } catch (const std::runtime_error& fault) {
    if (handle_) return lose(fault.what());
    interface_->wait_for(fault.what());
    due_ = Clock::now() + kRetry;
  }
}

void LiveSource::lose(const std::string& why) {
  interface_->fail(round_, why);
  close_handle();
}

void LiveSource::close_handle() {
  count_unread();
  handle_.reset();
  interface_->closed(round_);
  state_ = State::closed;
  due_ = opened_ + kRetry;
}

/// Frames in the ring; none where they cannot be told from those that libpcap drops.
uint64_t LiveSource::waiting() const {
  if (!handle_->counts_what_comes()) return 0;
  return pending_ - std::min(pending_, counters_.packets - taken_before_);
}

/// What is in the ring now will not be read.
void LiveSource::count_unread() {
  if (state_ != State::running) return;
  handle_->hush();
  refresh();
  counters_.unread += waiting();
  pending_ = 0;
  backlog_ = 0;
  taken_before_ = counters_.packets;
}

/// Kernel counters of the handle at hand, added to those of handles before it.
void LiveSource::refresh_ring() {
  const capture::KernelCounts counts = handle_->take_counts();
  counters_.kernel_packets += counts.packets;
  counters_.kernel_drops += counts.drops;
  pending_ += counts.packets - std::min(counts.packets, counts.drops);
}

/// The kernel says how many frames it put into the ring, not how long they are: reckoned by those just read.
void LiveSource::look_at_backlog() {
  const uint64_t packets = counters_.packets - looked_packets_;
  if (packets < kBacklogEvery) return;
  refresh_ring();
  const uint64_t bytes = counters_.bytes - looked_bytes_ + packets * kRingHeader;
  backlog_ = static_cast<double>(waiting() * (bytes / packets)) / static_cast<double>(handle_->ring_bytes());
  looked_packets_ = counters_.packets;
  looked_bytes_ = counters_.bytes;
}

void LiveSource::refresh() {
  if (state_ != State::running) return;
  refresh_ring();
  if (member_ != 0) return;
  const uint64_t drops = capture::interface_drops(interface_->config().interface);
  // An interface made anew begins at 0, and one that is gone says nothing.
  if (drops > interface_drops_) counters_.interface_drops += drops - interface_drops_;
  interface_drops_ = drops;
}

CaptureCounters LiveSource::counters() {
  refresh();
  CaptureCounters out = counters_;
  if (running()) out.waiting = waiting();
  if (member_ == 0) interface_->add_to(out);
  return out;
}

void LiveSource::add_counters(CounterSet& set) {
  const CaptureCounters now = counters();
  set.add(now, capture_counter_rows());
  add_interface_counters(now, interface_->index(), interface_->config().interface, set);
}

void LiveSource::take(uint8_t* self, const pcap_pkthdr* header, const uint8_t* data) {
  auto& s = *reinterpret_cast<LiveSource*>(self);
  size_t size = std::min<size_t>(header->caplen, s.room_);
  uint8_t* copy = s.copies_.get() + s.copied_;
  std::memcpy(copy, data, size);
  s.copied_ += size;
  Frame& frame = s.burst_->frames[s.burst_->count++];
  frame.data = {copy, size};
  frame.time = Timestamp::from_seconds(header->ts.tv_sec, header->ts.tv_usec);  // nanoseconds, as asked for
  frame.number = ++s.number_;
  frame.wire_length = std::max(header->len, static_cast<uint32_t>(size));
  frame.link_type = s.handle_->link_type();
  frame.interface = static_cast<uint16_t>(s.interface_->index());
  s.counters_.bytes += size;
  s.counters_.truncated += header->len > size;
  s.counters_.frames_above_mtu += header->len > s.handle_->longest();
}

PacketSource::Result LiveSource::wait(int milliseconds) {
  pollfd fds[] = {{stop_fd_, POLLIN, 0}, {running() ? handle_->poll_fd() : -1, POLLIN, 0}};
  poll(fds, 2, may_wait_ ? milliseconds : 0);
  // Asked before libpcap is, which would take the error for itself: the interface went down, or away.
  if (fds[1].revents & ~POLLIN) due_ = {};
  return Result::idle;
}

std::optional<Timestamp> LiveSource::now() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return Timestamp::from_seconds(now.tv_sec, now.tv_nsec);
}

/// Whether the handle is good to be read. The interface is looked at once a second, by the first worker or whoever
/// heard of a fault.
bool LiveSource::look() {
  if (interface_->round() != round_) {
    close_handle();
    return false;
  }
  const bool heard = due_ == Clock::time_point{};
  if (member_ != 0 && !heard) return true;
  const auto now = Clock::now();
  if (now < due_) return true;
  due_ = now + kLook;
  std::string fault = handle_->fault();
  if (fault.empty() && !heard) return true;
  lose(fault.empty() ? "the interface was down for a moment" : fault);
  return false;
}

PacketSource::Result LiveSource::receive(Burst& burst) {
  burst.count = 0;
  burst_ = &burst;
  copied_ = 0;
  for (bool waited = false;; waited = true) {
    if (stopped_.load(std::memory_order_relaxed)) {
      count_unread();
      return Result::end;
    }
    if (!running()) {
      if (handle_ && interface_->round() != round_) close_handle();
      try_again();
      if (!running()) return wait(state_ == State::closed ? kWaitMs : kJoiningMs);
    }
    if (!look()) return wait(kJoiningMs);
    const uint64_t above_mtu = counters_.frames_above_mtu;
    try {
      handle_->dispatch(kBurst, take, this);
    } catch (const LiveFault& fault) {
      if (burst.count == 0) {
        lose(fault.what());
        return Result::idle;
      }
    }
    if (burst.count > 0) {
      counters_.packets += burst.count;
      interface_->seen(member_, counters_.packets);
      look_at_backlog();
      if (counters_.frames_above_mtu != above_mtu) interface_->saw_offloading();
      return Result::frames;
    }
    backlog_ = 0;
    if (waited) return Result::idle;
    wait(kWaitMs);
  }
}

}  // namespace

std::string try_interface(const LiveConfig& config) {
  try {
    return LiveHandle(config).fault();
  } catch (const LiveFault& fault) {
    if (!fault.down) throw SettingError(config.mark, config.interface + ": " + fault.what());
    return fault.what();
  }
}

std::vector<std::unique_ptr<PacketSource>> open_sources(const std::shared_ptr<LiveInterface>& interface) {
  const LiveConfig& config = interface->config();
  std::vector<std::unique_ptr<LiveSource>> sources;
  for (size_t i = 0; i < config.workers; ++i) sources.push_back(std::make_unique<LiveSource>(interface, i));
  try {
    while (!std::ranges::all_of(sources, [](auto& source) { return source->running(); })) {
      for (auto& source : sources) source->advance();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  } catch (const LiveFault& fault) {
    if (!fault.down) throw SettingError(config.mark, config.interface + ": " + fault.what());
    interface->wait_for(fault.what());
  } catch (const std::runtime_error& fault) {
    throw SettingError(config.mark, config.interface + ": " + fault.what());
  }
  return {std::make_move_iterator(sources.begin()), std::make_move_iterator(sources.end())};
}

}  // namespace lapwing
