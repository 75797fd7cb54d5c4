// The engine's opinion of samples: rules compiled together, packets fed one by one.
#pragma once

#include <set>

#include "tests/signatures/differential/generator.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

class SampleEngine {
 public:
  /// Rules get the numbers 1, 2, ... as sid; what is refused has a message.
  explicit SampleEngine(const std::vector<std::string>& rules);

  /// Numbers of the rules that were refused, and why.
  const std::map<uint32_t, std::string>& refused() const { return refused_; }

  /// Numbers of the rules that alert on this packet, or stream, in a flow of its own.
  std::set<uint32_t> verdict(const SamplePacket& sample, SampleKind kind);
  std::set<uint32_t> verdict(const std::vector<LabPacket>& packets);
  /// The flow of the next packets.
  int next_flow() { return ++flow_; }

 private:
  RuleLab lab_;
  std::map<uint32_t, std::string> refused_;
  int flow_ = 0;
};

}  // namespace lapwing::test
