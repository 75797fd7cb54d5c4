// What a million indicators cost: CPU time to load, memory, time of a look-up (the median of batches), and hits that
// are none.
//
//   intel_table [INDICATORS [LOOK-UPS]]
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "analytics/intel/indicator_set.h"
#include "analytics/intel/observable.h"

namespace {

using namespace lapwing;
using namespace lapwing::analytics;

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Of the process; what the allocator keeps for later counts.
double resident_megabytes() {
  std::ifstream statm("/proc/self/statm");
  double all = 0, resident = 0;
  statm >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

double median(std::vector<double> of) {
  std::ranges::nth_element(of, of.begin() + static_cast<ptrdiff_t>(of.size() / 2));
  return of[of.size() / 2];
}

std::string hex(std::mt19937_64& random, size_t digits) {
  std::string out;
  while (out.size() < digits) out += "0123456789abcdef"[random() % 16];
  return out;
}

std::string one(std::mt19937_64& random, size_t kind) {
  const auto octet = [&] { return std::to_string(random() % 200 + 11); };
  switch (kind) {
    case 0: return hex(random, 10) + ".example.com";
    case 1: return "198." + octet() + "." + octet() + "." + octet();
    case 2: return "http://" + hex(random, 8) + ".example.com/" + hex(random, 12);
    case 3: return hex(random, 32);
    default: return hex(random, 64);
  }
}
constexpr size_t kKinds = 5;
constexpr Observable kLooked[kKinds] = {Observable::name, Observable::address, Observable::url, Observable::hash,
                                        Observable::hash};

}  // namespace

int main(int argc, char** argv) {
  const size_t indicators = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const size_t lookups = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000;
  const std::string path =
      std::filesystem::temp_directory_path() / ("lapwing-intel-bench-" + std::to_string(getpid()) + ".txt");
  {
    std::mt19937_64 random(1);
    std::ofstream file(path);
    for (size_t i = 0; i < indicators; ++i) file << one(random, i % kKinds) << '\n';
  }
  const double before = resident_megabytes();
  const double start = cpu_seconds();
  const auto set = IndicatorSet::load({.feeds = {{.path = path}}, .seed = 7}, {});
  std::printf("load: %zu indicators, %.2f CPU s, table %.1f MB, resident %.1f MB more\n", set->table().size(),
              cpu_seconds() - start, static_cast<double>(set->table().bytes()) / 1e6, resident_megabytes() - before);
  std::filesystem::remove(path);

  // The fingerprint alone: of the forms that traffic has, and that no list names.
  std::mt19937_64 random(2);
  size_t hits = 0;
  std::vector<double> spent, whole;  // ns a look-up, by batch
  constexpr size_t kBatch = 100'000;
  std::vector<std::string> names(kBatch);
  std::vector<IpAddress> addresses(kBatch);
  for (size_t done = 0; done < lookups; done += kBatch) {
    for (std::string& name : names) name = hex(random, 9) + "x.example.net";
    for (IpAddress& address : addresses) {
      const uint32_t number = static_cast<uint32_t>(random()) | 0xf0;
      address = IpAddress::v4(reinterpret_cast<const uint8_t*>(&number));
    }
    const double from = cpu_seconds();
    for (size_t i = 0; i < kBatch; i += 2) {
      hits += set->table().find_domain(names[i]).slot != nullptr;
      hits += set->table().find_address(addresses[i]).slot != nullptr && addresses[i].bytes[0] != 198;
    }
    spent.push_back((cpu_seconds() - from) / kBatch * 1e9);
  }
  std::printf("table: %zu look-ups, %.0f ns each, %zu false hits\n", lookups, median(spent), hits);

  // With the canonical form made of what traffic shows.
  constexpr size_t kWhole = 1'000'000;
  for (size_t done = 0; done < kWhole; done += kBatch) {
    for (size_t i = 0; i < kBatch; ++i) names[i] = one(random, i % kKinds);
    const double from = cpu_seconds();
    for (size_t i = 0; i < kBatch; ++i) hits += look_up(set->table(), kLooked[i % kKinds], names[i]).has_value();
    whole.push_back((cpu_seconds() - from) / kBatch * 1e9);
  }
  std::printf("values: %zu look-ups, %.0f ns each\n", kWhole, median(whole));
  return 0;
}
