// IndicatorSet: the indicators of all feeds, as one can look them up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/surroundings.h"
#include "analytics/intel/feed.h"
#include "analytics/intel/indicator_table.h"
#include "sensor/base/descriptor.h"

namespace lapwing::analytics {

/// What is read, and what of it is refused.
struct FeedOptions {
  std::vector<std::string> paths;  // files, and folders for the files in them
  uint64_t min_confidence = 0;     // of rows that state one
  std::vector<std::string> allow;  // names and networks that no feed may name
  Networks own;
  uint64_t seed = 0;
};

/// Of one file, or of all.
struct FeedCounts {
  uint64_t rows = 0, indicators = 0, bad = 0, skipped = 0, refused = 0;
};

/// What the feed says of an indicator.
struct IndicatorText {
  std::string text, tags, source;  // source: the file
};

/// [S]
class IndicatorSet {
 public:
  /// Told of every row that says something, good or not; `line` counts from 1, and for JSON the indicators.
  using Watch = std::function<void(const std::string& file, FeedFormat format, const FeedRow& row)>;

  /// Throws std::runtime_error, naming the file, when one cannot be read or is none of the formats.
  static std::shared_ptr<const IndicatorSet> load(const FeedOptions& options, const Watch& watch);

  const IndicatorTable& table() const { return table_; }
  const FeedCounts& counts() const { return counts_; }
  /// Reads the indicator from its file. Nothing: what stands there is another one, and the hit was none. A file that
  /// was altered since it was loaded can no longer say so; its name is told alone.
  std::optional<IndicatorText> text(const IndicatorSlot& slot, std::string_view canonical) const;

 private:
  struct Source {
    std::string path;
    uint64_t base = 0, size = 0;  // of its places
    int64_t changed = 0;          // ns
    FeedReader reader;
    std::string lines;  // of JSON
    std::unique_ptr<Descriptor> file;
  };

  explicit IndicatorSet(uint64_t seed) : table_(seed) {}
  void read(const std::string& path, const FeedOptions& options, const Watch& watch);
  void read_lines(Source& source, std::string_view text, const FeedOptions& options, const Watch& watch);

  IndicatorTable table_;
  std::vector<Source> sources_;
  FeedCounts counts_;
};

/// Why no feed may name it, or nothing.
std::string refusal(const FeedIndicator& indicator, const FeedOptions& options);

}  // namespace lapwing::analytics
