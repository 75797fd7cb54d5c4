// HTTP dialogues for tests: who says what, in order, and what must come of it however it is cut.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/dissectors/dialogue.h"

namespace lapwing::test {

struct Line {
  Direction from;
  std::string text;
};
inline Line client(std::string text) {
  return {Direction::to_server, std::move(text)};
}
inline Line server(std::string text) {
  return {Direction::to_client, std::move(text)};
}

/// What one flow made known, in comparable form.
struct HttpOutcome {
  std::vector<std::string> records, alerts, anomalies, fields;
  std::vector<bool> reversed;
  bool failed = false;

  std::vector<std::string> values(std::string_view name) const;
  /// Records that begin as `start` says, as they stand.
  std::vector<std::string> of(std::string_view object) const;
};

/// Plays the dialogue in pieces of `piece` bytes (0: each line as one) to its end.
HttpOutcome play(const std::vector<Line>& lines, size_t piece = 0, const Settings& settings = {});

/// Plays it whole, byte by byte and in other pieces; expects the same of all, and returns it.
HttpOutcome play_all_ways(const std::vector<Line>& lines, const Settings& settings = {});

/// "Content-Length" response with `body`.
std::string response(std::string_view body, std::string_view headers = "", std::string_view status = "200 OK");
std::string gzip(std::string_view text);
std::string brotli(std::string_view text);
std::string zlib(std::string_view text, bool raw);
std::string chunked(std::string_view text, size_t size);

}  // namespace lapwing::test
