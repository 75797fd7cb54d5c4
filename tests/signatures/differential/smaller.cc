#include "tests/signatures/differential/smaller.h"

namespace lapwing::test {

namespace {

std::vector<SampleStep> simpler(const SampleStep& step) {
  std::vector<SampleStep> out;
  auto offer = [&](auto change) {
    SampleStep copy = step;
    change(copy);
    out.push_back(copy);
  };
  for (auto flag : {&SampleStep::negated, &SampleStep::relative, &SampleStep::nocase, &SampleStep::startswith,
                    &SampleStep::endswith, &SampleStep::rawbytes, &SampleStep::fast_pattern, &SampleStep::little,
                    &SampleStep::align, &SampleStep::from_beginning, &SampleStep::from_end, &SampleStep::caseless,
                    &SampleStep::dot_all}) {
    if (step.*flag) offer([&](SampleStep& s) { s.*flag = false; });
  }
  for (auto place : {&SampleStep::offset, &SampleStep::depth, &SampleStep::distance, &SampleStep::within}) {
    if (step.*place) offer([&](SampleStep& s) { (s.*place).reset(); });
  }
  if (step.bytes.size() > 1) {
    offer([](SampleStep& s) { s.bytes.pop_back(); });
    offer([](SampleStep& s) { s.bytes.erase(0, 1); });
  }
  if (step.bitmask != 0) offer([](SampleStep& s) { s.bitmask = 0; });
  if (step.multiplier != 1) offer([](SampleStep& s) { s.multiplier = 1; });
  if (step.post_offset != 0) offer([](SampleStep& s) { s.post_offset = 0; });
  if (!step.base.empty()) offer([](SampleStep& s) { s.base.clear(); });
  return out;
}

std::vector<SampleRule> simpler(const SampleRule& rule) {
  std::vector<SampleRule> out;
  for (size_t b = 0; b < rule.blocks.size(); b++) {
    if (rule.blocks.size() > 1) {
      out.push_back(rule);
      out.back().blocks.erase(out.back().blocks.begin() + static_cast<ptrdiff_t>(b));
    }
    const auto& steps = rule.blocks[b].steps;
    for (size_t i = 0; i < steps.size(); i++) {
      out.push_back(rule);
      auto& fewer = out.back().blocks[b].steps;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    }
    for (size_t i = 0; i < steps.size(); i++) {
      for (const SampleStep& step : simpler(steps[i])) {
        out.push_back(rule);
        out.back().blocks[b].steps[i] = step;
      }
    }
  }
  if (rule.dsize) {
    out.push_back(rule);
    out.back().dsize.reset();
  }
  return out;
}

}  // namespace

std::vector<std::pair<SampleRule, SamplePacket>> smaller(const SampleRule& rule, const SamplePacket& packet) {
  std::vector<std::pair<SampleRule, SamplePacket>> out;
  for (const SampleRule& r : simpler(rule)) out.emplace_back(r, packet);
  auto offer = [&](auto change) {
    SamplePacket copy = packet;
    change(copy);
    out.emplace_back(rule, copy);
  };
  for (size_t i = 0; i < packet.cuts.size(); i++)
    offer([&](SamplePacket& p) { p.cuts.erase(p.cuts.begin() + static_cast<ptrdiff_t>(i)); });
  const size_t least = packet.cuts.empty() ? 1 : packet.cuts.back() + 1;
  for (size_t i = 0; i < packet.payload.size() && packet.payload.size() > least; i++)
    offer([&](SamplePacket& p) { p.payload.erase(i, 1); });
  for (const auto& [name, values] : packet.fields) {
    for (size_t v = 0; v < values.size(); v++) {
      if (values.size() > 1)
        offer([&, &name = name](SamplePacket& p) {
          p.fields[name].erase(p.fields[name].begin() + static_cast<ptrdiff_t>(v));
        });
      for (size_t i = 0; i < values[v].size() && values[v].size() > 1; i++)
        offer([&, &name = name](SamplePacket& p) { p.fields[name][v].erase(i, 1); });
    }
  }
  return out;
}

}  // namespace lapwing::test
