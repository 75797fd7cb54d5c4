// IndicatorSet: the indicators of all feeds, as one can look them up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/surroundings.h"
#include "analytics/intel/feed.h"
#include "analytics/intel/indicator_table.h"
#include "sensor/base/descriptor.h"
#include "sensor/base/setting.h"

namespace lapwing::analytics {

/// A list, or a folder for the files in it.
struct Feed {
  static constexpr uint8_t kSeverity = 60;

  std::string path;
  std::string name = {};         // for people; empty: that of the file
  uint64_t min_confidence = 0;   // of rows that state one
  uint8_t severity = kSeverity;  // of findings, 0 to 100
  SourceMark mark = {};          // of the configuration
};

/// What is read, and what of it is refused.
struct FeedOptions {
  std::vector<Feed> feeds;
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
  std::string feed;                // its name, or empty
  int confidence = -1;             // 0 to 100, or -1: not said
  uint8_t severity = Feed::kSeverity;
};

/// A feed that cannot be read. what() begins with the file.
class FeedError : public std::runtime_error {
 public:
  FeedError(size_t number, const std::string& what) : std::runtime_error(what), feed(number) {}
  const size_t feed;  // its place in FeedOptions::feeds
};

/// [S]
class IndicatorSet {
 public:
  /// Told of every row that says something, good or not; `line` counts from 1, and for JSON the indicators.
  using Watch = std::function<void(const std::string& file, FeedFormat format, const FeedRow& row)>;

  /// Throws FeedError when a file cannot be read or is none of the formats.
  static std::shared_ptr<const IndicatorSet> load(const FeedOptions& options, const Watch& watch);

  const IndicatorTable& table() const { return table_; }
  const FeedCounts& counts() const { return counts_; }
  /// Reads the indicator from its file. Nothing: what stands there is another one, and the hit was none. A file that
  /// was altered since it was loaded can no longer say so; its name is told alone.
  std::optional<IndicatorText> text(const IndicatorSlot& slot, std::string_view canonical) const;

 private:
  struct Source {
    std::string path;
    std::string name;  // of the feed
    uint8_t severity = 0;
    uint64_t base = 0, size = 0;  // of its places
    int64_t changed = 0;          // ns
    FeedReader reader;
    std::string lines;  // of JSON
    std::unique_ptr<Descriptor> file;
  };

  explicit IndicatorSet(uint64_t seed) : table_(seed) {}
  void read(const std::string& path, const Feed& feed, const FeedOptions& options, const Watch& watch);
  void read_lines(Source& source, std::string_view text, const Feed& feed, const FeedOptions& options,
                  const Watch& watch);

  IndicatorTable table_;
  std::vector<Source> sources_;
  FeedCounts counts_;
};

/// Why no feed may name it, or nothing.
std::string refusal(const FeedIndicator& indicator, const FeedOptions& options);

}  // namespace lapwing::analytics
