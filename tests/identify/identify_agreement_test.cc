// Flow by flow comparison with ndpiReader on the captures of nDPI's own test suite, where they are at hand.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "sensor/base/text.h"
#include "sensor/identify/identify.h"
#include "tests/identify/default_config.h"
#include "tests/identify/identify_captures.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> ndpi_captures() {
  const char* place = std::getenv("LAPWING_NDPI_CAPTURES");
  fs::path folder = place ? place : "../shared/corpus/ndpi";
  std::vector<std::string> out;
  if (!fs::is_directory(folder)) return out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    auto extension = entry.path().extension();
    if (extension == ".pcap" || extension == ".pcapng") out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool have_ndpi_reader() {
  return std::system("command -v ndpiReader >/dev/null 2>&1") == 0;
}

using Verdicts = std::map<std::string, std::string>;  // flow -> protocol

Verdicts by_ndpi_reader(const std::string& path) {
  std::string csv = testing::TempDir() + "identify_" + std::to_string(::getpid()) + ".csv";
  fs::remove(csv);
  std::string command = "ndpiReader -q -I -i '" + path + "' -C '" + csv + "' >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) return {};
  Verdicts out;
  std::ifstream in(csv);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    auto cells = split(line, ',');
    if (cells.size() < 11) continue;
    auto end = [&](size_t i) { return std::string(cells[i]) + ":" + std::string(cells[i + 1]); };
    auto protocol = static_cast<unsigned>(parse_unsigned(cells[1]).value_or(0));
    out[test::flow_name(protocol, end(5), end(7))] = std::string(cells[10]);
  }
  fs::remove(csv);
  return out;
}

Verdicts by_identifier(Identifier& identifier, const std::vector<test::CapturedPacket>& packets) {
  std::map<std::string, IdentifyState> flows;
  for (const auto& packet : packets) identifier.packet(flows[packet.flow], packet.ip, packet.time);
  Verdicts out;
  for (auto& [name, state] : flows) {
    identifier.finish(state);
    auto found = identifier.describe(state);
    out[name] = found.protocol.empty() ? "Unknown" : std::string(found.protocol);
  }
  return out;
}

TEST(IdentifyAgreement, NearlyAllFlowsGetTheProtocolOfNdpiReader) {
  auto files = ndpi_captures();
  if (files.empty() || !have_ndpi_reader()) GTEST_SKIP() << "no captures or no ndpiReader here";
  size_t flows = 0, agreeing = 0;
  for (const auto& path : files) {
    Verdicts theirs = by_ndpi_reader(path);
    Identifier identifier(test::default_config());
    Verdicts ours = by_identifier(identifier, test::read_capture(path));
    for (const auto& [flow, protocol] : theirs) {
      auto found = ours.find(flow);
      if (found == ours.end()) {
        if (std::getenv("LAPWING_SHOW_DIFFERENCES"))
          std::printf("%s: %s: not seen\n", fs::path(path).filename().c_str(), flow.c_str());
        continue;  // link types and IPv6 spellings that only one of the two readers has
      }
      ++flows;
      agreeing += found->second == protocol;
      if (found->second != protocol && std::getenv("LAPWING_SHOW_DIFFERENCES")) {
        std::printf("%s: %s: %s, ndpiReader %s\n", fs::path(path).filename().c_str(), flow.c_str(),
                    found->second.c_str(), protocol.c_str());
      }
    }
  }
  RecordProperty("flows", static_cast<int>(flows));
  RecordProperty("agreeing", static_cast<int>(agreeing));
  std::printf("%zu of %zu flows agree with ndpiReader\n", agreeing, flows);
  EXPECT_GE(static_cast<double>(agreeing), 0.98 * static_cast<double>(flows));
}

TEST(IdentifyAgreement, AFlowIsJudgedByItsOwnPacketsAlone) {
  auto files = ndpi_captures();
  if (files.empty()) GTEST_SKIP() << "no captures here";
  Identifier shared(test::default_config());
  for (const auto& path : files) {
    auto packets = test::read_capture(path);
    std::set<std::string> names;
    for (const auto& packet : packets) names.insert(packet.flow);
    if (names.size() > 60) continue;  // one module each would take minutes
    Verdicts together = by_identifier(shared, packets);
    Identifier other(test::default_config());
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      std::vector<test::CapturedPacket> own;
      for (const auto& packet : packets) {
        if (packet.flow == *name) own.push_back(packet);
      }
      EXPECT_EQ(by_identifier(other, own)[*name], together[*name]) << path << " " << *name;
    }
  }
}

}  // namespace
}  // namespace lapwing
