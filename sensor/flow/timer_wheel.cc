#include "sensor/flow/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace lapwing {

void TimerWheel::file(Flow& flow, int64_t deadline) {
  append(flow, slot_of(std::clamp(deadline, clock_, clock_ + kSeconds - 1)));
}

void TimerWheel::append(Flow& flow, uint32_t slot) {
  List& list = lists_[slot];
  uint32_t handle = flows_.handle_of(flow);
  flow.timer_slot = static_cast<uint16_t>(slot);
  flow.timer_next = kNoHandle;
  flow.timer_prev = list.tail;
  if (list.tail == kNoHandle) {
    list.head = handle;
    used_[slot / 64] |= uint64_t{1} << (slot % 64);
  } else {
    flows_[list.tail].timer_next = handle;
  }
  list.tail = handle;
}

void TimerWheel::remove(Flow& flow) {
  uint32_t slot = flow.timer_slot;
  List& list = lists_[slot];
  (flow.timer_prev == kNoHandle ? list.head : flows_[flow.timer_prev].timer_next) = flow.timer_next;
  (flow.timer_next == kNoHandle ? list.tail : flows_[flow.timer_next].timer_prev) = flow.timer_prev;
  if (list.head == kNoHandle) used_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
}

int64_t TimerWheel::filed(const Flow& flow) const {
  return clock_ + (flow.timer_slot - slot_of(clock_)) % kSeconds;
}

Flow* TimerWheel::due(int64_t now) {
  for (;;) {
    if (uint32_t head = lists_[slot_of(clock_)].head; head != kNoHandle) return &flows_[head];
    if (clock_ >= now) return nullptr;
    if (int64_t second; next_used(now, second)) {
      clock_ = second;
    } else {
      clock_ = now;
    }
  }
}

Flow* TimerWheel::earliest() {
  uint32_t head = lists_[slot_of(clock_)].head;
  if (int64_t second; head == kNoHandle && next_used(clock_ + kSeconds, second)) head = lists_[slot_of(second)].head;
  return head == kNoHandle ? nullptr : &flows_[head];
}

void TimerWheel::raise_all() {
  uint32_t now = slot_of(clock_);
  for (int64_t second; next_used(clock_ + kSeconds, second);) {
    for (uint32_t slot = slot_of(second); lists_[slot].head != kNoHandle;) {
      Flow& flow = flows_[lists_[slot].head];
      remove(flow);
      append(flow, now);
    }
  }
}

/// All that is filed comes up, once; second by second each flow that is not over would come up every kSeconds.
void TimerWheel::leap(int64_t second) {
  raise_all();
  const uint32_t from = slot_of(clock_), to = slot_of(second);
  clock_ = second;
  while (from != to && lists_[from].head != kNoHandle) {
    Flow& flow = flows_[lists_[from].head];
    remove(flow);
    append(flow, to);
  }
}

/// The first second after the clock, up to `limit`, with flows filed under it.
bool TimerWheel::next_used(int64_t limit, int64_t& second) const {
  int64_t last = std::min<int64_t>(limit, clock_ + kSeconds - 1);
  for (int64_t at = clock_ + 1; at <= last;) {
    uint32_t slot = slot_of(at);
    uint64_t word = used_[slot / 64] >> (slot % 64);
    if (word != 0) {
      second = at + std::countr_zero(word);
      return second <= last;
    }
    at += 64 - slot % 64;
  }
  return false;
}

}  // namespace lapwing
