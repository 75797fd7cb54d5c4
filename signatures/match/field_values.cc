#include "signatures/match/field_values.h"

namespace lapwing::rules {

void FieldValues::adopt(const Compiled& rules) {
  rules_ = &rules;
  slots_.clear();
  slots_.resize(rules.buffers.size());
}

void FieldValues::swap(FieldValues& other) {
  std::swap(rules_, other.rules_);
  slots_.swap(other.slots_);
}

void FieldValues::start(const Transaction* tx, Direction direction, uint8_t protocol, const Packet* packet) {
  tx_ = tx;
  direction_ = direction;
  protocol_ = protocol;
  packet_ = packet;
  frame_ = nullptr;
  file_ = nullptr;
  round_ = ++last_round_;
}

void FieldValues::start(const MessageFrame& frame, uint8_t protocol) {
  start(nullptr, frame.direction, protocol, nullptr);
  frame_ = &frame;
}

FieldValues::Values FieldValues::get(BufferId buffer) {
  Slot& slot = slots_[buffer];
  const uint64_t round = of_file(rules_->buffers[buffer]) ? file_round_ : round_;
  if (slot.round != round) {
    slot.round = round;
    slot.count = 0;
    fetch(rules_->buffers[buffer], slot);
  }
  return {slot.values.data(), slot.count};
}

FieldValues::Value& FieldValues::next(Slot& slot) {
  if (slot.count == slot.values.size()) slot.values.push_back(std::make_unique<Value>());
  return *slot.values[slot.count];
}

void FieldValues::transform(const Buffer& buffer, Value& value) {
  size_t turn = 0;
  for (const auto& transform : buffer.transforms) {
    value.bytes = transform->apply(value.bytes, value.transformed[turn]);
    turn ^= 1;
  }
}

/// Fills a slot with what a field gives.
class FieldValues::Fetched final : public ValueSink {
 public:
  Fetched(FieldValues& values, const Buffer& buffer, Slot& slot) : values_(values), buffer_(buffer), slot_(slot) {}
  std::string& scratch() override { return values_.next(slot_).fetched; }
  bool take(const lapwing::Value& found) override {
    if (cost_ > kMaxFieldBytes) {
      values_.counters_.field_bytes_max++;
      return false;
    }
    Value& value = values_.next(slot_);
    value.bytes = found.bytes;
    value.integer = found.integer;
    cost_ += kValueCost + value.bytes.size();
    transform(buffer_, value);
    slot_.count++;
    return true;
  }

 private:
  FieldValues& values_;
  const Buffer& buffer_;
  Slot& slot_;
  uint64_t cost_ = 0;
};

void FieldValues::fetch(const Buffer& buffer, Slot& slot) {
  if (buffer.of_packet) {
    Value& value = next(slot);
    if (!packet_ || !buffer.of_packet(*packet_, value.bytes)) return;
    transform(buffer, value);
    slot.count = 1;
    return;
  }
  if (!buffer.frames.empty()) {
    // All of a rule's frames are of the kind for which it was chosen.
    if (!frame_) return;
    Value& value = next(slot);
    value.bytes = frame_->bytes;
    value.base = buffer.transforms.empty() ? frame_->base : 0;
    transform(buffer, value);
    slot.count = 1;
    return;
  }
  const Field* field = field_of(buffer);
  if (!field) return;
  if (slot.values.size() > kKeptFieldValues) slot.values.resize(kKeptFieldValues);
  Fetched fetched(*this, buffer, slot);
  const Direction direction = buffer.only.value_or(direction_);
  if (of_file(buffer)) return field->visit(*tx_, direction, *file_, fetched);
  field->visit(*tx_, direction, fetched);
}

}  // namespace lapwing::rules
