// What rhythm finds in generated calls, beside the score that RITA 5 publishes: the grid of beacons, and random
// clients.
//   rhythm [SEED [CLIENTS]]
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/analytics/shape/listen.h"
#include "tests/analytics/shape/rita.h"

int main(int argc, char** argv) {
  using namespace lapwing::analytics;
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const int clients = argc > 2 ? std::atoi(argv[2]) : 100;
  std::puts("what\tperiod_s\tbursts\tseries\tfound\tcheck_ins\trita_0.9\trita_0.7");
  for (bool both_ways : {false, true}) {
    for (double period : {10, 60, 300, 3600}) {
      for (bool bursts : {false, true}) {
        int series = 0, found = 0, sure = 0, likely = 0;
        std::vector<uint32_t> until;
        uint64_t seed = first * 1000;
        for (const BeaconPlan& plan : beacon_grid(both_ways)) {
          ++seed;
          if (plan.period != period || plan.bursts != bursts) continue;
          const Series calls = beacon(plan, 86'400, seed);
          const Heard heard = listen(calls);
          ++series;
          found += heard.found;
          if (heard.found) until.push_back(heard.check_ins);
          const double score = rita::score(calls);
          sure += score >= 0.9;
          likely += score >= 0.7;
        }
        std::ranges::sort(until);
        std::printf("%s\t%.0f\t%d\t%d\t%d\t%u\t%d\t%d\n", both_ways ? "beacon_both_ways" : "beacon", period, bursts,
                    series, found, until.empty() ? 0 : until[until.size() / 2], sure, likely);
      }
    }
  }
  const char* names[] = {"poisson", "human", "pages"};
  for (Habit habit : {Habit::poisson, Habit::human, Habit::pages}) {
    int found = 0, sure = 0, likely = 0;
    for (int i = 0; i < clients; ++i) {
      const uint64_t seed = first * 1'000'000 + static_cast<uint64_t>(i);
      const Series calls = random_client(habit, 400, seed);
      found += listen(calls).found;
      // As long as its calls last, or it would be judged by the empty hours behind them.
      const double score = rita::score(calls, calls.back().time + 1);
      sure += score >= 0.9;
      likely += score >= 0.7;
    }
    std::printf("%s\t\t\t%d\t%d\t\t%d\t%d\n", names[static_cast<int>(habit)], clients, found, sure, likely);
  }
}
