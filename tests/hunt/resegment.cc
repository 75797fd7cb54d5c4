#include "tests/hunt/resegment.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <thread>

#include "sensor/base/hash.h"
#include "sensor/verify/recut.h"
#include "tests/hunt/captures.h"
#include "tests/hunt/child.h"
#include "tests/hunt/examine.h"

namespace lapwing::hunt {
namespace {

namespace fs = std::filesystem;

class Run {
 public:
  Run(const Sensor& sensor, const Resegmenting& work) : sensor_(sensor), work_(work) {
    for (const std::string& path : work.captures) {
      const auto below = captures_below(path);
      captures_.insert(captures_.end(), below.begin(), below.end());
    }
    fs::create_directories(work.findings);
  }

  int look() {
    const size_t count = captures_.size() * work_.rounds;
    std::vector<std::unique_ptr<Child>> children(work_.jobs);
    std::vector<uint64_t> next(work_.jobs);
    std::set<std::string> seen;
    auto start = [&](size_t i) {
      const std::string log = work_.findings + "/.child" + std::to_string(i);
      children[i] = std::make_unique<Child>(log, work_.limit, [&, i](Child::Line& line) {
        for (uint64_t n = next[i]; n < count; n += work_.jobs) {
          line.begin(n);
          look_at(n, line);
        }
      });
    };
    for (size_t i = 0; i < work_.jobs; ++i) {
      next[i] = i;
      if (i < count) start(i);
    }
    for (bool alive = count > 0; alive;) {
      alive = false;
      for (size_t i = 0; i < work_.jobs; ++i) {
        if (!children[i]) continue;
        std::vector<Child::News> news;
        const bool running = children[i]->look(news, seen);
        for (const Child::News& one : news) tell(one);
        alive = true;
        if (running) continue;
        const bool died = !news.empty() && news.back().number == children[i]->number();
        next[i] = children[i]->cases() ? children[i]->number() + work_.jobs : next[i];
        children[i].reset();
        if (died && next[i] < count) start(i);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto told = [&](std::string_view what) {
      return std::ranges::count_if(seen, [&](const std::string& name) { return name.starts_with(what); });
    };
    std::cout << "resegment: seed " << work_.seed << ", " << captures_.size() << " captures, " << work_.rounds
              << " times: " << told("changed ") << " looks at captures cut anew, " << told("bounded ")
              << " where caps and budgets had their say, " << findings_ << " differ\n";
    return findings_ > 0 || told("changed ") == 0;
  }

 private:
  const std::string& capture_of(uint64_t number) const { return captures_[number % captures_.size()]; }
  uint64_t round_of(uint64_t number) const { return work_.first + number / captures_.size(); }
  verify::Resegmented cut(uint64_t number) const {
    const std::string name = fs::path(capture_of(number)).filename();
    verify::Draws draws(work_.seed ^ keyed_hash(to_bytes(name), kReplaySeed), round_of(number));
    std::string fault;  // of a capture that breaks off, what comes before
    return verify::resegmented(read_capture(capture_of(number), &fault), draws);
  }

  void look_at(uint64_t number, Child::Line& line) const {
    std::string fault;
    const auto frames = read_capture(capture_of(number), &fault);
    const verify::Resegmented other = cut(number);
    const std::string name = std::to_string(number);
    if (other.changed > 0) line.seen("changed " + name);
    const Comparison found = compare(sensor_, frames, other.frames);
    if (found.bounded) line.seen("bounded " + name);
    if (found.finding) line.found(*found.finding);
  }

  void tell(const Child::News& news) {
    constexpr size_t kLines = 6, kWidth = 400;
    ++findings_;
    const std::string& capture = capture_of(news.number);
    const std::string path = work_.findings + "/" + fs::path(capture).stem().string() + "-" +
                             std::to_string(work_.seed) + "-" + std::to_string(round_of(news.number));
    write_capture(path + ".pcap", cut(news.number).frames);
    std::ofstream(path + ".txt") << capture << "\n" << headline(news.finding) << "\n\n" << news.finding.text;
    std::cout << "DIFFERS " << capture << ": " << headline(news.finding) << "\n";
    size_t lines = 0;
    for (size_t at = 0; at < news.finding.text.size() && lines < kLines; ++lines) {
      const size_t end = std::min(news.finding.text.find('\n', at), news.finding.text.size());
      std::cout << "    " << news.finding.text.substr(at, std::min(end - at, kWidth)) << "\n";
      at = end + 1;
    }
    std::cout << "  " << path << ".pcap; again: scripts/dev resegment --seed " << work_.seed << " --round "
              << round_of(news.number) << " " << capture << std::endl;
  }

  const Sensor& sensor_;
  const Resegmenting& work_;
  std::vector<std::string> captures_;
  size_t findings_ = 0;
};

}  // namespace

int resegment(const Sensor& sensor, const Resegmenting& work) {
  return Run(sensor, work).look();
}

}  // namespace lapwing::hunt
