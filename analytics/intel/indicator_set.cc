#include "analytics/intel/indicator_set.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "sensor/base/domain.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kWidestV4 = 8, kWidestV6 = 32;  // bits: wider networks are mistakes
/// Resolvers that everybody asks: Cloudflare, Google, Quad9, OpenDNS.
constexpr std::string_view kResolvers[] = {"1.1.1.1",
                                           "1.0.0.1",
                                           "8.8.8.8",
                                           "8.8.4.4",
                                           "9.9.9.9",
                                           "149.112.112.112",
                                           "208.67.222.222",
                                           "208.67.220.220",
                                           "2606:4700:4700::1111",
                                           "2606:4700:4700::1001",
                                           "2001:4860:4860::8888",
                                           "2001:4860:4860::8844",
                                           "2620:fe::fe",
                                           "2620:fe::9"};

const std::vector<IpAddress>& resolvers() {
  static const std::vector<IpAddress> kAll = [] {
    std::vector<IpAddress> out;
    for (const std::string_view text : kResolvers) out.push_back(*IpAddress::parse(text));
    return out;
  }();
  return kAll;
}

bool holds(const Network& network, const IpAddress& address) {
  return address.version == network.first.version && Network::of(address, network.bits).first == network.first;
}

Network network_of(const FeedIndicator& indicator) {
  Network out;
  out.first.version = static_cast<uint8_t>(indicator.canonical[0]);
  out.bits = static_cast<uint8_t>(indicator.canonical[1]);
  std::copy_n(indicator.canonical.begin() + 2, out.first.bytes.size(), out.first.bytes.begin());
  return out;
}

std::string refuse_network(const Network& network, const FeedOptions& options) {
  const unsigned widest = network.first.version == 4 ? kWidestV4 : kWidestV6;
  if (network.bits < widest) return "a network of fewer than " + std::to_string(widest) + " bits";
  for (const IpAddress& resolver : resolvers()) {
    if (holds(network, resolver)) return "holds the public resolver " + to_string(resolver);
  }
  if (options.own.contain(network.first)) return "of the own networks (analytics.internal, HOME_NET)";
  for (const std::string& allowed : options.allow) {
    const auto other = Network::parse(allowed);
    if (other && (holds(*other, network.first) || holds(network, other->first))) return "allowed as " + allowed;
  }
  return {};
}

std::string refuse_name(std::string_view host, bool with_names_below, const FeedOptions& options) {
  if (with_names_below && registrable_domain(host).empty()) return "a public suffix, below which names are anybody's";
  for (const std::string& allowed : options.allow) {
    if (host == allowed || (host.ends_with(allowed) && host[host.size() - allowed.size() - 1] == '.'))
      return "allowed as " + allowed;
  }
  return {};
}

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what);
}

int64_t changed(const struct stat& status) {
  constexpr int64_t kSecond = 1'000'000'000;
  return status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
}

/// The files of a folder by name. Hidden ones are unfinished, and of MISP's feeds two list what the others hold.
std::vector<std::string> files_of(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename();
    if (entry.is_regular_file() && !name.starts_with('.') && name != "manifest.json" && name != "hashes.csv")
      out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

std::string refusal(const FeedIndicator& indicator, const FeedOptions& options) {
  switch (indicator.type) {
    case IndicatorType::network: return refuse_network(network_of(indicator), options);
    case IndicatorType::domain:
    case IndicatorType::domain_exact:
      return refuse_name(indicator.canonical, indicator.type == IndicatorType::domain, options);
    case IndicatorType::url:
      return refuse_name(std::string_view(indicator.canonical).substr(0, indicator.canonical.find_first_of(":/")),
                         false, options);
    default: return {};
  }
}

std::shared_ptr<const IndicatorSet> IndicatorSet::load(const FeedOptions& options, const Watch& watch) {
  std::shared_ptr<IndicatorSet> out(new IndicatorSet(options.seed));
  for (size_t i = 0; i < options.feeds.size(); ++i) {
    const Feed& feed = options.feeds[i];
    try {
      for (const std::string& file : files_of(feed.path)) out->read(file, feed, options, watch);
    } catch (const fs::filesystem_error& error) {
      throw FeedError(i, feed.path + ": " + error.code().message());
    } catch (const std::runtime_error& error) {
      throw FeedError(i, error.what());
    }
  }
  out->table_.build();
  return out;
}

void IndicatorSet::read(const std::string& path, const Feed& feed, const FeedOptions& options, const Watch& watch) {
  // Not blocked by a pipe of that name.
  auto file = std::make_unique<Descriptor>(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file->get() < 0) fail(path, std::system_category().message(errno));
  struct stat status {};
  if (fstat(file->get(), &status) != 0) fail(path, std::system_category().message(errno));
  if (!S_ISREG(status.st_mode)) fail(path, "no file");
  const uint64_t base = sources_.empty() ? 0 : sources_.back().base + sources_.back().size;
  // Places have 32 bits.
  if (static_cast<uint64_t>(status.st_size) + base > std::numeric_limits<uint32_t>::max())
    fail(path, "feeds of more than 4 GiB");
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = pread(file->get(), text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (got < 0) fail(path, std::system_category().message(errno));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  FeedReader reader(text);
  Source source{.path = path,
                .name = feed.name,
                .severity = feed.severity,
                .base = base,
                .size = size,
                .changed = changed(status),
                .reader = reader,
                .lines = {},
                .file = std::move(file)};
  if (reader.format() == FeedFormat::json) {
    try {
      source.lines = lines_of_json(text, counts_.skipped);
    } catch (const std::runtime_error& error) {
      fail(path, error.what());
    }
    text = {};
    if (source.lines.size() + base > std::numeric_limits<uint32_t>::max()) fail(path, "feeds of more than 4 GiB");
    source.size = source.lines.size();
    source.reader = FeedReader(source.lines);
    source.file.reset();
    sources_.push_back(std::move(source));
    read_lines(sources_.back(), sources_.back().lines, feed, options, watch);
    return;
  }
  sources_.push_back(std::move(source));
  read_lines(sources_.back(), text, feed, options, watch);
}

void IndicatorSet::read_lines(Source& source, std::string_view text, const Feed& feed, const FeedOptions& options,
                              const Watch& watch) {
  const FeedFormat format = source.file ? source.reader.format() : FeedFormat::json;
  FeedRow row;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const size_t start = at;
    at = end + 1;
    ++row.line;
    if (!source.reader.read(text.substr(start, end - start), row)) continue;
    ++counts_.rows;
    if (row.skipped) {
      ++counts_.skipped;
    } else if (!row.why.empty()) {
      ++counts_.bad;
    }
    for (const FeedIndicator& one : row.indicators) {
      if (one.confidence >= 0 && static_cast<uint64_t>(one.confidence) < feed.min_confidence) {
        row.skipped = true;
        row.why =
            "confidence " + std::to_string(one.confidence) + " is less than " + std::to_string(feed.min_confidence);
        ++counts_.skipped;
      } else if (std::string why = refusal(one, options); !why.empty()) {
        row.why = "'" + one.text + "' is refused: " + why;
        ++counts_.refused;
      } else {
        table_.add(one.type, one.canonical, static_cast<uint32_t>(source.base + start), one.expiry);
        ++counts_.indicators;
      }
    }
    if (watch) watch(source.path, format, row);
  }
}

std::optional<IndicatorText> IndicatorSet::text(const IndicatorSlot& slot, std::string_view canonical) const {
  const auto after = std::ranges::upper_bound(sources_, slot.place, {}, &Source::base);
  const Source& source = *std::prev(after);
  const uint64_t offset = slot.place - source.base;
  std::string bytes;
  if (source.file) {
    struct stat status {};
    const bool same = fstat(source.file->get(), &status) == 0 && changed(status) == source.changed &&
                      static_cast<uint64_t>(status.st_size) == source.size;
    if (!same) return IndicatorText{.source = source.path, .feed = source.name, .severity = source.severity};
    bytes.resize(FeedReader::kMostRow + 1);
    const ssize_t got = pread(source.file->get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }
  std::string_view line = source.file ? std::string_view(bytes) : std::string_view(source.lines).substr(offset);
  line = line.substr(0, line.find('\n'));
  FeedRow row;
  if (!source.reader.read(line, row)) return std::nullopt;
  for (FeedIndicator& one : row.indicators) {
    if (one.type == slot.type && one.canonical == canonical)
      return IndicatorText{.text = std::move(one.text),
                           .tags = std::move(one.tags),
                           .source = source.path,
                           .feed = source.name,
                           .confidence = one.confidence,
                           .severity = source.severity};
  }
  return std::nullopt;
}

}  // namespace lapwing::analytics
