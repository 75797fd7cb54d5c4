// StreamWindow: the part of one direction's stream that raw stream rules can still match in [W].
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sensor/base/bytes.h"
#include "signatures/program/step.h"

namespace lapwing::rules {

/// The stream is inspected in cells of this many bytes by stream offset, each seen together with the one before it,
/// so that what matches depends on the stream and not on its segments.
inline constexpr uint64_t kCell = 2560;

/// Bytes that the windows of one worker hold, and the most they may.
struct WindowBudget {
  static constexpr uint64_t kLimit = 256ull << 20;
  uint64_t used = 0;
};

struct Group;

class StreamWindow {
 public:
  explicit StreamWindow(std::shared_ptr<WindowBudget> budget) : budget_(std::move(budget)) {}
  ~StreamWindow() {
    forget_found();
    budget_->used -= bytes_.capacity() + lead_.size();
  }
  StreamWindow(const StreamWindow&) = delete;
  StreamWindow& operator=(const StreamWindow&) = delete;

  /// Of a cell: where it and the one before begin, and their bytes. What end_at() took from them is not there.
  uint64_t base(uint64_t cell) const { return std::min(std::max(base_, cell - std::min(cell, kCell)), end()); }
  Bytes bytes(uint64_t cell) const {
    const uint64_t from = base(cell);
    return Bytes(bytes_).subspan(from - base_).first(std::min(end(), cell + kCell) - from);
  }
  uint64_t base() const { return base(cell_); }
  uint64_t end() const { return base_ + bytes_.size(); }
  uint64_t cell() const { return cell_; }
  /// Where the evidence of the next look may end.
  uint64_t floor() const { return std::min(floor_, cell_); }
  Bytes bytes() const { return bytes(cell_); }
  /// The cell at hand of a stream that goes on: until it is full it is looked at again, then as the one before.
  Subject at_hand() const {
    const bool full = room() == 0;
    return {bytes(), base(), full ? cell_ : base(), cell_ + (full ? 2 : 1) * kCell};
  }
  /// Whether another look at it may tell something new.
  bool looks() const { return looked_to != end() || put_off; }
  size_t room() const { return static_cast<size_t>(cell_ + kCell - end()); }
  /// The first cell that rules look at again once what they wait for is known; that at hand when there is none.
  uint64_t owed() const { return owed_; }

  /// Takes at most room() bytes; false when the budget refuses.
  bool append(Bytes data) {
    if (bytes_.size() + data.size() > bytes_.capacity()) {
      size_t capacity = bytes_.capacity() ? bytes_.capacity() * 2 : 512;
      while (capacity < bytes_.size() + data.size()) capacity *= 2;
      if (owed_ == cell_) capacity = std::min<size_t>(capacity, 2 * kCell);
      const size_t held = bytes_.capacity();
      if (budget_->used - held + capacity > WindowBudget::kLimit) return false;
      bytes_.reserve(capacity);
      budget_->used += bytes_.capacity() - held;
    }
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    return true;
  }

  /// What lies from `offset` on was no payload.
  void end_at(uint64_t offset) {
    if (offset < end()) bytes_.resize(static_cast<size_t>(std::max(offset, base_) - base_));
    looked_to = std::min(looked_to, end());
    for (Scanned& one : scanned) one.to = std::min(one.to, end());
  }

  /// The cell is full and inspected: it becomes the one before. `again`: rules will look at it once more.
  void next_cell(bool again) {
    if (!again) owed_ = cell_ + kCell;
    cell_ += kCell;
    forget();
    before.swap(here);
    here.clear();
    alerted.clear();
    crowded_ = {crowded_[1], false};
  }
  /// Rules looked again at all cells before this one.
  void settle() {
    owed_ = cell_;
    forget();
  }

  /// What came before a gap, and what is said of it: shown before the bytes of a cell that reaches back to the gap.
  Bytes lead(uint64_t cell) const { return base(cell) == base_ ? Bytes(lead_) : Bytes{}; }
  Bytes lead() const { return lead(cell_); }

  /// `lost` bytes from `offset` on are missing: start over behind them. The bytes before that are not kept for want of
  /// room.
  size_t miss(uint64_t offset, uint64_t lost) {
    std::vector<uint8_t> lead;
    if (offset == end()) {
      lead = std::move(lead_);
      lead_.clear();
      budget_->used -= lead.size();
      lead.insert(lead.end(), bytes_.begin(), bytes_.end());
      if (lead.size() > kCell) lead.erase(lead.begin(), lead.end() - static_cast<ptrdiff_t>(kCell));
    }
    const std::string text = "[" + std::to_string(lost) + " bytes missing]";
    lead.insert(lead.end(), text.begin(), text.end());
    restart(offset + lost);
    if (budget_->used + lead.size() > WindowBudget::kLimit) return lead.size();
    lead_ = std::move(lead);
    budget_->used += lead_.size();
    return 0;
  }

  /// Bytes are missing: start over at `offset`.
  void restart(uint64_t offset) {
    forget_lead();
    bytes_.clear();
    base_ = offset;
    cell_ = owed_ = offset / kCell * kCell;
    looked_to = offset;
    floor_ = UINT64_MAX;
    waits = false;
    forget_rules();
  }

  /// All that is at hand is owed another look.
  void look_again() {
    forget_rules();
    forget_found();
    looked_to = floor_ = base_;
  }
  void looked() {
    looked_to = end();
    floor_ = UINT64_MAX;
  }

  /// What raw content a rule over fields found last, and the bytes around it: whether the rest of the rule holds shows
  /// when the message is over.
  struct Found {
    uint32_t rule = 0;
    uint64_t end = 0, base = 0;                         // in the stream: of what was found, of the bytes
    std::shared_ptr<const std::vector<uint8_t>> bytes;  // of one look, for all that it found
  };
  static constexpr size_t kMostFound = 256;

  /// In the order of the rules.
  const std::vector<Found>& found() const { return found_; }
  uint64_t found_end(uint32_t rule) const {
    const auto place = place_of(rule);
    return place != found_.end() && place->rule == rule ? place->end : 0;
  }
  /// False when that, or what was found first, has no room.
  bool keep_found(uint32_t rule, uint64_t end, Bytes bytes, uint64_t base) {
    bool room = true;
    if (found_end(rule) == 0 && found_.size() == kMostFound) {
      drop_found(
          std::min_element(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.end < b.end; }));
      room = false;
    }
    if (!shown_ || !std::ranges::equal(*shown_, bytes)) {
      release(shown_);
      if (budget_->used + bytes.size() > WindowBudget::kLimit) return false;
      shown_ = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
      budget_->used += bytes.size();
    }
    auto place = found_.begin() + (place_of(rule) - found_.cbegin());
    if (place == found_.end() || place->rule != rule) place = found_.insert(place, Found{rule});
    release(place->bytes);
    place->end = end;
    place->base = base;
    place->bytes = shown_;
    return room;
  }
  /// Of messages that began before `offset`.
  void forget_found(uint64_t offset = UINT64_MAX) {
    std::erase_if(found_, [&](Found& one) {
      if (one.end > offset) return false;
      release(one.bytes);
      return true;
    });
    if (found_.empty()) release(shown_);
  }

  /// Rules whose prefilter hit the cell at hand, or the one before, are more than are remembered: the next look finds
  /// them anew.
  bool crowded() const { return crowded_[0] || crowded_[1]; }
  void crowd() { crowded_[1] = true; }

  /// Another rule set numbers its rules anew: everything held is scanned again.
  void forget_rules() {
    scanned = {};
    before.clear();
    here.clear();
    alerted.clear();
    crowded_ = {};
  }

  /// What a prefilter has seen so far.
  struct Scanned {
    const Group* group = nullptr;
    uint64_t to = 0;
  };

  uint64_t looked_to = 0;  // end of the stream at the last look
  bool put_off = false;    // that look left rules undecided until there is more, or no more comes
  bool waits = false;      // that look was taken before the protocol was known, which some rules ask for
  std::array<Scanned, 4> scanned{};
  std::vector<uint32_t> before, here,
      alerted;              // rules: candidates of the cell before and of this one; done in this one
  uint64_t generation = 0;  // of the rule set that numbered them

 private:
  /// What no cell needs any more.
  void forget() {
    const uint64_t keep_from = base(owed_);
    if (keep_from != base_) forget_lead();
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(keep_from - base_));
    base_ = keep_from;
  }

  std::vector<Found>::const_iterator place_of(uint32_t rule) const {
    return std::lower_bound(found_.begin(), found_.end(), rule,
                            [](const Found& one, uint32_t number) { return one.rule < number; });
  }
  void drop_found(std::vector<Found>::iterator place) {
    release(place->bytes);
    found_.erase(place);
  }
  void release(std::shared_ptr<const std::vector<uint8_t>>& bytes) {
    if (bytes.use_count() == 1) budget_->used -= bytes->size();
    bytes.reset();
  }

  void forget_lead() {
    budget_->used -= lead_.size();
    lead_.clear();
  }

  std::shared_ptr<WindowBudget> budget_;
  std::vector<uint8_t> bytes_, lead_;
  std::vector<Found> found_;
  std::shared_ptr<const std::vector<uint8_t>> shown_;  // by the last look that found something
  std::array<bool, 2> crowded_{};                      // the cell before, and this one
  uint64_t base_ = 0, cell_ = 0, owed_ = 0, floor_ = UINT64_MAX;
};

}  // namespace lapwing::rules
