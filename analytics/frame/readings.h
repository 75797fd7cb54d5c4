// Readings: what was read of an event, for whoever asks for the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sensor/event/column.h"

namespace lapwing::analytics {

/// [W] The first values of some of its fields. Their bytes lie where the first who asked has them.
class Readings {
 public:
  /// Null: nobody asked, or there was no room.
  const std::optional<Value>* find(uint64_t field) const {
    for (size_t i = 0; i < count_; ++i) {
      if (fields_[i] == field) return &values_[i];
    }
    return nullptr;
  }
  void keep(uint64_t field, const std::optional<Value>& value) {
    if (count_ == kMost) return;
    fields_[count_] = field;
    values_[count_++] = value;
  }

 private:
  static constexpr size_t kMost = 6;
  size_t count_ = 0;
  std::array<uint64_t, kMost> fields_{};
  std::array<std::optional<Value>, kMost> values_{};
};

}  // namespace lapwing::analytics
