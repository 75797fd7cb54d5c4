// Dialogue: what two ends say to each other, before anything carries it; and the table of who can speak.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/event/chunk.h"
#include "tests/hunt/random.h"

namespace lapwing::hunt {

/// Bytes that one end says at a time: over UDP a datagram.
struct Turn {
  Direction direction = Direction::to_server;
  std::string bytes;
};
using Dialogue = std::vector<Turn>;

/// A flow between the same hosts that a dialogue announced; who listens is the server of its own dialogue.
struct Announced {
  Dialogue dialogue;
  bool datagrams = false;
  bool to_client = false;  // the client of the announcing dialogue listens
  uint16_t port = 0;       // where; 0: on the port of the announcing flow
};

/// One protocol: valid dialogues, and what goes wrong in them that only who knows the protocol can break. What breaks
/// bytes without knowing them is spoil().
struct Grammar {
  std::string_view name;
  bool datagrams = false;
  std::array<uint16_t, 2> ports = {};
  Dialogue (*speak)(Random& random) = nullptr;
  std::vector<Announced> (*announce)(Random& random) = nullptr;
};

/// THE list of protocols (grammars.cc).
std::span<const Grammar> grammars();

/// Flips, cuts, repeats, swaps and strews bytes and turns.
void spoil(Random& random, Dialogue& dialogue);

}  // namespace lapwing::hunt
