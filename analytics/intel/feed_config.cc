#include "analytics/intel/feed_config.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "analytics/frame/rows.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr std::string_view kName = "intel", kFeeds = "analytics.intel.feeds", kNever = "analytics.intel.never";

uint64_t percent(const Setting& node) {
  const uint64_t out = node.as_integer();
  if (out > 100) node.fail("'" + node.scalar + "' is more than 100");
  return out;
}

std::vector<Feed> feeds_of(const OptionSource& source) {
  std::vector<Feed> out;
  for_each_row(source, kFeeds, {"path", "name", "severity", "min-confidence"}, [&](const Setting& row) {
    const Setting& path = required(row, "path");
    Feed& feed = out.emplace_back(Feed{.path = path.as_text(), .mark = path.mark});
    if (feed.path.empty()) path.fail("a file or folder is needed");
    if (const Setting* node = row.find("name")) feed.name = node->as_text();
    if (const Setting* node = row.find("severity")) feed.severity = static_cast<uint8_t>(percent(*node));
    if (const Setting* node = row.find("min-confidence")) feed.min_confidence = percent(*node);
  });
  return out;
}

/// In the form in which refusal() compares it, or empty.
std::string allowed(std::string_view text) {
  if (Network::parse(text)) return std::string(text);
  return canonical(IndicatorType::domain, text).value_or("");
}

void add_never(const OptionSource& source, std::vector<std::string>& out) {
  for (const Setting* list : source.find(kNever)) {
    list->use_all();
    if (list->kind == Setting::Kind::null || (list->kind == Setting::Kind::scalar && list->scalar == "[]")) continue;
    if (list->kind != Setting::Kind::list) list->fail("a list of names and networks is needed");
    for (const auto& node : list->children) {
      out.push_back(allowed(node->as_text()));
      if (out.back().empty()) {
        node->fail("'" + node->scalar + "' is no name or network; write example.com, 198.51.100.7 or 10.0.0.0/8");
      }
    }
  }
}

void add_allowed(const OptionSource& source, std::vector<std::string>& out) {
  for_each_row(source, "analytics.allow", {"detector", "subject", "peer", "port", "until", "reason"},
               [&](const Setting& row) {
                 const Setting *peer = row.find("peer"), *detector = row.find("detector");
                 const bool narrow = row.find("subject") || row.find("port") || row.find("until");
                 if (!peer || narrow || (detector && detector->as_text() != kName)) return;
                 if (std::string text = allowed(peer->as_text()); !text.empty()) out.push_back(std::move(text));
               });
}

/// What HOME_NET says by addresses; what it names by other variables is no network here, nor is "any".
void add_home(const OptionSource& source, Networks& own) {
  const auto add = [&](const std::string& text) {
    std::string rest = text;
    std::ranges::replace_if(
        rest, [](char c) { return c == '[' || c == ']'; }, ',');
    for (const std::string_view part : split(rest, ',')) own.add(trim(part));
  };
  for (const Setting* home : source.find("vars.address-groups.HOME_NET")) {
    if (home->kind == Setting::Kind::scalar) add(home->as_text());
    if (home->kind != Setting::Kind::list) continue;
    for (const auto& child : home->children) {
      if (child->kind == Setting::Kind::scalar) add(child->as_text());
    }
  }
}

}  // namespace

FeedOptions read_feeds(const OptionSource& source) {
  const auto frame = read_options(source, frame_options());
  FeedOptions out{.feeds = feeds_of(source)};
  add_never(source, out.allow);
  add_allowed(source, out.allow);
  for (const std::string& text : frame.internal) out.own.add(text);
  add_home(source, out.own);
  if (!frame.enabled || std::ranges::find(frame.off, kName) != frame.off.end()) out.feeds.clear();
  return out;
}

std::vector<OptionInfo> describe_feeds() {
  return {{std::string(kFeeds), "list", "[]",
           "rows {path, name, severity, min-confidence}: lists of indicators, files or folders, that traffic is held "
           "against (docs/intel.md); `severity` of findings is 60 unless it is given",
           ""},
          {std::string(kNever), "list", "[]", "names, with all below them, and networks that no list may name", ""}};
}

}  // namespace lapwing::analytics
