#include "sensor/capture/deal.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace lapwing::capture {
namespace {

/// How soon a stop is seen: a signal handler may set a flag, but not wake a condition variable.
constexpr auto kStopPoll = std::chrono::milliseconds(50);

/// What one worker sees of the deal.
class DealtSource final : public PacketSource {
 public:
  DealtSource(std::shared_ptr<Deal> deal, size_t worker) : deal_(std::move(deal)), worker_(worker) {}
  ~DealtSource() override { deal_->leave(worker_); }

  Result receive(Burst& burst) override {
    burst.count = 0;
    while (cards_.empty()) {
      if (!advance()) return Result::end;
    }
    for (const Stretch::Card card : cards_.first(std::min(cards_.size(), kBurst))) {
      Frame& frame = burst.frames[burst.count++];
      frame = stretch_->frames[card.frame];
      frame.claim = card.claim;
      if (card.claim == Claim::another) continue;
      // Another worker may have read it: its headers are on their way while the frames before are decoded.
      __builtin_prefetch(frame.data.data());
      __builtin_prefetch(frame.data.data() + 64);
    }
    cards_ = cards_.subspan(burst.count);
    return Result::frames;
  }
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override { return counters_; }
  std::string_view file() const override { return deal_->file(input_); }
  std::string_view interface_name(uint16_t index) const override {
    return index < interfaces_.size() ? std::string_view(interfaces_[index]) : std::string_view();
  }
  std::span<const CaptureError> errors() const override { return deal_->errors(); }
  double progress() const override { return progress_; }
  void stop() override { deal_->stop(); }

 private:
  bool advance() {
    stretch_ = deal_->next(worker_, division_);
    if (!stretch_) {
      counters_ = deal_->counters();
      return false;
    }
    cards_ = stretch_->hands[worker_].cards;
    if (stretch_->input != std::exchange(input_, stretch_->input)) interfaces_.clear();
    interfaces_.insert(interfaces_.end(), stretch_->new_interfaces.begin(), stretch_->new_interfaces.end());
    counters_ = stretch_->counters;
    progress_ = stretch_->progress;
    return true;
  }

  std::shared_ptr<Deal> deal_;
  size_t worker_;
  const Stretch* stretch_ = nullptr;
  std::span<const Stretch::Card> cards_;  // not given yet
  size_t input_ = 0;
  std::vector<std::string> interfaces_;
  CaptureCounters counters_;
  double progress_ = 0;
};

}  // namespace

Deal::Deal(CaptureList captures, size_t workers) : places_(workers), reader_(std::move(captures)) {
  for (size_t i = 0; i < kStretches; ++i) {
    auto stretch = std::make_unique<Stretch>();
    stretch->bytes = std::make_unique_for_overwrite<uint8_t[]>(kChunk);
    stretch->frames.resize(Stretch::kFrames);
    stretch->hands.resize(workers);
    for (Stretch::Hand& hand : stretch->hands) hand.cards.reserve(2 * Stretch::kFrames);
    stretches_.push_back(std::move(stretch));
    idle_.push_back(stretches_.back().get());
  }
}

const Stretch* Deal::next(size_t worker, const Division* division) {
  std::unique_lock lock(mutex_);
  Place& place = places_[worker];
  if (std::exchange(place.holds, false)) pass(place, place.next + 1);
  for (;;) {
    ended_ |= stopped_.load(std::memory_order_relaxed);
    if (!ended_ && !reading_ && !idle_.empty() && place.next == made_count_) {
      make(lock, division);
    } else if (place.next == made_count_ && ended_ && !reading_) {
      return nullptr;
    } else if (const Stretch* stretch = made_[place.next % kStretches]; place.next < made_count_ && stretch->dealt) {
      place.holds = true;
      return stretch;
    } else {
      changed_.wait_for(lock, kStopPoll);
    }
  }
}

void Deal::leave(size_t worker) {
  std::lock_guard lock(mutex_);
  pass(places_[worker], UINT64_MAX);
}

void Deal::stop() {
  stopped_.store(true, std::memory_order_relaxed);
  reader_.stop();
}

void Deal::pass(Place& place, uint64_t next) {
  place.next = next;
  uint64_t slowest = made_count_;
  for (const Place& other : places_) slowest = std::min(slowest, other.next);
  if (left_count_ == slowest) return;
  for (; left_count_ < slowest; ++left_count_) idle_.push_back(made_[left_count_ % kStretches]);
  changed_.notify_all();
}

void Deal::make(std::unique_lock<std::mutex>& lock, const Division* division) {
  Stretch& stretch = *idle_.back();
  idle_.pop_back();
  reading_ = true;
  lock.unlock();
  const bool more = read(stretch);
  lock.lock();
  reading_ = false;
  if (!more) {
    ended_ = true;
    idle_.push_back(&stretch);
  } else {
    stretch.dealt = false;
    made_[made_count_++ % kStretches] = &stretch;
    lock.unlock();
    deal(stretch, division);
    lock.lock();
    stretch.dealt = true;
  }
  changed_.notify_all();
}

bool Deal::read(Stretch& stretch) {
  reader_.move_to(stretch.bytes.get());
  stretch.count = reader_.next(stretch.frames);
  if (stretch.count == 0) return false;
  stretch.clock = clock_;
  stretch.second = second_;
  for (const Frame& frame : std::span(stretch.frames).first(stretch.count)) clock_ = std::max(clock_, frame.time);
  second_ = clock_.seconds();
  stretch.input = reader_.input();
  if (stretch.input != std::exchange(input_, stretch.input)) named_ = 0;
  stretch.new_interfaces.clear();
  try {
    for (; named_ < reader_.interfaces(); ++named_) {
      stretch.new_interfaces.emplace_back(reader_.interface_name(named_));
    }
  } catch (const std::bad_alloc&) {  // the next stretch tells them
  }
  stretch.counters = reader_.counters();
  stretch.progress = reader_.progress();
  return true;
}

/// A frame that begins a second concerns everybody, as flows may end there, and so does the last: all that came before
/// is over. Where the capture runs back in time, a worker's clock is put right by the frame that was the latest.
void deal(Stretch& stretch, const Division* division) {
  for (Stretch::Hand& hand : stretch.hands) {
    hand.cards.clear();
    hand.clock = stretch.clock;
  }
  Timestamp clock = stretch.clock;
  int64_t second = stretch.second;
  uint16_t latest = 0;
  for (uint16_t i = 0; i < stretch.count; ++i) {
    const Frame& frame = stretch.frames[i];
    if (frame.time >= clock) {
      clock = frame.time;
      latest = i;
    }
    auto give = [&](Stretch::Hand& hand, Claim claim) {
      if (frame.time < clock && hand.clock < clock) hand.cards.push_back({latest, Claim::another});
      hand.cards.push_back({i, claim});
      hand.clock = clock;
    };
    const size_t owner = division ? division->owner(frame) : Division::kEverybody;
    const bool begins = clock.seconds() != second;
    second = clock.seconds();
    if (owner == Division::kEverybody) {
      for (Stretch::Hand& hand : stretch.hands) give(hand, Claim::everybody);
    } else if (begins || i + 1u == stretch.count) {
      for (Stretch::Hand& hand : stretch.hands) {
        give(hand, &hand == &stretch.hands[owner] ? Claim::me : Claim::another);
      }
    } else {
      give(stretch.hands[owner], Claim::me);
    }
  }
}

std::vector<std::unique_ptr<PacketSource>> dealt_sources(CaptureList captures, size_t workers) {
  auto shared = std::make_shared<Deal>(std::move(captures), workers);
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (size_t i = 0; i < workers; ++i) sources.push_back(std::make_unique<DealtSource>(shared, i));
  return sources;
}

}  // namespace lapwing::capture
