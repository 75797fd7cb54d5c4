#include "sensor/cli/signals.h"

#include <atomic>
#include <csignal>

namespace lapwing {
namespace {

constexpr int kSurvived[] = {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2};

std::atomic<Pipeline*> running_pipeline = nullptr;
std::atomic<bool> reopen_wanted = false, reload_wanted = false;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<Pipeline*>::is_always_lock_free);

void on_stop(int number) {
  std::signal(number, SIG_DFL);
  if (Pipeline* pipeline = running_pipeline.load()) pipeline->stop();
}

void on_note(int number) {
  reload_wanted = true;
  if (number == SIGHUP) reopen_wanted = true;
}

}  // namespace

StopOnSignal::StopOnSignal(Pipeline& pipeline) {
  running_pipeline = &pipeline;
  std::signal(SIGINT, on_stop);
  std::signal(SIGTERM, on_stop);
}

StopOnSignal::~StopOnSignal() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  running_pipeline = nullptr;
}

SurviveSignals::SurviveSignals() {
  for (int number : kSurvived) std::signal(number, SIG_IGN);
}

SurviveSignals::~SurviveSignals() {
  for (int number : kSurvived) std::signal(number, SIG_DFL);
}

NoteSignals::NoteSignals() {
  std::signal(SIGHUP, on_note);
  std::signal(SIGUSR2, on_note);
}

NoteSignals::~NoteSignals() {
  std::signal(SIGHUP, SIG_DFL);
}

NoteSignals::Noted NoteSignals::take() {
  // A signal between the two lines is taken whole the next time.
  const bool reopen = reopen_wanted.exchange(false);
  return {.reopen = reopen, .reload = reload_wanted.exchange(false) || reopen};
}

}  // namespace lapwing
