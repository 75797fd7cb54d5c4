#include "signatures/compile/build_prefilters.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "signatures/compile/database_cache.h"

namespace lapwing::detect {
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

size_t build_prefilters(const std::vector<Prefilter*>& prefilters, const DetectConfig& config) {
  size_t patterns = 0;
  for (Prefilter* prefilter : prefilters) {
    prefilter->prepare();
    patterns += prefilter->patterns();
  }
  std::optional<DatabaseCache> cache;
  std::vector<Digest> digests;
  std::vector<Prefilter*> missing;
  if (config.caching && patterns >= kWorthCaching) {
    const auto folder =
        config.caching_path.empty() ? default_cache_folder() : std::filesystem::path(config.caching_path);
    for (const Prefilter* prefilter : prefilters) digests.push_back(prefilter->digest());
    std::vector<Digest> set = digests;
    std::sort(set.begin(), set.end());
    if (!folder.empty()) cache.emplace(folder, set);
  }
  if (cache && cache->read()) {
    for (size_t i = 0; i < prefilters.size(); i++) {
      if (!prefilters[i]->adopt(cache->find(digests[i]))) missing.push_back(prefilters[i]);
    }
  } else {
    missing = prefilters;
  }
  compile(missing);
  if (cache && !missing.empty()) {
    std::vector<DatabaseCache::Entry> entries;
    for (size_t i = 0; i < prefilters.size(); i++) entries.push_back({digests[i], prefilters[i]->serialise()});
    cache->write(entries);
  }
  return prefilters.size() - missing.size();
}

}  // namespace lapwing::detect
