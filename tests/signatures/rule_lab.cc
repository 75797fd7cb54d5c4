#include "tests/signatures/rule_lab.h"

#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/parse/countries.h"
#include "signatures/parse/reputation.h"
#include "signatures/parse/source_text.h"
#include "tests/support/country_file.h"

namespace lapwing::test {

namespace {

/// Getter of the field named by kName, out of the transaction's maps.
template <const char* kName>
bool get(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  const auto& lab = static_cast<const LabTransaction&>(tx);
  if (auto found = lab.integers.find(kName); found != lab.integers.end() && index < found->second.size()) {
    out.integer = found->second[index];
    return true;
  }
  auto found = lab.bytes.find(kName);
  if (found == lab.bytes.end() || index >= found->second.size()) return false;
  out.bytes = to_bytes(found->second[index]);
  return true;
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
NAME(kSubject, "tls.cert_subject");
NAME(kFingerprint, "tls.cert_fingerprint");
NAME(kVersion, "tls.version");
NAME(kNotBefore, "tls_cert_notbefore");
NAME(kNotAfter, "tls_cert_notafter");
#undef NAME

/// "100", or "100+" of a file that broke off.
bool get_size(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
  Value text;
  if (!get<kFileSize>(tx, d, index, scratch, text)) return false;
  out.integer = std::stoull(std::string(to_text(text.bytes)));
  out.bytes = text.bytes.back() == '+' ? text.bytes.last(1) : Bytes{};
  return true;
}

CarriedFile* file_at(Transaction& tx, Direction, uint32_t index) {
  auto& files = static_cast<LabTransaction&>(tx).files;
  return index < files.size() ? &files[index] : nullptr;
}

constexpr FieldName kOpcodes[] = {{"query", 0}, {"status", 2}, {"update", 5}};
constexpr FieldName kTypes[] = {{"A", 1}, {"MX", 15}, {"TXT", 16}};

const Field kHttpFields[] = {
    {.name = kMethod,
     .side = Side::to_server,
     .stage = 1,
     .get = &get<kMethod>,
     .rarity_class = 4,
     .modifier = "http_method"},
    {.name = kUri, .side = Side::to_server, .stage = 1, .get = &get<kUri>, .pcre_letter = 'U', .modifier = "http_uri"},
    {.name = kRawUri,
     .side = Side::to_server,
     .stage = 1,
     .get = &get<kRawUri>,
     .pcre_letter = 'I',
     .modifier = "http_raw_uri"},
    {.name = kHost,
     .side = Side::to_server,
     .stage = 2,
     .get = &get<kHost>,
     .lowercased = true,
     .modifier = "http_host"},
    {.name = kHeader,
     .side = Side::both,
     .stage = 2,
     .get = &get<kHeader>,
     .pcre_letter = 'H',
     .modifier = "http_header"},
    {.name = kRequestBody,
     .side = Side::to_server,
     .stage = 3,
     .get = &get<kRequestBody>,
     .pcre_letter = 'P',
     .modifier = "http_client_body"},
    {.name = kStatCode, .side = Side::to_client, .stage = 1, .get = &get<kStatCode>, .modifier = "http_stat_code"},
    {.name = kResponseBody, .side = Side::to_client, .stage = 3, .get = &get<kResponseBody>},
    {.name = kFileData,
     .side = Side::both,
     .stage = 3,
     .get = &get<kFileData>,
     .many = true,
     .sticky_aliases = {"file_data"}},
    {.name = kFileName, .side = Side::both, .stage = 1, .get = &get<kFileName>, .many = true},
    {.name = kFileMagic, .side = Side::both, .stage = 2, .get = &get<kFileMagic>, .many = true},
    {.name = kFileSize, .kind = FieldKind::integer, .side = Side::both, .stage = 3, .get = &get_size, .many = true},
    {.name = kFileMd5, .side = Side::both, .stage = 3, .get = &get<kFileMd5>, .many = true},
    {.name = kFileSha1, .side = Side::both, .stage = 3, .get = &get<kFileSha1>, .many = true},
    {.name = kFileSha256, .side = Side::both, .stage = 3, .get = &get<kFileSha256>, .many = true},
};
const Field kDnsFields[] = {
    {.name = kQuery,
     .side = Side::to_server,
     .stage = 1,
     .get = &get<kQuery>,
     .many = true,
     .sticky_aliases = {"dns_query"}},
    {.name = kOpcode,
     .kind = FieldKind::integer,
     .side = Side::both,
     .stage = 1,
     .get = &get<kOpcode>,
     .names = kOpcodes},
    {.name = kType,
     .kind = FieldKind::integer,
     .side = Side::both,
     .stage = 1,
     .get = &get<kType>,
     .many = true,
     .names = kTypes},
};
const Field kTlsFields[] = {
    {.name = kSubject, .side = Side::both, .stage = 1, .get = &get<kSubject>},
    {.name = kFingerprint, .side = Side::both, .stage = 1, .get = &get<kFingerprint>},
    {.name = kVersion, .kind = FieldKind::integer, .side = Side::both, .stage = 1, .get = &get<kVersion>},
    {.name = kNotBefore, .kind = FieldKind::date, .side = Side::to_client, .stage = 1, .get = &get<kNotBefore>},
    {.name = kNotAfter, .kind = FieldKind::date, .side = Side::to_client, .stage = 1, .get = &get<kNotAfter>},
};
constexpr std::string_view kHttpAnomalies[] = {"invalid_request", "invalid_response"};
constexpr ProgressState kHttpStates[] = {{"request_headers", Direction::to_server, 2},
                                         {"request_body", Direction::to_server, 3},
                                         {"response_headers", Direction::to_client, 1}};
constexpr ProgressState kTlsStates[] = {{"client_hello_done", Direction::to_server, 1},
                                        {"server_hello_done", Direction::to_client, 1},
                                        {"client_key_exchange_done", Direction::to_server, 2},
                                        {"server_key_exchange_done", Direction::to_client, 2}};
constexpr FrameKind kTlsFrames[] = {{"pdu", "a record"}, {"hdr", "its header"}};
const Protocol kHttp{.name = "http",
                     .fields = kHttpFields,
                     .anomalies = kHttpAnomalies,
                     .file = &file_at,
                     .head = 2,
                     .states = kHttpStates};
const Protocol kDns{.name = "dns", .fields = kDnsFields};
const Protocol kTls{.name = "tls", .fields = kTlsFields, .frames = kTlsFrames, .states = kTlsStates};

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
  return {&kHttp, &kDns, &kTls};
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
  environment.detection_events = detection_event_names();
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
  config = read_options<DetectConfig>(Setting{}, detect_options());
  Setting empty;
  decoder_ = std::make_unique<Decoder>(read_options<DecodeConfig>(empty, decode_options()), ChecksumMode::all);
}

RuleLab::~RuleLab() = default;

void RuleLab::load(std::string_view text) {
  RuleCompiler compiler(environment, config, messages);
  parse_rules(text, "lab.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
  rules = compiler.finish();
  if (!shared_) shared_ = SharedState::create(nullptr);
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
  context.detection = &wanted.detection;
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
        if (name == kOpcode || name == kType || name == kVersion || name == kNotBefore || name == kNotAfter)
          tx->integers[name].push_back(std::stoull(value));
        else
          tx->bytes[name].push_back(unhex(value));
      }
    }
    tx->files.resize(tx->bytes[kFileName].size());
    tx->anomalies.insert(tx->anomalies.end(), step.anomalies.begin(), step.anomalies.end());
    tx->progress[index(step.direction)] = step.progress;
    Event event;
    event.protocol = step.protocol == "dns" ? &kDns : step.protocol == "tls" ? &kTls : &kHttp;
    event.tx = tx.get();
    event.direction = step.direction;
    context.protocol = event.protocol;
    matcher_->event(context, event);
    if (tx->unrecorded) unrecorded_.push_back(number_);
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
