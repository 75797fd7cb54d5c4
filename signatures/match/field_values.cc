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
  round_++;
}

void FieldValues::start(const MessageFrame& frame, uint8_t protocol) {
  start(nullptr, frame.direction, protocol, nullptr);
  frame_ = &frame;
}

FieldValues::Values FieldValues::get(BufferId buffer) {
  Slot& slot = slots_[buffer];
  if (slot.round != round_) {
    slot.round = round_;
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
  if (!tx_ || protocol_ >= buffer.fields.size() || !buffer.fields[protocol_]) return;
  const Field& field = *buffer.fields[protocol_];
  if (slot.values.size() > kKeptFieldValues) slot.values.resize(kKeptFieldValues);
  Fetched fetched(*this, buffer, slot);
  field.visit(*tx_, buffer.only.value_or(direction_), fetched);
}

}  // namespace lapwing::rules
