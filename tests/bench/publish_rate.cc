// Records at a steady rate through the publisher to subscribers in processes of their own, over tcp:
//   publish_rate [--rate RECORDS_PER_SECOND] [--seconds N] [--subscribers N] [--curve]
// Status 3 when a subscriber saw a gap or less than what was sent.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "export/outputs/publisher.h"
#include "export/outputs/zmq/subscriber.h"
#include "export/outputs/zmq/zmq_exporter.h"

namespace lapwing {
namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  uint64_t rate = 200000, seconds = 20, subscribers = 3;
  bool curve = false;
  std::string folder, endpoint;
};
struct Result {
  uint64_t records = 0, lost = 0;
  double cpu = 0;
};

constexpr std::string_view kTopics[] = {"flow", "start", "end"};
constexpr RecordType kFlow = 0, kStart = 1, kEnd = 2;
constexpr size_t kBurst = 64;           // records, as a worker hands them over
constexpr size_t kRecordBytes = 600;    // a flow record
constexpr int kMessageTimeout = 30000;  // milliseconds

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void subscribe(const Plan& plan, int ready, int result) {
  SubscriberOptions options{.endpoints = {plan.endpoint}};
  if (plan.curve) options.curve = {.secret_key = plan.folder + "/reader", .server_key = plan.folder + "/sensor.pub"};
  Subscriber subscriber(options);
  Result got;
  bool told = false, end = false;
  auto on_record = [&](std::string_view topic, std::string_view) {
    if (topic == "flow") ++got.records;
    end |= topic == "end";
    if (!told && topic == "start") told = write(ready, "r", 1) == 1;
  };
  while (!end && subscriber.receive(kMessageTimeout, on_record, [&](const Gap& gap) { got.lost += gap.missing(); })) {
  }
  got.cpu = cpu_seconds();
  if (write(result, &got, sizeof got) != sizeof got) _exit(1);
  _exit(0);
}

std::shared_ptr<const RecordBatch> batch(RecordType topic, size_t count, bool urgent = false) {
  auto out = std::make_shared<RecordBatch>();
  for (size_t i = 0; i < count; ++i) {
    std::string text = R"({"event_type":"flow","number":)" + std::to_string(i) + R"(,"filler":")";
    text.resize(kRecordBytes - 3, 'x');
    out->text += text + "\"}\n";
    out->entries.push_back({topic, out->text.size()});
  }
  out->urgent = urgent;
  return out;
}

std::vector<std::unique_ptr<Exporter>> make_output(const Plan& plan) {
  Setting node;
  auto put = [&](const char* key, const std::string& value) {
    Setting& member = node.make(key);
    member.kind = Setting::Kind::scalar;
    member.scalar = value;
  };
  put("endpoints", plan.endpoint);
  put("insecure", "yes");
  if (plan.curve) {
    put("curve.secret-key-file", plan.folder + "/sensor");
    put("curve.allowed-clients-file", plan.folder + "/reader.pub");
  }
  std::vector<std::unique_ptr<Exporter>> out;
  out.push_back(create_zmq_exporter(node, {.topics = kTopics, .sensor = "bench", .epoch = 1}));
  return out;
}

int run(const Plan& plan) {
  std::array<int, 2> ready{}, results{};
  if (pipe(ready.data()) != 0 || pipe(results.data()) != 0) return 1;
  for (uint64_t i = 0; i < plan.subscribers; ++i) {
    if (fork() == 0) subscribe(plan, ready[1], results[1]);
  }
  uint64_t sent = 0, late = 0;
  double cpu = 0, seconds = 0;
  {
    Publisher publisher(make_output(plan), 1, false);
    std::atomic<bool> all_there = false;
    std::thread waiter([&] {
      char byte = 0;
      for (uint64_t i = 0; i < plan.subscribers && read(ready[0], &byte, 1) == 1; ++i) {
      }
      all_there = true;
    });
    auto start = batch(kStart, 1, true);
    while (!all_there) {
      publisher.push(0, start);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    waiter.join();
    auto burst = batch(kFlow, kBurst);
    const double before = cpu_seconds();
    const auto begin = Clock::now();
    const uint64_t bursts = plan.rate * plan.seconds / kBurst;
    for (uint64_t i = 0; i < bursts; ++i) {
      const auto due = begin + std::chrono::nanoseconds(i * kBurst * 1000000000 / plan.rate);
      if (Clock::now() < due) {
        std::this_thread::sleep_until(due);
      } else if (Clock::now() > due + std::chrono::seconds(1)) {
        ++late;
      }
      publisher.push(0, burst);
      sent += kBurst;
    }
    publisher.drain();
    seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    cpu = cpu_seconds() - before;
    publisher.push(0, batch(kEnd, 1, true));
    sent -= publisher.counters().queue_full_drops;
    std::printf(
        "sent %llu records of %zu bytes in %.1f s: %.0f a second; dropped before export %llu, bursts over 1 s late "
        "%llu\n",
        static_cast<unsigned long long>(sent), kRecordBytes, seconds, static_cast<double>(sent) / seconds,
        static_cast<unsigned long long>(publisher.counters().queue_full_drops), static_cast<unsigned long long>(late));
    std::printf("publisher: %.2f us of CPU a record\n", cpu * 1e6 / static_cast<double>(sent));
  }
  bool complete = true;
  for (uint64_t i = 0; i < plan.subscribers; ++i) {
    Result got;
    if (read(results[0], &got, sizeof got) != sizeof got) return 1;
    std::printf("subscriber: %llu records, %llu lost, %.2f us of CPU a record\n",
                static_cast<unsigned long long>(got.records), static_cast<unsigned long long>(got.lost),
                got.cpu * 1e6 / static_cast<double>(std::max<uint64_t>(got.records, 1)));
    complete &= got.lost == 0 && got.records == sent;
  }
  while (wait(nullptr) > 0) {
  }
  return complete ? 0 : 3;
}

}  // namespace
}  // namespace lapwing

int main(int argc, char** argv) {
  lapwing::Plan plan;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    uint64_t* number = word == "--rate"          ? &plan.rate
                       : word == "--seconds"     ? &plan.seconds
                       : word == "--subscribers" ? &plan.subscribers
                                                 : nullptr;
    if (word == "--curve") {
      plan.curve = true;
    } else if (number && i + 1 < argc) {
      *number = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "publish_rate [--rate N] [--seconds N] [--subscribers N] [--curve]\n");
      return 2;
    }
  }
  plan.folder = (std::filesystem::temp_directory_path() / ("publish-rate-" + std::to_string(getpid()))).string();
  plan.endpoint = "tcp://127.0.0.1:" + std::to_string(20000 + getpid() % 10000);
  std::filesystem::create_directory(plan.folder);
  for (const char* name : {"/sensor", "/reader"}) lapwing::write_new_keys(plan.folder + name);
  const int status = lapwing::run(plan);
  std::filesystem::remove_all(plan.folder);
  return status;
}
