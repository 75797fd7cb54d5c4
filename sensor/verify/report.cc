#include "sensor/verify/report.h"

#include <fmt/format.h>

#include "sensor/base/terminal.h"

namespace lapwing::verify {
namespace {

std::string_view word_of(Status status) {
  switch (status) {
    case Status::passed: return "PASS";
    case Status::failed: return "FAIL";
    case Status::skipped: return "SKIP";
    case Status::fault: return "FAULT";
  }
  return {};
}

/// Why a row failed, in a line.
std::string why(const Row& row) {
  std::string out = row.key.empty() ? "" : fmt::format("{}: expected {}, found {}", row.key, row.expected, row.value);
  if (!row.note.empty()) out += (out.empty() ? "" : "; ") + row.note;
  return out;
}

/// XML 1.0 has no place for most control characters, nor for what is no UTF-8.
std::string xml(std::string_view text) {
  std::string clean, out;
  append_for_terminal(clean, text);
  for (const char c : clean) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      default: out += c;
    }
  }
  return out;
}

struct Suite {
  size_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

std::string counts(const Suite& suite, double seconds) {
  return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.3f}")", suite.tests, suite.failures,
                     suite.errors, suite.skipped, seconds);
}

std::string junit_case(const CaseResult& result, const Row& row) {
  const std::string head = fmt::format(R"(    <testcase name="{}" classname="{}")", xml(row.title), xml(result.name));
  const std::string text = xml(why(row));
  const std::string place = fmt::format("{}:{}:{}", xml(result.file), row.line, row.column);
  switch (row.status) {
    case Status::passed: return head + "/>\n";
    case Status::skipped: return head + fmt::format("><skipped message=\"{}\"/></testcase>\n", text);
    case Status::fault: return head + fmt::format("><error message=\"{}\">{}</error></testcase>\n", text, place);
    case Status::failed: break;
  }
  return head + fmt::format("><failure message=\"{}\" type=\"expectation\">{}</failure></testcase>\n", text, place);
}

}  // namespace

Totals totals_of(std::span<const CaseResult> results) {
  Totals out;
  for (const CaseResult& result : results) {
    out.passed += result.status == Status::passed;
    out.failed += result.status == Status::failed;
    out.skipped += result.status == Status::skipped;
    out.faults += result.status == Status::fault;
    for (const Row& row : result.rows) {
      out.rows += row.status != Status::skipped;
      out.held += row.status == Status::passed;
    }
  }
  return out;
}

std::string to_text(const CaseResult& result, bool verbose) {
  std::string text = fmt::format("{:<5} {}", word_of(result.status), result.name);
  if (!result.note.empty()) text += ": " + result.note;
  text += "\n";
  for (const Row& row : result.rows) {
    const bool wrong = row.status == Status::failed || row.status == Status::fault;
    if (!wrong && !verbose) continue;
    const std::string place = row.line ? fmt::format("{}:{}:{}: ", result.file, row.line, row.column) : "";
    const std::string reason = why(row);
    text += fmt::format("  {}{}{}{}\n", wrong ? place : fmt::format("{:<5} ", word_of(row.status)), row.title,
                        reason.empty() ? "" : ": ", reason);
  }
  std::string out;
  append_for_terminal(out, text);
  return out;
}

std::string to_text(const Totals& totals) {
  std::string out = fmt::format("{} passed, {} failed, {} skipped", totals.passed, totals.failed, totals.skipped);
  if (totals.faults) out += fmt::format(", {} at fault", totals.faults);
  return out + fmt::format("; {} of {} expectations hold\n", totals.held, totals.rows);
}

std::string to_junit(std::span<const CaseResult> results) {
  Suite all;
  double seconds = 0;
  std::string suites;
  for (const CaseResult& result : results) {
    std::vector<Row> rows = result.rows;
    const bool whole = result.status == Status::skipped || result.status == Status::fault || rows.empty() ||
                       (result.status == Status::failed && totals_of(std::span(&result, 1)).held == rows.size());
    if (whole) rows.push_back({.title = "test", .status = result.status, .note = result.note});
    Suite suite;
    std::string cases;
    for (const Row& row : rows) {
      ++suite.tests;
      suite.failures += row.status == Status::failed;
      suite.errors += row.status == Status::fault;
      suite.skipped += row.status == Status::skipped;
      cases += junit_case(result, row);
    }
    suites += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", xml(result.name),
                          counts(suite, result.seconds), cases);
    all.tests += suite.tests;
    all.failures += suite.failures;
    all.errors += suite.errors;
    all.skipped += suite.skipped;
    seconds += result.seconds;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lapwing verify\" {}>\n{}</testsuites>\n",
      counts(all, seconds), suites);
}

std::string to_json_report(std::span<const CaseResult> results) {
  const Totals totals = totals_of(results);
  Json out = {{"totals",
               {{"passed", totals.passed},
                {"failed", totals.failed},
                {"skipped", totals.skipped},
                {"faults", totals.faults},
                {"expectations", totals.rows},
                {"held", totals.held}}},
              {"tests", std::vector<CaseResult>(results.begin(), results.end())}};
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lapwing::verify
