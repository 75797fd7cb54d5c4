// Rule heads as data: addresses and ports with lists and negation, their random making, and their naive evaluation.
#pragma once

#include "tests/signatures/differential/generator.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

/// Addresses (IPv4 as numbers) or ports.
struct RangeTerm {
  bool negated = false;
  uint32_t low = 0, high = 0xffffffff;
  std::string text;
  std::vector<RangeTerm> members;  // not empty: a list of these
};

struct HeaderRule {
  std::string protocol, arrow;
  RangeTerm source, source_port, destination, destination_port;
  bool content = false;  // also looks for "x", which every packet has
};

struct HeaderPacket {
  std::string protocol;
  uint32_t source = 0, destination = 0;
  uint16_t source_port = 0, destination_port = 0;
};

std::string header_text(const HeaderRule& rule, uint32_t sid);
std::string describe(const HeaderPacket& packet);
LabPacket lab_packet(const HeaderPacket& packet, int flow);
bool naive_match(const HeaderRule& rule, const HeaderPacket& packet);

class HeaderGenerator {
 public:
  explicit HeaderGenerator(uint64_t seed) : dice_(seed) {}
  HeaderRule rule();
  HeaderPacket packet();

 private:
  RangeTerm address(int level);
  RangeTerm port(int level);
  template <class Leaf>
  RangeTerm list(int level, Leaf leaf);

  Dice dice_;
};

}  // namespace lapwing::test
