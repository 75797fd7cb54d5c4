#include "analytics/intel/intel.h"

#include <algorithm>

#include "analytics/intel/feed_config.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = Intel::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.intel.large", &C::large, "25 MiB", "bytes sent out to what is listed, from which on it is graver",
     Unit::bytes},
};

uint16_t day_of(Timestamp time) {
  constexpr int64_t kDay = 86'400;
  return static_cast<uint16_t>(std::clamp<int64_t>(time.seconds() / kDay, 1, UINT16_MAX));
}

/// Of a protocol whose name stands in front, or of parts that several carry.
bool shows(const Protocol& protocol, std::string_view path) {
  if (find(protocol.in_alert, path).found()) return true;
  return std::ranges::any_of(protocol.records, [&](const RecordRow& record) {
    return std::ranges::any_of(record.shapes, [&](const lapwing::Table& shape) { return find(shape, path).found(); });
  });
}

}  // namespace

std::span<const OptionRow<C>> Intel::options() {
  return kOptions;
}

std::vector<OptionInfo> Intel::described() {
  return describe_feeds();
}

Intel::Config Intel::read(const OptionSource& source) {
  Config out = read_options(source, options());
  const FeedOptions feeds = read_feeds(source);
  if (feeds.feeds.empty()) return out;
  try {
    out.feeds = std::make_shared<IndicatorFeeds>(feeds);
  } catch (const FeedError& error) {
    throw SettingError(feeds.feeds[error.feed].mark, std::string("analytics.intel.feeds: ") + error.what());
  }
  return out;
}

Reread Intel::reread(const Config& config, const OptionSource& source) {
  if (!config.feeds) return {};
  try {
    return {.adopt = [feeds = config.feeds, next = IndicatorFeeds::load(read_feeds(source))]() mutable {
      feeds->adopt(std::move(next));
    }};
  } catch (const FeedError& error) {
    config.feeds->refused();
    return {.faults = {std::string(error.what()) + "; the indicators stay as they were"}};
  }
}

void Intel::Seen::merge(const Seen& other) {
  deeds |= other.deeds;
  count += other.count;
  queries += other.queries;
  connections += other.connections;
  tries += other.tries;
  out += other.out;
  in += other.in;
  objects.merge(other.objects);
  others.merge(other.others);
  keep_first(first, flow, other.first, other.flow);
  last = std::max(last, other.last);
  if (canonical.empty() || (!other.canonical.empty() && other.canonical < canonical)) canonical = other.canonical;
}

Intel::Local::Local(const Config& config, const Surroundings& surroundings)
    : surroundings_(surroundings), view_(config.feeds.get()) {}

void Intel::Local::advance() {
  if (view_.follow()) unlisted_.clear();
}

void Intel::Local::flow(const FlowUpdate& update, Delta& delta) {
  if (!view_.get() || !view_.get()->table().has(IndicatorType::network)) return;
  if (update.moment >= FlowMoment::tick && update.bytes[0] + update.bytes[1] == 0) return;
  for (const bool of_client : {false, true}) end(update, of_client, delta);
}

/// One of the flow's ends, where it lies outside.
void Intel::Local::end(const FlowUpdate& update, bool of_client, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const IpAddress& address = of_client ? flow.client : flow.server;
  const uint64_t hash = keyed_hash(bytes_of(address), surroundings_.hash_seed);
  if (unlisted_.has(hash)) return;
  const IndicatorTable& table = view_.get()->table();
  const bool outside = !surroundings_.inside(address) && !to_many(address);
  const std::optional<Found> found = outside ? look_up(table, address, day_of(update.time)) : std::nullopt;
  if (!found) {
    // What is listed, but not today, may be looked up again.
    if (!outside || !table.find_address(address).slot) unlisted_.add(hash);
    return;
  }
  const bool moved = update.moment >= FlowMoment::tick, answered = update.moment == FlowMoment::answered;
  const bool both = update.bytes[0] > 0 && update.bytes[1] > 0;
  const uint8_t deeds = answered ? deed::connected : !moved ? deed::tried : both ? deed::data : uint8_t{0};
  // A long connection brings no news each minute.
  Seen& seen = add({flow, update.time, deeds}, *found, endpoint(flow.server, flow.server_port), delta);
  seen.count -= moved;
  seen.connections += answered;
  seen.tries += !moved && !answered;
  if (!moved) return;
  seen.out += update.bytes[of_client ? 1 : 0];
  seen.in += update.bytes[of_client ? 0 : 1];
}

Intel::Local::Fields& Intel::Local::fields_of(const Protocol& protocol) {
  const auto known = std::ranges::find(fields_, &protocol, &decltype(fields_)::value_type::first);
  if (known != fields_.end()) return known->second;
  Fields& made = fields_.emplace_back(&protocol, Fields()).second;
  for (const ObservableField& row : observable_fields()) {
    if (row.deeds == 0 || !shows(protocol, row.path)) continue;
    made.push_back({&row, FieldReader(row.path), FieldReader(row.in_front), (row.deeds & deed::file) != 0});
  }
  return made;
}

/// Once each transaction and file: where its record is due.
void Intel::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  if (!view_.get() || !observed.flow || (!event.record && !event.protocol->one_message)) return;
  const uint32_t types = view_.get()->table().types();
  for (Field& field : fields_of(*event.protocol)) {
    if (field.of_files != (event.file != nullptr) || (types & types_of(field.row->what)) == 0) continue;
    std::string front;
    field.value.for_each(event, [&](const Value& read) {
      std::string_view text = to_text(read.bytes);
      if (!field.row->in_front.empty() && text.starts_with('/')) {
        joined_ = field.in_front.text(event);
        text = joined_ += text;
      }
      value(observed, *field.row, text, delta);
      return true;
    });
  }
}

void Intel::Local::value(const Observed& observed, const ObservableField& row, std::string_view text, Delta& delta) {
  const uint64_t hash = keyed_hash(to_bytes(text), surroundings_.hash_seed + 1 + static_cast<uint64_t>(row.what));
  if (unlisted_.has(hash)) return;
  const IndicatorTable& table = view_.get()->table();
  const auto found = look_up(table, row.what, text, day_of(observed.time));
  if (!found) {
    if (!look_up(table, row.what, text)) unlisted_.add(hash);
    return;
  }
  const bool to_server = observed.event.direction == Direction::to_server;
  const FlowRef& flow = *observed.flow;
  const bool named = found->slot->type <= IndicatorType::domain_exact;
  // The host of a URL is seen by its name as well.
  if (row.what == Observable::url && (row.deeds & deed::connected) && found->slot->type != IndicatorType::url) return;
  Seen& seen =
      add({flow, observed.time, row.deeds, (row.deeds & deed::file) != 0 && to_server}, *found,
          named && row.what == Observable::name ? to_lower(text) : endpoint(flow.server, flow.server_port), delta);
  seen.queries += (row.deeds & deed::asked) != 0 && to_server;
  seen.connections += (row.deeds & deed::connected) != 0;
}

Intel::Seen& Intel::Local::add(const Hit& hit, const Found& found, std::string_view object, Delta& delta) const {
  const FlowRef& flow = hit.flow;
  const bool by_server = hit.by_server && surroundings_.inside(flow.server);
  const IpAddress& host = by_server ? flow.server : flow.client;
  const uint64_t seed = surroundings_.hash_seed;
  Seen& seen = delta.seen.at({.host = host,
                              .type = found.slot->type,
                              .from_outside = !by_server && !surroundings_.inside(flow.client),
                              .indicator = keyed_hash(to_bytes(found.canonical), seed)});
  seen.deeds |= hit.deeds;
  ++seen.count;
  const uint64_t hash = keyed_hash(to_bytes(object), seed);
  seen.objects.add(hash, object);
  seen.others.add(hash);
  keep_first(seen.first, seen.flow, hit.time, name_of(flow));
  seen.last = std::max(seen.last, hit.time);
  if (seen.canonical.empty() || found.canonical < seen.canonical) seen.canonical = found.canonical;
  return seen;
}

}  // namespace lapwing::analytics
