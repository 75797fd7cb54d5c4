// What became of tests, for people and for programs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sensor/verify/suite.h"

namespace lapwing::verify {

/// A line for a test, and below it what failed.
std::string to_text(const CaseResult& result, bool verbose);
std::string to_text(const Totals& totals);

/// JUnit's XML as continuous integration reads it: a suite a test, a case an expectation.
std::string to_junit(std::span<const CaseResult> results);
/// {"totals": {...}, "tests": [CaseResult...]}
std::string to_json_report(std::span<const CaseResult> results);

/// A technique of a detector that no passed test shows.
struct Gap {
  std::string technique, detector;
};
std::vector<Gap> gaps_of(std::span<const Claim> claims, std::span<const CaseResult> results);
/// A layer of the ATT&CK Navigator: a score of 100 for what was shown on recorded traffic, 70 on traffic made for it,
/// 40 for what is claimed alone, 0 for what a test missed.
std::string to_layer(std::span<const Claim> claims, std::span<const CaseResult> results);

/// Writes numbers of records that were found in the place of those that were expected, where a test says an exact one
/// and more than none was found. Returns how many.
size_t update_counts(std::span<const CaseResult> results, std::span<const TestCase> tests);

}  // namespace lapwing::verify
