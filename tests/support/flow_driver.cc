#include "tests/support/flow_driver.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "dissectors/parts/file/file_options.h"
#include "sensor/base/setting.h"
#include "tests/dissectors/parts/carriers.h"

namespace lapwing::echo {
extern const DissectorRow kRow;
}

namespace lapwing::test {
namespace {

constexpr size_t kHeaders = 54;  // of a packet: what its bytes pay for
constexpr size_t kMost = 64;     // dissectors of a build

void require(bool condition) {
  if (!condition) std::abort();
}

struct Exact {
  explicit Exact(Bytes bytes) : data(new uint8_t[bytes.size()]), size(bytes.size()) {
    if (size) std::memcpy(data.get(), bytes.data(), size);
  }
  Bytes bytes() const { return {data.get(), size}; }
  std::unique_ptr<uint8_t[]> data;
  size_t size;
};

thread_local uint32_t last_need = 0;
thread_local std::shared_ptr<const Context> announced_with;

/// Row N, offered bytes of which it can read no more than there are, and believed no more than it was offered.
template <size_t N>
DissectorRow exact() {
  DissectorRow out = *all_dissectors()[N];
  out.probe = [](const Chunk& first) {
    const Exact copy(first.data);
    Chunk chunk = first;
    chunk.data = copy.bytes();
    return all_dissectors()[N]->probe(chunk);
  };
  out.data = [](void* instance, const Chunk& chunk) {
    const Exact copy(chunk.data);
    Chunk same = chunk;
    same.data = copy.bytes();
    const Step step = all_dissectors()[N]->data(instance, same);
    require(step.used <= chunk.data.size());
    last_need = step.more;
    return step;
  };
  return out;
}

/// The protocol of flows that announce another: one message says of which port, transport and protocol.
struct Herald {
  static constexpr std::string_view kMagic = "\xff\xfe herald of flows ";
  static constexpr About kAbout = {
      .name = "herald", .transports = transport::tcp | transport::udp, .help = "announces a flow"};
  static const Protocol kProtocol;
  static const DissectorRow kRow;

  static std::string message(std::string_view protocol, uint16_t port, bool datagrams) {
    std::string out(kMagic);
    out += static_cast<char>(datagrams);
    out += static_cast<char>(port >> 8);
    out += static_cast<char>(port);
    return out.append(protocol);
  }
  static Step data(void* instance, const Chunk& chunk) {
    ByteReader reader(chunk.data);
    reader.skip(kMagic.size());
    if (!reader.has(3)) return Step::fail();  // a fuzzer's own
    Expectation announced;
    announced.datagrams = reader.u8() != 0;
    announced.port = reader.u16();
    announced.context = announced_with;
    const std::string_view name = to_text(reader.bytes(reader.left()));
    for (const DissectorRow* row : all_dissectors()) {
      if (row->about->name == name) announced.protocol = row->about->name;
    }
    static_cast<EventSink*>(instance)->expect(announced);
    return Step::ok(chunk.data.size());
  }
};

const Protocol Herald::kProtocol{.name = "herald"};
const DissectorRow Herald::kRow{
    .about = &kAbout,
    .protocol = &kProtocol,
    .probe =
        [](const Chunk& first) { return to_text(first.data).starts_with(kMagic) ? Likelihood::sure : Likelihood::no; },
    .configure = [](const OptionSource&) { return std::shared_ptr<const void>(); },
    .options = [] { return std::vector<OptionInfo>(); },
    .create = [](const Beginning& beginning) -> void* { return &beginning.sink; },
    .destroy = [](void*) {},
    .data = &Herald::data,
    .gap = [](void*, Direction, uint64_t) { return Step::ok(0); },
    .finish = [](void*) {},
};

std::span<const DissectorRow* const> driven_rows() {
  static const auto kExact = []<size_t... N>(std::index_sequence<N...>) {
    std::vector<DissectorRow> out;
    ((N < all_dissectors().size() ? out.push_back(exact<N>()) : void()), ...);
    return out;
  }
  (std::make_index_sequence<kMost>());
  static const auto kRows = [] {
    std::vector<const DissectorRow*> out;
    for (const DissectorRow& row : kExact) out.push_back(&row);
    out.push_back(&Herald::kRow);
    return out;
  }();
  return kRows;
}

/// Read once for each set of options: tests make flows by the thousand.
std::shared_ptr<const AppConfig> config_of(const Settings& settings) {
  thread_local std::map<Settings, std::shared_ptr<const AppConfig>> kept;
  auto& config = kept[settings];
  if (!config) {
    Setting root;
    root.kind = Setting::Kind::map;
    for (const auto& [key, value] : settings) {
      Setting& node = root.make(key);
      node.kind = Setting::Kind::scalar;
      node.scalar = value;
    }
    const auto files = read_options<file::FileConfig>(root, file::options());
    config = std::make_shared<const AppConfig>(AppConfig::read(root, files.columns(), driven_rows()));
  }
  return config;
}

std::string arrow(Direction direction) {
  return direction == Direction::to_server ? "> " : "< ";
}

}  // namespace

std::span<const DissectorRow* const> all_dissectors() {
  static const auto kRows = [] {
    std::vector<const DissectorRow*> out(dissectors().begin(), dissectors().end());
    out.insert(out.end(), {&echo::kRow, &crate::kRow, &parcel::kRow});
    require(out.size() <= kMost);
    return out;
  }();
  return kRows;
}

FlowDriver::FlowDriver(const Setup& setup, Heard& heard)
    : budget(read_options<BudgetConfig>(Setting{}, budget_options())),
      setup_(setup),
      config_(config_of(setup.settings)),
      app_(*config_, budget, *this),
      heard_(heard) {
  const Wanted wanted{.frames = setup.frames ? UINT32_MAX : 0, .contents = setup.contents, .files = setup.files};
  std::vector<Wanted> all(config_->protocols.size(), wanted);
  app_.want(all);
  flow_.key.port[0] = 40000;
  flow_.key.port[1] = setup.port;
}

FlowDriver::~FlowDriver() = default;

void FlowDriver::begin(Flow& flow) {
  if (setup_.late) flow.flags |= flow_flag::midstream;
  if (setup_.known.empty()) return;
  const bool datagrams = flow.key.proto == ip_proto::udp;
  // Nobody is told of a flow that its protocol cannot have.
  const auto known =
      std::ranges::find(all_dissectors(), setup_.known, [](const auto* row) { return row->about->name; });
  require(known != all_dissectors().end());
  if (!((*known)->about->transports & (datagrams ? transport::udp : transport::tcp))) return;
  Flow herald;
  herald.key = flow.key;
  herald.client_side = flow.client_side;
  herald.last = flow.last;
  const std::string message = Herald::message(setup_.known, flow.server_port(), datagrams);
  herald.bytes[0] = message.size();
  announced_with = setup_.context;
  app_.chunk(herald, {.data = to_bytes(message), .datagram = datagrams});
  announced_with = nullptr;
  require(app_.expecting());
  app_.greet(flow, flow.last);
}

void FlowDriver::begin_own(bool datagrams) {
  if (std::exchange(begun_, true)) return;
  flow_.key.proto = datagrams ? ip_proto::udp : ip_proto::tcp;
  begin(flow_);
}

void FlowDriver::bring(const Chunk& chunk) {
  begin_own(chunk.datagram);
  ++flow_.packets[index(chunk.direction)];
  flow_.bytes[index(chunk.direction)] += chunk.data.size() + kHeaders;
  // As the stream does with the first payload it sees.
  if (!chunk.datagram && !chunk.data.empty() && !(flow_.flags & (flow_flag::client_first | flow_flag::server_first))) {
    flow_.flags |= chunk.direction == Direction::to_server ? flow_flag::client_first : flow_flag::server_first;
  }
  app_.chunk(flow_, chunk);
  if (!app_.reversed(flow_)) return;
  flow_.swap_direction();
  std::swap(said_[0], said_[1]);
  app_.swap_direction(flow_, {});
}

void FlowDriver::say(Direction direction, std::string_view bytes) {
  const uint64_t offset = said_[index(direction)];
  said_[index(direction)] += bytes.size();
  bring({.data = to_bytes(bytes), .offset = offset, .direction = direction});
}

void FlowDriver::datagram(Direction direction, std::string_view bytes) {
  bring({.data = to_bytes(bytes), .direction = direction, .datagram = true});
}

void FlowDriver::gap(Direction direction, uint64_t lost) {
  begin_own(false);
  app_.gap(flow_, direction, said_[index(direction)], lost, {});
  said_[index(direction)] += lost;
}

void FlowDriver::end(Direction direction, bool broken_off) {
  bring({.offset = said_[index(direction)], .direction = direction, .end = true, .broken_off = broken_off});
}

void FlowDriver::finish() {
  begin_own(false);
  app_.finish(flow_, {});
}

uint32_t FlowDriver::need() {
  return last_need;
}

uint64_t FlowDriver::capped(std::string_view owner, std::string_view cap) const {
  CounterSet counters;
  app_.add_protocol_counters(counters);
  return counters.value("app_layer." + std::string(owner) + "." + std::string(cap) + "_max");
}

void FlowDriver::note_facts(const Event& event) {
  if (!event.protocol->facts) return;
  Facts facts;
  facts.time = time;
  facts.datagram = flow_.key.proto == ip_proto::udp;
  event.protocol->facts(event, facts);
  if (facts.empty() && !facts.complete) return;
  heard_.facts.push_back({.host = std::string(facts.host),
                          .subject = std::string(facts.subject),
                          .names = {facts.names.begin(), facts.names.end()},
                          .alpns = {facts.alpns.begin(), facts.alpns.end()},
                          .cipher = facts.cipher,
                          .sign = facts.sign,
                          .risks = facts.risks,
                          .complete = facts.complete});
}

void FlowDriver::note_login(const Event& event) {
  LoginSeen login;
  if (!event.record || !event.protocol->login || !event.protocol->login(event, login)) return;
  std::string scratch;
  heard_.secrets.emplace_back(login.secret);
  heard_.logins.push_back(login.user + ' ' + std::string(outcome_name(static_cast<uint64_t>(login.outcome), scratch)));
}

void FlowDriver::note_sightings(const Event& event) {
  struct Sink final : SightingSink {
    explicit Sink(Heard& heard) : lines(heard.sightings), operations(heard.operations) {}
    void note(std::string_view kind, Side side, const std::string& value) {
      constexpr std::string_view kSides[] = {"address", "client", "server"};
      lines.push_back(std::string(kind) + ' ' + std::string(kSides[static_cast<size_t>(side)]) + ' ' + value);
    }
    void binding(const BindingSeen& seen) override {
      note(kBindingKinds[static_cast<size_t>(seen.kind)], seen.side, std::string(seen.name));
    }
    void software(const SoftwareSeen& seen) override {
      const std::string version = seen.version.empty() ? "" : ' ' + std::string(seen.version);
      note(kSoftwareKinds[static_cast<size_t>(seen.kind)], seen.side, std::string(seen.value) + version);
    }
    void operation(const OperationSeen& seen) override {
      const auto or_none = [](std::string_view text) { return ' ' + std::string(text.empty() ? "-" : text); };
      std::string scratch;
      operations.push_back(std::string(seen.interface) + ' ' + std::to_string(seen.number) + or_none(seen.operation) +
                           or_none(seen.sealed ? "" : seen.object) +
                           or_none(outcome_name(static_cast<uint64_t>(seen.outcome), scratch)) +
                           (seen.asked ? ' ' + std::to_string(seen.asked) : ""));
    }
    std::vector<std::string>&lines, &operations;
  } sink(heard_);
  if (event.protocol->sightings) event.protocol->sightings(event, sink);
}

void FlowDriver::event(Flow&, const Event& event) {
  if (event.tx->blank) return;
  note_facts(event);
  note_login(event);
  note_sightings(event);
  event.tx->unrecorded |= unrecord;
  const Direction direction = event.direction;
  uint8_t& inspected = event.tx->inspected[index(direction)];
  const uint8_t progress = event.tx->progress[index(direction)];
  require(progress >= inspected);
  for (const Field& field : event.protocol->fields) {
    if (!ready(field, *event.tx, direction) || field.stage <= inspected) continue;
    size_t count = 0;
    field.for_each(*event.tx, direction, [&](const Value& value) {
      require(count++ == 0 || field.many);
      const std::string text =
          field.kind != FieldKind::bytes ? std::to_string(value.integer) : std::string(to_text(value.bytes));
      heard_.fields.push_back(arrow(direction) + std::string(field.name) + "=" + text);
      return true;
    });
  }
  inspected = progress;
  auto object = [&](auto&& write) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write(json);
    json.end_object();
    return text;
  };
  std::string scratch;
  heard_.alerts.push_back(object([&](JsonWriter& json) { write_in_alert(event, scratch, json); }));
  if (!event.record || event.tx->unrecorded) return;
  heard_.records.push_back(object([&](JsonWriter& json) { write_record(event, scratch, json); }));
  heard_.reversed.push_back(event.reversed);
  heard_.messages.push_back(event.message);
}

void FlowDriver::anomaly(Flow&, const Protocol& protocol, const Transaction& tx, uint8_t name, Direction) {
  require(name < kAnomalyRows.size(protocol) && tx.anomalies.size() <= kAnomalyRows.size(protocol));
  heard_.anomalies.push_back(anomaly_name(protocol, name) + (tx.blank ? "" : "@" + std::to_string(tx.id)));
}

void FlowDriver::file(Flow&, const Event&, CarriedFile& file, Bytes bytes, bool over) {
  file.depth = store_depth;
  std::string& passed = passed_[&file];
  passed += to_text(bytes);
  if (!over) return;
  if (passed.empty()) passed = to_text(file.content());
  heard_.stored.push_back(file.name + "=" + passed + "#" + file.sha256());
  passed_.erase(&file);
}

void FlowDriver::encrypted(Flow&, Direction direction, uint64_t offset) {
  heard_.encrypted_from.emplace_back(direction, offset);
}

void FlowDriver::plain(Flow&, const Chunk& bytes) {
  heard_.plain_from.emplace_back(bytes.direction, bytes.offset);
}

void FlowDriver::recognition_anomaly(Flow&, RecognitionAnomaly event, Direction) {
  heard_.recognised.emplace_back(name(event));
}

void FlowDriver::frame(Flow&, const MessageFrame& frame) {
  constexpr uint64_t kMostTransactions = uint64_t{1} << 32;
  require(frame.base + frame.bytes.size() >= frame.base);
  require(!frame.tx || frame.tx->number < kMostTransactions);  // where one was that is gone, anything stands
  if (!frame.complete) return;
  heard_.frames.push_back(arrow(frame.direction) + std::string(frame.kind->name) + " " + std::to_string(frame.offset) +
                          "+" + std::to_string(frame.length));
}

}  // namespace lapwing::test
