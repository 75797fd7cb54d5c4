// Random rules, and packets made so that they match or just miss them. The same seed gives the same samples everywhere.
#pragma once

#include "tests/signatures/differential/sample.h"
#include "tests/support/dice.h"

namespace lapwing::test {

enum class SampleKind : uint8_t {
  payload,  // of a UDP packet
  query,    // dns.query, often with the payload of the packet that carries it
  request,  // fields of an HTTP request
  stream    // of TCP
};

class SampleGenerator {
 public:
  /// Rules and packets of one generator share an alphabet of a few letters.
  explicit SampleGenerator(uint64_t seed);

  SampleRule rule(SampleKind kind);
  /// A packet made for this rule.
  SamplePacket packet(const SampleRule& rule, SampleKind kind);
  Dice& dice() { return dice_; }

 private:
  std::string letters(int64_t length);
  std::vector<SampleStep> steps(bool field);
  SampleStep content(const std::vector<std::string>& variables);
  void number(SampleStep& step, const std::vector<std::string>& variables);
  void expression(SampleStep& step);
  std::string buffer(const std::vector<SampleStep>& steps);
  void put(std::string& buffer, int64_t position, std::string_view bytes);

  Dice dice_;
  std::string alphabet_;
  bool digits_ = false;  // the alphabet has some: numbers as text occur
};

}  // namespace lapwing::test
