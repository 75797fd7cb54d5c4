// Dialogues as text: what is said in a flow, and what must come of it. Unit tests, fuzz seeds (scripts/fuzz_seeds) and
// golden (tests/golden/golden.py) read the same files. A line is
//
//   # a comment                         OPTION key value               of the configuration
//   PORT 7          of the server       C: text\r\n                    the client says; \r \n \t \\ \xHH
//     : and more, said with it          S*70: text                     the server, seventy times
//   DATAGRAM C: text                    GAP C 12                       bytes that never come
//   END S           its side is over    CHANGE tls                     here the flow has become another protocol
//
// and beneath, in the order in which they come and none left out but fields and frames, what must be heard of the flow:
//
//   = record {"dns": {"id": 7}}         members that the record has, among others
//   = anomaly name@0                    with the transaction's number, if it belongs to one
//   = field > http.uri=/x               of the client's side; < of the server's
//   = frame > request 0+18              kind, offset and length
//   = capped pending 6                  what went beyond a bound of the protocol that the flow ends with
//   = fails                             the dissector gave up
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/flow_driver.h"

namespace lapwing::test {

struct DialogueMove {
  enum class Kind : uint8_t { say, datagram, gap, end, change } kind = Kind::say;
  Direction direction = Direction::to_server;
  std::string text;    // bytes, or the protocol that the flow has become
  uint64_t count = 1;  // of repetitions, or of lost bytes
};

struct DialogueFile {
  Settings settings;
  uint16_t port = 9999;
  std::vector<DialogueMove> moves;
  std::vector<std::string> records, anomalies, fields, frames;
  std::vector<std::pair<std::string, uint64_t>> capped;
  bool fails = false;

  /// Throws std::runtime_error with file, line and what is wrong.
  static DialogueFile read(const std::string& path);
};

}  // namespace lapwing::test
