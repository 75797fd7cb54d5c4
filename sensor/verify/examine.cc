#include "sensor/verify/examine.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "sensor/base/hash.h"
#include "sensor/verify/recut.h"
#include "sensor/verify/scaled.h"
#include "sensor/verify/trial.h"

namespace lapwing::verify {
namespace {

using Lines = std::vector<std::string>;

// What is looked at more than once is held in memory.
constexpr size_t kMostHeld = 256 << 20;  // bytes of frames

std::string told(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Row row_of(const Expectation& expectation, std::string title, const Verdict& verdict) {
  return {.title = std::move(title),
          .status = verdict.held ? Status::passed : Status::failed,
          .line = expectation.mark.line,
          .column = expectation.mark.column,
          .key = verdict.key,
          .expected = verdict.expected,
          .value = verdict.value,
          .found = verdict.found};
}

/// One way to look at the capture again, as a row, and what failed of it.
class Variant {
 public:
  Variant(std::string title, CaseResult& result) : title_(std::move(title)), result_(result) {}
  ~Variant() {
    if (rows_.empty()) rows_.push_back({.title = title_, .note = note_});
    std::ranges::move(rows_, std::back_inserter(result_.rows));
  }
  Variant(const Variant&) = delete;
  Variant& operator=(const Variant&) = delete;

  void skip(std::string why) { rows_ = {{.title = title_, .status = Status::skipped, .note = std::move(why)}}; }
  void note(std::string text) { note_ = std::move(text); }
  /// `held`: what of the test did, of the capture as it is.
  void judge(const TestCase& test, const std::vector<bool>& held, std::span<const Json> records, bool steady) {
    for (size_t i = 0; i < held.size(); ++i) {
      const Expectation& one = test.expectations[i];
      if (one.of_packets || !held[i]) continue;
      const Verdict verdict = verify::judge(one, records, steady);
      if (!verdict.held) rows_.push_back(row_of(one, title_ + ": " + one.title, verdict));
    }
  }
  /// Sorted lines.
  void compare(const Lines& before, const Lines& now) {
    if (before == now) return;
    Lines missing, more;
    std::ranges::set_difference(before, now, std::back_inserter(missing));
    std::ranges::set_difference(now, before, std::back_inserter(more));
    const std::string& first = missing.empty() ? more.front() : missing.front();
    const Json record = Json::parse(first);
    const std::string type = record.value("event_type", "");
    // Of the records of its type on the other side the most alike tells what differs.
    Json closest;
    for (const std::string& line : missing.empty() ? missing : more) {
      const Json other = Json::parse(line);
      if (other.value("event_type", "") != type) continue;
      Json patch = Json::diff(record, other);
      if (closest.is_null() || patch.size() < closest.size()) closest = std::move(patch);
    }
    Row row{.title = title_, .status = Status::failed, .key = type};
    if (closest.is_null()) {
      row.expected = missing.empty() ? "nothing" : first.substr(0, kShown);
      row.value = missing.empty() ? first.substr(0, kShown) : "nothing";
    } else {
      const std::string path = closest.front().value("path", "");
      row.key += " " + path;
      row.expected = record.value(Json::json_pointer(path), Json()).dump().substr(0, kShown);
      row.value = closest.front().value("value", Json()).dump().substr(0, kShown);
    }
    row.note = std::to_string(missing.size()) + " records are missing, " + std::to_string(more.size()) + " are new";
    rows_.push_back(std::move(row));
  }

 private:
  static constexpr size_t kShown = 300;  // bytes of a record
  const std::string title_;
  CaseResult& result_;
  std::string note_;
  std::vector<Row> rows_;
};

Lines sorted(Lines lines) {
  std::ranges::sort(lines);
  return lines;
}

/// What does not tell of the sensor itself.
Lines of_traffic(std::span<const Json> records) {
  Lines out;
  for (const Json& record : records) {
    if (!of_sensor(record)) out.push_back(record.dump());
  }
  return sorted(std::move(out));
}

Lines applications(std::span<const Json> records) {
  Lines out;
  for (const Json& record : records) {
    if (record.value("event_type", "") == "alert") continue;  // those that matter are expected
    if (const auto kept = of_applications(record)) out.push_back(kept->dump());
  }
  return sorted(std::move(out));
}

class Examiner {
 public:
  Examiner(const TestCase& test, const Examination& how, CaseResult& result)
      : test_(test), how_(how), result_(result) {}

  void run() {
    const bool reads = how_.variants || test_.capture.merged || !test_.learn.empty();
    if (reads) reel_ = read_reel(test_);
    const Outcome first = shown(how_.workers.front());
    bounded_ = bounds_hit(first.counters);
    records_ = judged_records(first.records, reel());
    std::vector<CaptureError> errors = reel_.errors;
    errors.insert(errors.end(), first.errors.begin(), first.errors.end());
    if (!errors.empty()) result_.note = to_string(errors.front());
    for (const Expectation& one : test_.expectations) {
      const Verdict verdict = judge(one, records_);
      held_.push_back(verdict.held);
      result_.rows.push_back(row_of(one, one.title, verdict));
    }
    for (const Omitted& one : test_.omitted) {
      result_.rows.push_back({.title = one.title, .status = Status::skipped, .note = one.why});
    }
    for (size_t i = 1; i < how_.workers.size(); ++i) with_workers(how_.workers[i]);
    if (!how_.variants) return;
    if (test_.recut) recut();
    if (test_.scale) scale();
  }

 private:
  const Reel* reel() const { return reel_.frames.empty() ? nullptr : &reel_; }

  /// The capture as it is. Where it is one of files alone they are read as a replay reads them.
  Outcome shown(size_t workers) const {
    const bool made = test_.capture.merged || !test_.learn.empty();
    return run_test(test_, made ? replay_frames(reel_.frames, workers) : open_captures(test_.capture.files, workers));
  }

  void with_workers(size_t workers) {
    Variant variant(std::to_string(workers) + " workers", result_);
    const Outcome other = shown(workers);
    if (const auto hit = bounds_hit(other.counters); !hit.empty() || !bounded_.empty()) {
      return variant.skip("bounded: " + told(hit.empty() ? bounded_ : hit));
    }
    variant.compare(of_traffic(records_), of_traffic(judged_records(other.records, reel())));
  }

  bool too_large(Variant& variant) const {
    size_t bytes = 0;
    for (const HeldFrame& frame : reel_.frames) bytes += frame.bytes.size();
    if (bytes > kMostHeld) variant.skip("the capture is larger than 256 MiB");
    return bytes > kMostHeld;
  }

  void recut() {
    Variant variant("other segments", result_);
    if (too_large(variant)) return;
    const std::string name = std::filesystem::path(test_.capture.files.front()).filename();
    Draws draws(keyed_hash(to_bytes(name), kReplaySeed));
    // Numbers of frames change; what was learned is told by times and flows.
    Reel other{.learned = 0, .begin = reel_.begin, .errors = {}};
    const std::span all(reel_.frames);
    Resegmented learned = resegmented(all.first(reel_.learned), draws);
    Resegmented judged = resegmented(all.subspan(reel_.learned), draws);
    if (judged.changed == 0) return variant.skip("no connection that could be cut otherwise");
    other.learned = learned.frames.size();
    other.frames = std::move(learned.frames);
    std::ranges::move(judged.frames, std::back_inserter(other.frames));
    for (size_t i = 0; i < other.frames.size(); ++i) other.frames[i].number = i + 1;
    const Outcome outcome = run_test(test_, replay_frames(other.frames, how_.workers.front()));
    const auto records = judged_records(outcome.records, &other);
    if (const auto hit = bounds_hit(outcome.counters); !hit.empty() || !bounded_.empty()) {
      variant.note("bounded: " + told(hit.empty() ? bounded_ : hit));
    } else {
      variant.compare(applications(records_), applications(records));
    }
    variant.judge(test_, held_, records, false);
  }

  void scale() {
    Variant variant("other times and addresses", result_);
    if (too_large(variant)) return;
    Scaling scaling;
    Reel other{.frames = scaling.scale(reel_.frames), .learned = reel_.learned, .errors = {}};
    for (const HeldFrame& frame : std::span(other.frames).subspan(other.learned)) {
      if (other.begin.ns == 0 || frame.time < other.begin) other.begin = frame.time;
    }
    Outcome outcome = run_test(test_, replay_frames(other.frames, how_.workers.front()));
    for (std::string& record : outcome.records) record = scaling.restored(record);
    variant.judge(test_, held_, judged_records(outcome.records, &other), true);
  }

  const TestCase& test_;
  const Examination& how_;
  CaseResult& result_;
  Reel reel_;
  std::vector<std::string> bounded_;
  std::vector<Json> records_;
  std::vector<bool> held_;  // expectations, of the capture as it is
};

}  // namespace

CaseResult begun(const TestCase& test) {
  CaseResult out{.name = test.name,
                 .file = test.path,
                 .line = test.mark.line,
                 .status = test.skipped.empty() ? Status::passed : Status::skipped,
                 .note = test.skipped,
                 .attack = test.attack,
                 .generated = test.generated};
  for (const Expectation& one : test.expectations) {
    constexpr std::string_view kBehaviour = "behaviour ";
    if (!one.negative && one.title.starts_with(kBehaviour))
      out.behaviours.push_back(one.title.substr(kBehaviour.size()));
  }
  return out;
}

CaseResult examine(const TestCase& test, const Examination& how) {
  CaseResult out = begun(test);
  if (out.status == Status::skipped) return out;
  const auto start = std::chrono::steady_clock::now();
  try {
    std::filesystem::current_path(test.folder);
    if (how.confine) how.confine();
    Examiner(test, how, out).run();
    if (std::ranges::any_of(out.rows, [](const Row& row) { return row.status == Status::failed; })) {
      out.status = Status::failed;
    }
  } catch (const SettingError& error) {
    out.status = test.adopted ? Status::failed : Status::fault;
    out.note = error.what();
  } catch (const std::exception& error) {
    out.status = Status::failed;
    out.note = error.what();
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

}  // namespace lapwing::verify
