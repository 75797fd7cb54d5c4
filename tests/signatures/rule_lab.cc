#include "tests/signatures/rule_lab.h"

#include <algorithm>
#include <ctime>

#include "dissectors/protocols/http/http.h"
#include "sensor/base/text.h"
#include "signatures/compile/rule_compiler.h"
#include "signatures/parse/countries.h"
#include "signatures/parse/reputation.h"
#include "signatures/parse/source_text.h"
#include "tests/support/country_file.h"

namespace lapwing::test {

namespace {

/// Of a file's values that of the file at hand, else all.
bool give(const std::vector<std::string>& values, const Place& at, ValueSink& sink,
          Value (*value_of)(const std::string&)) {
  if (!at.self) return std::ranges::all_of(values, [&](const auto& text) { return sink.take(value_of(text)); });
  const size_t number = static_cast<const LabFile*>(at.self)->number;
  return number >= values.size() || sink.take(value_of(values[number]));
}

/// Gives the values under kName, out of the transaction's maps.
template <const char* kName>
bool visit(const Place& at, ValueSink& sink) {
  const auto& lab = static_cast<const LabTransaction&>(*at.tx);
  if (auto found = lab.integers.find(kName); found != lab.integers.end()) {
    return std::ranges::all_of(found->second, [&](uint64_t value) { return sink.take({.integer = value}); });
  }
  auto found = lab.bytes.find(kName);
  if (found == lab.bytes.end()) return true;
  return give(found->second, at, sink, [](const std::string& text) { return Value{.bytes = to_bytes(text)}; });
}

#define NAME(variable, text) constexpr char variable[] = text
NAME(kMethod, "http.method");
NAME(kUri, "http.uri");
NAME(kRawUri, "http.uri.raw");
NAME(kHost, "http.host");
NAME(kRequestBody, "http.request_body");
NAME(kStatCode, "http.stat_code");
NAME(kResponseBody, "http.response_body");
NAME(kHeader, "http.header");
NAME(kFileData, "file.data");
NAME(kFileName, "file.name");
NAME(kFileMagic, "file.magic");
NAME(kFileSize, "filesize");
NAME(kFileMd5, "filemd5");
NAME(kFileSha1, "filesha1");
NAME(kFileSha256, "filesha256");
NAME(kQuery, "dns.query");
NAME(kOpcode, "dns.opcode");
NAME(kType, "dns.rrtype");
NAME(kAnyFlags, "dns.any_flags");
NAME(kAllFlags, "dns.all_flags");
NAME(kList, "dns.list");
NAME(kSubject, "tls.cert_subject");
NAME(kFingerprint, "tls.cert_fingerprint");
NAME(kVersion, "tls.version");
NAME(kNotBefore, "tls_cert_notbefore");
NAME(kNotAfter, "tls_cert_notafter");
#undef NAME

/// "100", or "100+" of a file that broke off.
bool visit_size(const Place& at, ValueSink& sink) {
  const auto& lab = static_cast<const LabTransaction&>(*at.tx);
  auto found = lab.bytes.find(kFileSize);
  if (found == lab.bytes.end()) return true;
  return give(found->second, at, sink, [](const std::string& text) {
    return Value{.bytes = text.back() == '+' ? to_bytes("+") : Bytes(), .integer = std::stoull(text)};
  });
}

CarriedFile* file_at(Transaction& tx, Direction, uint32_t index) {
  auto& files = static_cast<LabTransaction&>(tx).files;
  return index < files.size() ? &files[index] : nullptr;
}

constexpr NamedValue kOpcodes[] = {{"query", 0}, {"status", 2}, {"update", 5}};
constexpr NamedValue kFlags[] = {{"tc", 1}, {"rd", 2}, {"ra", 4}};
constexpr NamedValue kTypes[] = {{"A", 1}, {"MX", 15}, {"TXT", 16}};

constexpr Column column(bool (*visit)(const Place&, ValueSink&), const RuleUse& use, bool many = false) {
  return Column{.member = "", .many = many, .visit = visit}.rule(use);
}
constexpr Column of_shape(Shape shape, std::span<const NamedValue> (*names)(), Column column) {
  column.shape = shape;
  column.names = names;
  return column;
}
std::span<const NamedValue> opcodes() {
  return kOpcodes;
}
std::span<const NamedValue> flags() {
  return kFlags;
}
std::span<const NamedValue> types() {
  return kTypes;
}
constexpr auto kServer = Sender::server, kEither = Sender::either;

constexpr Column kHttpColumns[] = {
    column(&visit<kMethod>, {.name = kMethod, .stage = 1, .modifier = "http_method", .rarity = 4}),
    column(&visit<kUri>, {.name = kUri, .stage = 1, .modifier = "http_uri", .pcre_letter = 'U'}),
    column(&visit<kRawUri>, {.name = kRawUri, .stage = 1, .modifier = "http_raw_uri", .pcre_letter = 'I'}),
    column(&visit<kHost>, {.name = kHost, .stage = 2, .modifier = "http_host", .lowercased = true}),
    column(&visit<kHeader>,
           {.name = kHeader, .sender = kEither, .stage = 2, .modifier = "http_header", .pcre_letter = 'H'}),
    column(&visit<kRequestBody>,
           {.name = kRequestBody, .stage = 3, .modifier = "http_client_body", .pcre_letter = 'P'}),
    column(&visit<kStatCode>, {.name = kStatCode, .sender = kServer, .stage = 1, .modifier = "http_stat_code"}),
    column(&visit<kResponseBody>, {.name = kResponseBody, .sender = kServer, .stage = 3}),
    column(&visit<kFileData>, {.name = kFileData, .sender = kEither, .stage = 3, .aliases = {"file_data"}}, true),
    column(&visit<kFileName>, {.name = kFileName, .sender = kEither, .file_stage = FileStage::named}, true),
    column(&visit<kFileMagic>, {.name = kFileMagic, .sender = kEither, .file_stage = FileStage::head}, true),
    of_shape(Shape::integer, nullptr,
             column(&visit_size, {.name = kFileSize, .sender = kEither, .file_stage = FileStage::over}, true)),
    column(&visit<kFileMd5>, {.name = kFileMd5, .sender = kEither, .file_stage = FileStage::over}, true),
    column(&visit<kFileSha1>, {.name = kFileSha1, .sender = kEither, .file_stage = FileStage::over}, true),
    column(&visit<kFileSha256>, {.name = kFileSha256, .sender = kEither, .file_stage = FileStage::over}, true),
};
constexpr Column kDnsColumns[] = {
    column(&visit<kQuery>, {.name = kQuery, .stage = 1, .aliases = {"dns_query"}}, true),
    of_shape(Shape::integer, &opcodes, column(&visit<kOpcode>, {.name = kOpcode, .sender = kEither, .stage = 1})),
    of_shape(Shape::integer, &flags, column(&visit<kAnyFlags>, {.name = kAnyFlags, .form = NumberForm::any_flags})),
    of_shape(Shape::integer, &flags, column(&visit<kAllFlags>, {.name = kAllFlags, .form = NumberForm::all_flags})),
    of_shape(Shape::integer, &types, column(&visit<kList>, {.name = kList, .form = NumberForm::list}, true)),
    of_shape(Shape::integer, &types, column(&visit<kType>, {.name = kType, .sender = kEither, .stage = 1}, true)),
};
constexpr Column kTlsColumns[] = {
    column(&visit<kSubject>, {.name = kSubject, .sender = kEither, .stage = 1}),
    column(&visit<kFingerprint>, {.name = kFingerprint, .sender = kEither, .stage = 1}),
    of_shape(Shape::integer, nullptr, column(&visit<kVersion>, {.name = kVersion, .sender = kEither, .stage = 1})),
    of_shape(Shape::date, nullptr, column(&visit<kNotBefore>, {.name = kNotBefore, .sender = kServer, .stage = 1})),
    of_shape(Shape::date, nullptr, column(&visit<kNotAfter>, {.name = kNotAfter, .sender = kServer, .stage = 1})),
};
constexpr std::string_view kHttpAnomalies[] = {"invalid_request", "invalid_response"};
constexpr ProgressState kHttpStates[] = {{"request_headers", Direction::to_server, 2},
                                         {"request_body", Direction::to_server, 3},
                                         {"response_headers", Direction::to_client, 1}};
constexpr ProgressState kTlsStates[] = {{"client_hello_done", Direction::to_server, 1},
                                        {"server_hello_done", Direction::to_client, 1},
                                        {"client_key_exchange_done", Direction::to_server, 2},
                                        {"server_key_exchange_done", Direction::to_client, 2}};
constexpr std::string_view kHttpAlso[] = {"http1"}, kTlsAlso[] = {"ssl"};
constexpr FrameKind kTlsFrames[] = {{"pdu", "a record"}, {"hdr", "its header"}};
const Protocol kHttpProtocol{.name = "http",
                             .anomalies = kHttpAnomalies,
                             .also = kHttpAlso,
                             .file = &file_at,
                             .head = 2,
                             .states = kHttpStates,
                             .words = http::rule_words(),
                             .in_alert = kHttpColumns};
const Protocol kDnsProtocol{.name = "dns", .in_alert = kDnsColumns};
const Protocol kTlsProtocol{.name = "tls",
                            .also = kTlsAlso,
                            .frames = kTlsFrames,
                            .states = kTlsStates,
                            .words = tls::rule_words(),
                            .in_alert = kTlsColumns};

std::string date_text(uint64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  std::tm parts{};
  char text[32] = {};
  gmtime_r(&time, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return text;
}

/// Shows the words of TLS what its fields say.
void greet(LabTransaction& tx, Direction direction) {
  tls::Party& party = tx.parties[index(direction)];
  if (const auto version = tx.integers.find(kVersion); version != tx.integers.end()) {
    party.greeted = true;
    party.version = static_cast<uint16_t>(version->second.back());
  }
  const auto begin = tx.integers.find(kNotBefore), end = tx.integers.find(kNotAfter);
  if (begin == tx.integers.end() || end == tx.integers.end()) return;
  x509::Certificate certificate;
  certificate.not_before = date_text(begin->second.back());
  certificate.not_after = date_text(end->second.back());
  party.certificate = std::make_shared<const x509::Certificate>(std::move(certificate));
}

constexpr std::string_view kStreamEvents[] = {"pkt_broken_ack", "est_syn_resend"};
constexpr int64_t kStart = 1'700'000'000;

}  // namespace

std::string unhex(std::string_view text) {
  std::string out;
  bool hex = false;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '|')
      hex = !hex;
    else if (!hex)
      out += text[i];
    else if (text[i] != ' ') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
      i++;
    }
  }
  return out;
}

std::vector<const Protocol*> lab_protocols() {
  return {&kHttpProtocol, &kDnsProtocol, &kTlsProtocol};
}

struct RuleLab::Conversation {
  Flow flow;
  std::array<uint64_t, 2> streamed{};
  std::map<int, std::unique_ptr<LabTransaction>> transactions;
};

RuleLab::RuleLab() {
  environment.protocols = lab_protocols();
  environment.decode_events = decode_event_names();
  environment.stream_events = kStreamEvents;
  environment.recognition_anomalies = recognition_anomaly_names();
  environment.tables = default_rule_tables();
  environment.datasets = DatasetStore::create(Setting{});
  auto reputation = std::make_shared<Reputation>();
  const std::string categories = "tests/rules/lists/categories.txt", scores = "tests/rules/lists/reputation.lst";
  reputation->add_categories(read_text_file(categories), categories);
  reputation->add_scores(read_text_file(scores), scores);
  environment.reputation = reputation;
  const CountryFile countries({{"192.0.2.0", 24, "DE"}, {"198.51.100.0", 24, "FR"}, {"203.0.113.128", 25, "US"}});
  environment.countries = std::make_shared<Countries>(countries.path());
  environment.variables.address_groups["HOME_NET"] = "[10.0.0.0/8]";
  environment.variables.address_groups["EXTERNAL_NET"] = "!$HOME_NET";
  environment.variables.port_groups["HTTP_PORTS"] = "80";
  config = read_options<RuleConfig>(Setting{}, rule_options());
  Setting empty;
  decoder_ = std::make_unique<Decoder>(read_options<DecodeConfig>(empty, decode_options()), ChecksumMode::all);
}

RuleLab::~RuleLab() = default;

void RuleLab::load(std::string_view text) {
  RuleCompiler compiler(environment, config, messages);
  parse_rules(text, "lab.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
  rules = compiler.finish();
  if (!shared_) shared_ = std::make_shared<SharedState>(nullptr);
  if (matcher_)
    matcher_->adopt(rules);
  else
    matcher_ = std::make_unique<Matcher>(rules, shared_, *this);
}

RuleLab::Conversation& RuleLab::conversation(const LabPacket& packet, const Packet& decoded) {
  auto& place = flows_[packet.flow];
  if (!place) {
    place = std::make_unique<Conversation>();
    bool swapped = false;
    make_flow_key(decoded, true, place->flow.key, swapped);
    place->flow.client_side = static_cast<uint8_t>(swapped != packet.from_server);
    place->flow.id = static_cast<uint64_t>(packet.flow) + 1;
  }
  return *place;
}

void RuleLab::run(const LabPacket& wanted) {
  number_++;
  const Direction direction = wanted.from_server ? Direction::to_client : Direction::to_server;
  MatchContext context;
  context.number = number_;
  context.time = {Timestamp::from_seconds(kStart).ns + wanted.time_ms * 1'000'000};
  context.protocol = wanted.protocol;
  context.recognition = &wanted.detection;
  context.direction = direction;
  if (wanted.ends_flow) {
    context.flow = &flows_.at(wanted.flow)->flow;
    matcher_->begin(context);
    matcher_->finish(context);
    matcher_->end(context);
    return;
  }
  PacketBuilder layers = wanted.layers;
  BuiltFrame frame = layers.payload(to_bytes(wanted.payload)).build();
  frame.number = number_;
  frame.time = context.time;
  Packet packet;
  decoder_->decode(frame.frame(), packet);
  context.packet = &packet;
  context.stream_events = wanted.stream_events;
  context.established = wanted.established;
  context.in_stream = wanted.in_stream && !wanted.payload.empty();
  Conversation* talk = nullptr;
  if (wanted.flow >= 0) {
    talk = &conversation(wanted, packet);
    talk->flow.packets[index(direction)]++;
    talk->flow.bytes[index(direction)] += packet.wire_length;
    if (talk->flow.start.ns == 0) talk->flow.start = context.time;
    talk->flow.last = context.time;
    context.flow = &talk->flow;
    context.encrypted = talk->flow.flags & flow_flag::encrypted;
  }
  matcher_->begin(context);
  if (talk && (context.in_stream || wanted.fin)) {
    uint64_t& streamed = talk->streamed[index(direction)];
    context.stream_size[index(direction)] = static_cast<uint32_t>(1 + streamed + wanted.payload.size());
    const size_t other = 1 - index(direction);
    context.stream_size[other] = static_cast<uint32_t>(1 + talk->streamed[other]);
    Chunk chunk{to_bytes(wanted.payload), streamed, context.time, direction, false, wanted.fin};
    matcher_->chunk(context, chunk, [&](const Chunk& part) {
      if (wanted.encrypted_at < 0 || talk->flow.flags & flow_flag::encrypted) return;
      const uint64_t from = streamed + static_cast<uint64_t>(wanted.encrypted_at);
      if (from > part.offset + part.data.size()) return;
      talk->flow.flags |= flow_flag::encrypted;
      matcher_->encrypted(context, direction, from);
    });
    streamed += wanted.payload.size();
  }
  for (const auto& step : wanted.steps) {
    auto& tx = talk->transactions[step.tx];
    if (!tx) {
      tx = std::make_unique<LabTransaction>();
      transactions[step.tx] = tx.get();
    }
    tx->id = static_cast<uint64_t>(step.tx);
    for (const auto& [name, values] : step.fields) {
      for (const std::string& value : values) {
        constexpr std::string_view kIntegers[] = {kOpcode, kType,    kAnyFlags,  kAllFlags,
                                                  kList,   kVersion, kNotBefore, kNotAfter};
        if (std::ranges::find(kIntegers, name) != std::end(kIntegers))
          tx->integers[name].push_back(std::stoull(value));
        else
          tx->bytes[name].push_back(unhex(value));
      }
    }
    greet(*tx, step.direction);
    tx->files.resize(tx->bytes[kFileName].size());
    for (size_t i = 0; i < tx->files.size(); ++i) {
      tx->files[i].number = i;
      const auto kept_up = static_cast<FileStage>(std::clamp<uint8_t>(step.progress, 1, 3));
      tx->files[i].reached = i < step.files.size() ? step.files[i] : kept_up;
    }
    tx->anomalies.insert(tx->anomalies.end(), step.anomalies.begin(), step.anomalies.end());
    tx->progress[index(step.direction)] = step.progress;
    tx->little_endian = step.little_endian;
    Event event;
    const auto named = std::ranges::find(environment.protocols, step.protocol, &Protocol::name);
    event.protocol = named == environment.protocols.end() ? &kHttpProtocol : *named;
    event.tx = tx.get();
    event.direction = step.direction;
    context.protocol = event.protocol;
    for (LabFile& file : tx->files) {
      if (!step.files.empty() && file.reached > file.inspected) matcher_->file(context, event, file);
    }
    matcher_->event(context, event);
    if (tx->unrecorded) unrecorded_.push_back(number_);
  }
  if (wanted.frame.kind) {
    std::vector<uint64_t> matched;
    MessageFrame piece = wanted.frame;
    piece.matched = &matched;
    context.protocol = piece.protocol;
    matcher_->frame(context, piece);
  }
  matcher_->packet(context);
  matcher_->end(context);
}

void RuleLab::tell() {
  for (auto& [number, talk] : flows_) {
    MatchContext context;
    context.flow = &talk->flow;
    context.number = number_;
    matcher_->begin(context);
    matcher_->end(context);
  }
}

const Flow& RuleLab::flow(int number) const {
  return flows_.at(number)->flow;
}

std::span<const std::string_view> RuleLab::flowbits(int flow) {
  return matcher_->flowbits(flows_.at(flow)->flow);
}

void RuleLab::alert(const MatchContext& context, Alert& alert) {
  seen_.push_back({alert.rule->sid,
                   context.number,
                   alert.action,
                   alert.stream,
                   alert.has_tx,
                   alert.tx_id,
                   std::string(to_text(alert.payload)),
                   std::string(alert.context),
                   {},
                   {}});
  if (context.flow) {
    for (const auto& v : matcher_->flowvars(*context.flow)) seen_.back().flowvars.emplace(v.name, v.text);
  }
  for (const auto& v : alert.pktvars) seen_.back().pktvars.emplace(v.name, v.text);
}

void RuleLab::serialise(const Event& event, std::string& json, std::string&) {
  json += "\"tx\":" + std::to_string(event.tx->id);
}

}  // namespace lapwing::test
