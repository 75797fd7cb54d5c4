// A test examined: the capture through the sensor, its records against what is expected, and all of it once more with
// other workers, segments, times and addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sensor/verify/test_case.h"

namespace lapwing::verify {

enum class Status : uint8_t { passed, failed, skipped, fault };
NLOHMANN_JSON_SERIALIZE_ENUM(Status, {{Status::passed, "passed"},
                                      {Status::failed, "failed"},
                                      {Status::skipped, "skipped"},
                                      {Status::fault, "fault"}})

/// What became of one thing that was looked at.
struct Row {
  std::string title;
  Status status = Status::passed;
  uint32_t line = 0, column = 0;     // of the expectation in the test's file; 0: the test as a whole
  std::string key, expected, value;  // of what failed, as in Verdict
  std::string note;                  // why it was left out, or what else there is to say
  uint64_t found = 0;                // records
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Row, title, status, line, column, key, expected, value, note, found)

/// What became of a test. `fault`: it is the test that is wrong, or the sensor ended.
struct CaseResult {
  std::string name, file;
  uint32_t line = 0;
  Status status = Status::passed;
  std::string note;
  std::vector<std::string> attack, behaviours;  // techniques; names of findings that are expected
  bool generated = false;
  double seconds = 0;
  std::vector<Row> rows;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CaseResult, name, file, line, status, note, attack, behaviours, generated, seconds,
                                   rows)

struct Examination {
  std::vector<size_t> workers = {1};  // the first count judges; the others must give the same records
  bool variants = false;              // with other segments, times and addresses too
  std::function<void()> confine;      // what the process gives up before it looks at the capture
};

/// What is known of a test before it runs.
CaseResult begun(const TestCase& test);
/// Runs and judges it in the test's folder, which becomes the process's own. Throws nothing.
CaseResult examine(const TestCase& test, const Examination& how);

}  // namespace lapwing::verify
