#include "signatures/compile/build_prefilters.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "signatures/program/database_cache.h"

namespace lapwing::rules {
namespace {

constexpr size_t kWorthCaching = 1000;  // patterns; fewer are compiled faster than a file is looked for

void compile(std::vector<Prefilter*> prefilters) {
  // The largest first, so that no core is left with one of them at the end.
  std::sort(prefilters.begin(), prefilters.end(),
            [](const Prefilter* a, const Prefilter* b) { return a->patterns() > b->patterns(); });
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  auto work = [&] {
    try {
      for (size_t i = next++; i < prefilters.size(); i = next++) prefilters[i]->compile();
    } catch (...) {
      std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  const size_t cores = std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), prefilters.size());
  {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < cores; i++) others.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

DatabaseCounts build_prefilters(const std::vector<Prefilter*>& prefilters, const RuleConfig& config) {
  size_t patterns = 0;
  std::map<Digest, std::vector<Prefilter*>> by_digest;  // those of one digest share a database
  for (Prefilter* prefilter : prefilters) {
    prefilter->prepare();
    patterns += prefilter->patterns();
    by_digest[prefilter->digest()].push_back(prefilter);
  }
  std::optional<DatabaseCache> cache;
  if (config.caching && patterns >= kWorthCaching) {
    const auto folder =
        config.caching_path.empty() ? default_cache_folder() : std::filesystem::path(config.caching_path);
    std::vector<Digest> set;
    for (const auto& [digest, sharing] : by_digest) set.push_back(digest);
    if (!folder.empty()) cache.emplace(folder, set);
  }
  const bool known = cache && cache->read();
  std::vector<Prefilter*> missing;
  for (const auto& [digest, sharing] : by_digest) {
    if (!known || !sharing.front()->adopt(cache->find(digest))) missing.push_back(sharing.front());
  }
  compile(missing);
  if (cache && !missing.empty()) {
    std::vector<DatabaseCache::Entry> entries;
    for (const auto& [digest, sharing] : by_digest) entries.push_back({digest, sharing.front()->serialise()});
    cache->write(entries);
  }
  for (const auto& [digest, sharing] : by_digest) {
    for (Prefilter* prefilter : std::span(sharing).subspan(1)) prefilter->share(*sharing.front());
  }
  return {by_digest.size(), by_digest.size() - missing.size()};
}

}  // namespace lapwing::rules
