// A suite: tests found, run side by side, and told of.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/verify/examine.h"

namespace lapwing::verify {

/// What a detector says that it finds.
struct Claim {
  std::string_view name;
  std::vector<std::string_view> techniques;  // ATT&CK ids
};

struct SuiteOptions {
  std::vector<std::string> paths;
  std::string filter;           // in the name, the file or a technique
  std::vector<size_t> workers;  // empty: 1 and 2 for tests of our own, 1 for those of suricata-verify
  bool variants = true;
  size_t jobs = 1;
  double limit = 600;                  // seconds for one test
  std::string junit, json, navigator;  // files to write; empty: none
  bool live = false;                   // traffic of steps is made and recorded before it is judged
  bool gaps = false, update = false, verbose = false;
  std::vector<Claim> claims;
  std::function<void()> confine;  // as in Examination
};

/// Totals of results.
struct Totals {
  size_t passed = 0, failed = 0, skipped = 0, faults = 0, rows = 0, held = 0;
};
Totals totals_of(std::span<const CaseResult> results);

/// 0: all pass; 1: an expectation failed; 2: a test is at fault. Throws std::runtime_error where a file cannot be
/// written.
int run_suite(const SuiteOptions& options);

}  // namespace lapwing::verify
