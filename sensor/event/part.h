// Part: a protocol within others. It has rows of its own, and no flow.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/event/column.h"
#include "sensor/event/word.h"

namespace lapwing {

/// A bound on what a flow makes its dissector keep or look at. What lies beyond is counted as
/// "app_layer.<protocol or part>.<name>_max", which is a loss.
struct Cap {
  std::string_view name;
  uint64_t limit = 0;
  std::string_view help;
};

/// [S] What it brings to every protocol that carries it; its columns stand in theirs.
struct Part {
  std::string_view name;
  std::string_view help;
  std::span<const std::string_view> anomalies = {};  // of a carrier they are "<part>_<name>"
  std::span<const Cap> caps = {};
  std::span<const Word> words = {};  // they test its object, and count its own stages from 1
};

/// [S] A part as a protocol carries it; one with words is made by columns::carried.
struct Carried {
  const Part* part = nullptr;
  bool (*enter)(const Place& at, PlaceSink& sink) = nullptr;  // gives its objects
  Sender sender = Sender::either;                             // in whose direction they come
  std::array<uint8_t, 4> stages = {};                         // the protocol's, by those of the part
};

}  // namespace lapwing
