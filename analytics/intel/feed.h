// Feed: the rows of a list of indicators, whatever the format it comes in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/intel/indicator.h"

namespace lapwing::analytics {

/// What `lapwing intel check` calls them.
enum class FeedFormat : uint8_t { plain, csv, zeek, json };
std::string_view name(FeedFormat format);

/// What one row names.
struct FeedIndicator {
  IndicatorType type = IndicatorType::domain;
  std::string canonical;
  std::string text;     // as the feed has it
  std::string tags;     // what the feed says of it
  uint16_t expiry = 0;  // day since 1970, or 0
  int confidence = -1;  // 0 to 100, or -1: not said
};

/// A row, or what is wrong with it.
struct FeedRow {
  std::string_view text;  // of the file, without its end of line
  uint64_t line = 0;      // from 1
  bool skipped = false;   // rightly: the rest of `why` says for what reason
  std::string why;        // empty: it is good
  std::vector<FeedIndicator> indicators;
};

/// Reads lines of a feed one after the other. Told of what stood before, each is read by itself: what one row says can
/// be read again by where it stands.
class FeedReader {
 public:
  static constexpr size_t kMostRow = 4096;  // bytes

  /// Format and columns by how the text begins. JSON is no matter of lines: see lines_of_json().
  explicit FeedReader(std::string_view text);

  FeedFormat format() const { return format_; }
  /// False: the line says nothing, as comments do.
  bool read(std::string_view line, FeedRow& row) const;

 private:
  struct Column {
    enum class Means : uint8_t { nothing, value, type, tags, confidence, expiry } means = Means::nothing;
    IndicatorType type = IndicatorType::domain;  // of value, where `typed`
    bool typed = false;
  };
  bool take_header(std::string_view line);
  void read_fields(const std::vector<std::string>& fields, FeedRow& row) const;
  void read_plain(std::string_view line, FeedRow& row) const;

  FeedFormat format_ = FeedFormat::plain;
  char separator_ = ',';
  std::string header_;
  std::vector<Column> columns_;
};

/// What JSON brings, as lines of Zeek's form with their header: MISP events ("Event", or several in a list), STIX 2.1
/// bundles and AbuseIPDB's answers. Throws std::runtime_error for what is none of these. `skipped` counts what stood
/// there and is no indicator one can look up: patterns of STIX with more than equality, types of MISP not known here.
std::string lines_of_json(std::string_view text, uint64_t& skipped);

}  // namespace lapwing::analytics
