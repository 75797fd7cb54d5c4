// The rule engine against the naive evaluator over random rules and packets: not one verdict may differ.
// DIFFERENTIAL_PAIRS says how many pairs of a rule and a packet are tried.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/signatures/differential/engine_verdict.h"
#include "tests/signatures/differential/header_sample.h"
#include "tests/signatures/differential/naive.h"
#include "tests/signatures/differential/smaller.h"

namespace lapwing::test {

namespace {

constexpr uint64_t kSeed = 20260101;
constexpr uint64_t kPairs = 50'000;
constexpr int kRules = 50, kPackets = 200;  // of one set
constexpr int kShown = 5;                   // differences reported in full

struct Totals {
  uint64_t pairs = 0, matches = 0, rules = 0, refused = 0, differences = 0;

  void add(const Totals& other) {
    pairs += other.pairs;
    matches += other.matches;
    rules += other.rules;
    refused += other.refused;
    differences += other.differences;
  }

  void print(const char* what) const {
    fmt::print("{}: {} pairs of {} rules ({} more refused), {} match in both ({:.1f} %), {} differences\n", what, pairs,
               rules, refused, matches, pairs ? 100.0 * static_cast<double>(matches) / static_cast<double>(pairs) : 0,
               differences);
  }
};

class Differential : public testing::Test {
 protected:
  static void TearDownTestSuite() { all.print("all"); }
  static void finish(const Totals& totals, const char* what) {
    totals.print(what);
    all.add(totals);
    EXPECT_EQ(totals.differences, 0u);
    // A generator that makes rules nobody may write, or packets nothing matches, tests nothing.
    EXPECT_LT(totals.refused * 3, totals.rules);
    EXPECT_GT(totals.matches * 100, totals.pairs);
  }
  static void try_kind(SampleKind kind, const char* what, uint64_t percent);

 private:
  static inline Totals all;
};

uint64_t wanted_pairs() {
  const char* text = std::getenv("DIFFERENTIAL_PAIRS");
  return text ? std::strtoull(text, nullptr, 10) : kPairs;
}

/// A stream's rule is also tried on each segment alone where a content counts from the start of what it is sought in.
bool expected(const SampleRule& rule, const SamplePacket& packet, SampleKind kind) {
  if (naive_match(rule, packet)) return true;
  if (kind != SampleKind::stream || rule.options.find("only_stream") != std::string::npos) return false;
  const auto& steps = rule.blocks[0].steps;
  if (std::ranges::none_of(steps, [](const SampleStep& s) { return s.offset || s.depth || s.startswith; }))
    return false;
  size_t begin = 0;
  std::vector<size_t> ends = packet.cuts;
  ends.push_back(packet.payload.size());
  for (size_t end : ends) {
    if (naive_match(steps, std::string_view(packet.payload).substr(begin, end - begin))) return true;
    begin = end;
  }
  return false;
}

/// Whether the verdicts differ on this rule alone.
bool differs(const SampleRule& rule, const SamplePacket& packet, SampleKind kind) {
  SampleEngine engine({rule_text(rule, 1)});
  return engine.refused().empty() && engine.verdict(packet, kind).contains(1) != expected(rule, packet, kind);
}

std::string describe(const SampleRule& rule, const SamplePacket& packet, SampleKind kind) {
  const bool naive = expected(rule, packet, kind);
  std::string out = fmt::format("  {}\n  naive: {}, engine: {}\n  payload: {}", rule_text(rule, 1),
                                naive ? "match" : "no match", naive ? "no match" : "match", hex_text(packet.payload));
  for (size_t cut : packet.cuts) out += fmt::format(" cut at {}", cut);
  for (const auto& [name, values] : packet.fields) {
    for (const std::string& value : values) out += fmt::format("\n  {}: {}", name, hex_text(value));
  }
  return out;
}

void report(SampleRule rule, SamplePacket packet, SampleKind kind) {
  if (!differs(rule, packet, kind)) {
    ADD_FAILURE() << "verdicts differ only together with other rules and packets:\n" << describe(rule, packet, kind);
    return;
  }
  for (bool again = true; again;) {
    again = false;
    for (auto& [fewer, less] : smaller(rule, packet)) {
      if (!differs(fewer, less, kind)) continue;
      rule = std::move(fewer);
      packet = std::move(less);
      again = true;
      break;
    }
  }
  ADD_FAILURE() << "verdicts differ:\n" << describe(rule, packet, kind);
}

void try_set(uint64_t seed, SampleKind kind, Totals& totals) {
  SampleGenerator generator(seed);
  std::vector<SampleRule> rules;
  std::vector<std::string> texts;
  for (int i = 0; i < kRules; i++) {
    rules.push_back(generator.rule(kind));
    texts.push_back(rule_text(rules.back(), static_cast<uint32_t>(i + 1)));
  }
  SampleEngine engine(texts);
  totals.refused += engine.refused().size();
  totals.rules += kRules - engine.refused().size();
  for (int i = 0; i < kPackets; i++) {
    const SamplePacket packet = generator.packet(rules[static_cast<size_t>(i % kRules)], kind);
    const auto verdict = engine.verdict(packet, kind);
    for (uint32_t sid = 1; sid <= kRules; sid++) {
      const SampleRule& rule = rules[sid - 1];
      if (engine.refused().contains(sid)) continue;
      const bool naive = expected(rule, packet, kind);
      totals.pairs++;
      totals.matches += naive && verdict.contains(sid);
      if (naive != verdict.contains(sid) && totals.differences++ < kShown) report(rule, packet, kind);
    }
  }
}

void Differential::try_kind(SampleKind kind, const char* what, uint64_t percent) {
  Totals totals;
  const uint64_t pairs = wanted_pairs() * percent / 100;
  for (uint64_t set = 0; totals.pairs < pairs; set++)
    try_set(kSeed + 1'000'003 * set + static_cast<uint64_t>(kind), kind, totals);
  finish(totals, what);
}

TEST_F(Differential, Payloads) {
  try_kind(SampleKind::payload, "payloads", 50);
}

TEST_F(Differential, Queries) {
  try_kind(SampleKind::query, "payload and queries", 12);
}

TEST_F(Differential, Requests) {
  try_kind(SampleKind::request, "fields of requests", 12);
}

TEST_F(Differential, Streams) {
  try_kind(SampleKind::stream, "streams", 16);
}

TEST_F(Differential, Headers) {
  Totals totals;
  const uint64_t pairs = wanted_pairs() * 10 / 100;
  for (uint64_t set = 0; totals.pairs < pairs; set++) {
    HeaderGenerator generator(kSeed + set);
    std::vector<HeaderRule> rules;
    std::vector<std::string> texts;
    for (int i = 0; i < kRules; i++) {
      rules.push_back(generator.rule());
      texts.push_back(header_text(rules.back(), static_cast<uint32_t>(i + 1)));
    }
    SampleEngine engine(texts);
    totals.refused += engine.refused().size();
    totals.rules += kRules - engine.refused().size();
    for (int i = 0; i < kPackets; i++) {
      const HeaderPacket packet = generator.packet();
      const auto verdict = engine.verdict({lab_packet(packet, engine.next_flow())});
      for (uint32_t sid = 1; sid <= kRules; sid++) {
        if (engine.refused().contains(sid)) continue;
        const bool naive = naive_match(rules[sid - 1], packet);
        totals.pairs++;
        totals.matches += naive && verdict.contains(sid);
        if (naive != verdict.contains(sid) && totals.differences++ < kShown)
          ADD_FAILURE() << "verdicts differ:\n  " << texts[sid - 1] << "\n  naive: " << (naive ? "match" : "no match")
                        << "\n  packet: " << describe(packet);
      }
    }
  }
  finish(totals, "headers");
}

}  // namespace

}  // namespace lapwing::test
