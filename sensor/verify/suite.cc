#include "sensor/verify/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "sensor/base/terminal.h"
#include "sensor/verify/children.h"
#include "sensor/verify/report.h"

namespace lapwing::verify {
namespace {

bool is_meant(const TestCase& test, const std::string& filter) {
  const auto has = [&](const std::string& text) { return text.find(filter) != std::string::npos; };
  return has(test.name) || has(test.path) || std::ranges::any_of(test.attack, has);
}

void say(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void say_line(const std::string& text) {
  std::string line;
  append_for_terminal(line, text + "\n");
  say(line);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
}

CaseResult result_of(const TestCase& test, const Ending& ending) {
  CaseResult out = begun(test);
  try {
    if (ending.fault.empty()) return Json::parse(ending.said).get<CaseResult>();
    out.note = ending.fault;
  } catch (const Json::exception& error) {
    out.note = std::string("the sensor's word is no result: ") + error.what();
  }
  out.status = Status::failed;
  return out;
}

Examination how_to(const TestCase& test, const SuiteOptions& options) {
  Examination out{
      .workers = options.workers, .variants = options.variants && !test.adopted, .confine = options.confine};
  if (out.workers.empty()) out.workers = out.variants ? std::vector<size_t>{1, 2} : std::vector<size_t>{1};
  return out;
}

/// Of tests whose traffic is made by steps; those whose is not are told of in `faults` and left out.
std::vector<Recording> record_all(std::vector<TestCase>& tests, double limit, std::vector<std::string>& faults) {
  std::vector<Recording> out;
  std::erase_if(tests, [&](TestCase& test) {
    if (!test.staging) return false;
    try {
      say_line("LIVE  " + test.name);
      out.emplace_back(*test.staging, limit);
    } catch (const SettingError& error) {
      faults.push_back(error.what());
      return true;
    } catch (const std::exception& error) {
      faults.push_back(SettingError(test.staging->mark, error.what()).what());
      return true;
    }
    test.capture = {.files = {out.back().file()}};
    test.skipped.clear();
    return false;
  });
  return out;
}

constexpr int kGood = 0, kFailed = 1, kFault = 2;

int status_of(const Totals& totals, bool gaps, bool faults) {
  if (faults || totals.faults) return kFault;
  return totals.failed || gaps ? kFailed : kGood;
}

}  // namespace

int run_suite(const SuiteOptions& options) {
  std::vector<std::string> faults;
  std::vector<TestCase> tests = find_tests(options.paths, faults);
  std::erase_if(tests, [&](const TestCase& test) { return !is_meant(test, options.filter); });
  if (const std::string why = options.live ? lab_hindrance() : ""; !why.empty()) {
    say_line(why);
    return kFault;
  }
  const std::vector<Recording> recordings =
      options.live ? record_all(tests, options.limit, faults) : std::vector<Recording>{};
  std::vector<CaseResult> results;
  in_children(
      tests.size(), options.jobs, options.limit,
      [&](size_t i) {
        return Json(examine(tests[i], how_to(tests[i], options))).dump(-1, ' ', false, Json::error_handler_t::replace);
      },
      [&](size_t i, const Ending& ending) {
        results.push_back(result_of(tests[i], ending));
        say(to_text(results.back(), options.verbose));
      });
  for (const std::string& fault : faults) say_line("FAULT " + fault);
  if (options.update) {
    say(fmt::format("{} counts written anew\n", update_counts(results, tests)));
  }
  if (!options.junit.empty()) write_file(options.junit, to_junit(results));
  if (!options.json.empty()) write_file(options.json, to_json_report(results));
  if (!options.navigator.empty()) write_file(options.navigator, to_layer(options.claims, results));
  const std::vector<Gap> gaps = options.gaps ? gaps_of(options.claims, results) : std::vector<Gap>{};
  for (const Gap& gap : gaps)
    say(fmt::format("GAP   {} of {}: no test that passes shows it\n", gap.technique, gap.detector));
  Totals totals = totals_of(results);
  totals.faults += faults.size();
  say(to_text(totals));
  return status_of(totals, !gaps.empty(), !faults.empty());
}

}  // namespace lapwing::verify
