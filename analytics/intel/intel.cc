#include "analytics/intel/intel.h"

#include <algorithm>
#include <cstring>
#include <tuple>

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

bool shows(const RecordRow& record, std::string_view path) {
  return std::ranges::any_of(record.shapes, [&](const lapwing::Table& shape) { return find(shape, path).found(); });
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
  try {
    out.feeds = std::make_shared<IndicatorFeeds>(feeds);
  } catch (const FeedError& error) {
    throw SettingError(feeds.feeds[error.feed].mark, std::string("analytics.intel.feeds: ") + error.what());
  }
  return out;
}

Reread Intel::reread(const Config& config, const OptionSource& source) {
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

void Intel::Answer::merge(const Answer& other) {
  if (other.first.ns == std::numeric_limits<int64_t>::max()) return;
  const bool empty = first.ns == std::numeric_limits<int64_t>::max();
  if (empty || std::memcmp(&other.of, &of, sizeof of) < 0) of = other.of;
  first = std::min(first, other.first);
}

void Intel::Opened::merge(const Opened& other) {
  const auto order = [](const Opened& one) { return std::tuple(-one.last.ns, one.flow.id, one.flow.client_port); };
  if (other.flow.id != 0 && (flow.id == 0 || order(other) < order(*this))) *this = other;
}

void Intel::Delta::operator+=(Delta&& other) {
  seen.merge(other.seen);
  answers.merge(other.answers);
  opened.merge(other.opened);
}

void Intel::Delta::seal() {
  seen.seal();
  answers.seal();
  opened.seal();
}

void Intel::Delta::clear() {
  seen.clear();
  answers.clear();
  opened.clear();
}

Intel::Local::Local(const Config& config, const Surroundings& surroundings)
    : surroundings_(surroundings), view_(config.feeds.get()) {}

void Intel::Local::advance() {
  if (view_.follow()) unlisted_.clear();
}

void Intel::Local::flow(const FlowUpdate& update, Delta& delta) {
  if (!view_.get()) return;
  const IndicatorTable& table = view_.get()->table();
  const bool names = table.has(IndicatorType::domain) || table.has(IndicatorType::domain_exact);
  if (names && update.moment == FlowMoment::answered && !surroundings_.inside(update.flow->server)) {
    delta.opened.at({update.flow->client, update.flow->server}).merge({update.time, name_of(*update.flow)});
  }
  if (!table.has(IndicatorType::network)) return;
  if (update.moment >= FlowMoment::tick && update.bytes[0] + update.bytes[1] == 0) return;
  for (const bool of_client : {false, true}) end(update, of_client, delta);
}

/// One of the flow's ends, where it lies outside.
void Intel::Local::end(const FlowUpdate& update, bool of_client, Delta& delta) {
  const FlowRef& flow = *update.flow;
  const IpAddress& address = of_client ? flow.client : flow.server;
  const uint64_t hash = hash_of(address, surroundings_.hash_seed);
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

/// What several records of a transaction show is read where it is shown first; of files only what is about them.
Intel::Local::Fields& Intel::Local::fields_of(const Protocol& protocol, const RecordRow& record) {
  const auto known = std::ranges::find(fields_, &record, &decltype(fields_)::value_type::first);
  if (known != fields_.end()) return known->second;
  Fields& made = fields_.emplace_back(&record, Fields()).second;
  const auto of_files = [](const RecordRow& of) { return shows(of, "fileinfo.filename"); };
  for (const ObservableField& row : observable_fields()) {
    const bool file = (row.deeds & deed::file) != 0;
    const auto first = std::ranges::find_if(
        protocol.records, [&](const RecordRow& of) { return of_files(of) == file && shows(of, row.path); });
    if (row.deeds == 0 || first == protocol.records.end() || &*first != &record) continue;
    made.push_back({&row, FieldReader(row.path), FieldReader(row.in_front)});
  }
  return made;
}

/// Once each transaction and file: where the record that shows it is due.
void Intel::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  if (!view_.get() || !observed.flow) return;
  const uint32_t types = view_.get()->table().types();
  if (types == 0) return;  // a reload may bring some
  Fields& fields = fields_of(*event.protocol, event.record ? *event.record : event.protocol->records[0]);
  for (Field& field : fields) {
    if ((types & types_of(field.row->what)) == 0) continue;
    std::optional<Found> name;  // that was asked for, and is answered
    field.value.for_each(event, [&](const Value& read) {
      std::string_view text = to_text(read.bytes);
      if (!field.row->in_front.empty() && text.starts_with('/')) {
        joined_ = field.in_front.text(event);
        text = joined_ += text;
      }
      auto found = value(observed, *field.row, text, delta);
      if (found && (field.row->deeds & deed::asked) != 0 && event.direction == Direction::to_client) {
        name = std::move(found);
      }
      return true;
    });
    if (name) answers(observed, fields, *name, delta);
  }
}

/// The addresses that a client is told for a listed name.
void Intel::Local::answers(const Observed& observed, Fields& fields, const Found& name, Delta& delta) {
  const Key key = key_of(*observed.flow, false, name);
  for (Field& field : fields) {
    if ((field.row->deeds & deed::answered) == 0) continue;
    field.value.for_each(observed.event, [&](const Value& read) {
      if (const auto address = IpAddress::parse(to_text(read.bytes))) {
        delta.answers.at({observed.flow->client, *address}).merge({observed.time, key});
      }
      return true;
    });
  }
}

std::optional<Found> Intel::Local::value(const Observed& observed, const ObservableField& row, std::string_view text,
                                         Delta& delta) {
  const uint64_t hash = keyed_hash(to_bytes(text), surroundings_.hash_seed + 1 + static_cast<uint64_t>(row.what));
  if (unlisted_.has(hash)) return std::nullopt;
  const IndicatorTable& table = view_.get()->table();
  auto found = look_up(table, row.what, text, day_of(observed.time));
  if (!found) {
    if (!look_up(table, row.what, text)) unlisted_.add(hash);
    return std::nullopt;
  }
  const bool to_server = observed.event.direction == Direction::to_server;
  const FlowRef& flow = *observed.flow;
  const bool named = found->slot->type <= IndicatorType::domain_exact;
  // The host of a URL is seen by its name as well.
  if (row.what == Observable::url && (row.deeds & deed::connected) && found->slot->type != IndicatorType::url)
    return std::nullopt;
  Seen& seen =
      add({flow, observed.time, row.deeds, (row.deeds & deed::file) != 0 && to_server}, *found,
          named && row.what == Observable::name ? to_lower(text) : endpoint(flow.server, flow.server_port), delta);
  seen.queries += (row.deeds & deed::asked) != 0 && to_server;
  seen.connections += (row.deeds & deed::connected) != 0;
  return found;
}

Intel::Key Intel::Local::key_of(const FlowRef& flow, bool by_server, const Found& found) const {
  by_server = by_server && surroundings_.inside(flow.server);
  return {.host = by_server ? flow.server : flow.client,
          .type = found.slot->type,
          .from_outside = !by_server && !surroundings_.inside(flow.client),
          .indicator = keyed_hash(to_bytes(found.canonical), surroundings_.hash_seed)};
}

Intel::Seen& Intel::Local::add(const Hit& hit, const Found& found, std::string_view object, Delta& delta) const {
  const FlowRef& flow = hit.flow;
  Seen& seen = delta.seen.at(key_of(flow, hit.by_server, found));
  seen.deeds |= hit.deeds;
  ++seen.count;
  const uint64_t hash = keyed_hash(to_bytes(object), surroundings_.hash_seed);
  seen.objects.add(hash, object);
  seen.others.add(hash);
  keep_first(seen.first, seen.flow, hit.time, name_of(flow));
  seen.last = std::max(seen.last, hit.time);
  if (seen.canonical.empty() || found.canonical < seen.canonical) seen.canonical = found.canonical;
  return seen;
}

}  // namespace lapwing::analytics
