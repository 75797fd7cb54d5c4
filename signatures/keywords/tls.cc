// Older keywords over TLS certificates and versions: values, not buffers.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

constexpr int64_t kSecond = 1'000'000'000;  // ns

const std::string& require_field(RuleBuilder& rule, const RuleOption& option, const std::string& field) {
  if (!rule.buffers().has(field)) rule.skip(option, "no dissector has " + field);
  return field;
}

/// `[!]"text"` as a content of a field; `whole`: the value is this and nothing more.
void add_text(RuleBuilder& rule, const RuleOption& option, const std::string& field, bool whole, bool lowered) {
  require_field(rule, option, field);
  if (!option.has_value) rule.fail(option, "needs a value");
  std::string_view value = trim(option.value);
  auto step = std::make_unique<ContentStep>();
  if (value.starts_with('!')) {
    step->negated = true;
    value = trim(value.substr(1));
  }
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  if (value.empty()) rule.fail(option, "is empty");
  step->pattern = lowered ? to_lower(value) : std::string(value);
  step->startswith = step->endswith = whole;
  rule.add_to_buffer(rule.buffers().of_field(field), std::move(step));
}

void subject(RuleBuilder& rule, const RuleOption& option) {
  add_text(rule, option, "tls.cert_subject", false, false);
}

void issuer(RuleBuilder& rule, const RuleOption& option) {
  add_text(rule, option, "tls.cert_issuer", false, false);
}

void fingerprint(RuleBuilder& rule, const RuleOption& option) {
  add_text(rule, option, "tls.cert_fingerprint", true, true);
}

/// Integer fields of the protocols, to be looked at together with something else than a number of the rule.
struct FieldReader {
  std::vector<const Field*> fields;  // by protocol index

  std::optional<uint64_t> read(const Scene& scene) const {
    if (!scene.event || scene.protocol >= fields.size() || !fields[scene.protocol]) return std::nullopt;
    std::optional<uint64_t> found;
    fields[scene.protocol]->for_each(*scene.event->tx, scene.direction, [&](const lapwing::Value& value) {
      found = value.integer;
      return false;
    });
    return found;
  }
};

std::string words(const FieldReader&) {
  return {};
}
std::string words(const std::pair<FieldReader, FieldReader>&) {
  return {};
}

/// The rule waits for the field and needs it to have a value.
FieldReader wait_for(RuleBuilder& rule, const RuleOption& option, const std::string& field) {
  require_field(rule, option, field);
  FieldTest present;
  present.buffer = rule.buffers().of_field(field);
  present.test.mode = IntegerTest::Mode::greater_equal;
  rule.rule().field_tests.push_back(present);
  return {rule.buffers().fields(field)};
}

uint64_t now(const Scene& scene) {
  return static_cast<uint64_t>(scene.context->time.ns / kSecond);
}

void expired(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  add_condition(rule, Needs::any_packet, wait_for(rule, option, "tls_cert_notafter"),
                [](const Scene& scene, const FieldReader& end) {
                  auto value = end.read(scene);
                  return value && *value < now(scene);
                });
}

void valid(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  std::pair ends(wait_for(rule, option, "tls_cert_notbefore"), wait_for(rule, option, "tls_cert_notafter"));
  add_condition(rule, Needs::any_packet, std::move(ends), [](const Scene& scene, const auto& pair) {
    auto begin = pair.first.read(scene), end = pair.second.read(scene);
    return begin && end && *begin <= now(scene) && now(scene) <= *end;
  });
}

constexpr std::pair<std::string_view, uint64_t> kVersions[] = {{"sslv2", 0x0002},  {"sslv3", 0x0300},
                                                               {"tls1.0", 0x0301}, {"tls1.1", 0x0302},
                                                               {"tls1.2", 0x0303}, {"tls1.3", 0x0304}};

struct VersionTest {
  FieldReader version;
  std::vector<uint64_t> versions;
  bool negated = false;
};

std::string words(const VersionTest& test) {
  Sentence out;
  out.add_if(test.negated, "none of");
  for (auto [name, number] : kVersions) {
    bool wanted = std::find(test.versions.begin(), test.versions.end(), number) != test.versions.end();
    out.add_if(wanted, name);
  }
  return out.text();
}

void ssl_version(RuleBuilder& rule, const RuleOption& option) {
  VersionTest test{wait_for(rule, option, "tls.version"), {}};
  std::string value = rule.text(option);
  std::replace(value.begin(), value.end(), ' ', ',');
  for (const std::string& word : parts(value, ',')) {
    if (word.empty()) continue;
    std::string name = to_lower(word);
    if (name.starts_with('!')) {
      if (!test.versions.empty() && !test.negated)
        rule.fail(option, "'!' belongs before the first version: it is for all");
      test.negated = true;
      name = trim(std::string_view(name).substr(1));
    }
    auto found =
        std::find_if(std::begin(kVersions), std::end(kVersions), [&](const auto& v) { return v.first == name; });
    if (found == std::end(kVersions)) {
      rule.fail(option, "'" + word + "' is none of sslv2, sslv3, tls1.0, tls1.1, tls1.2, tls1.3");
    }
    test.versions.push_back(found->second);
  }
  add_condition(rule, Needs::any_packet, std::move(test), [](const Scene& scene, const VersionTest& t) {
    auto version = t.version.read(scene);
    const bool listed = version && std::find(t.versions.begin(), t.versions.end(), *version) != t.versions.end();
    return version && listed != t.negated;
  });
}

constexpr Keyword kRows[] = {
    {"tls.subject", "", &subject, "text in the subject of the certificate, or with ! not in it"},
    {"tls.issuerdn", "", &issuer, "text in the issuer of the certificate, or with ! not in it"},
    {"tls.fingerprint", "", &fingerprint, "SHA-1 of the certificate in hex with colons"},
    {"tls_cert_expired", "", &expired, "the certificate's time is over"},
    {"tls_cert_valid", "", &valid, "the certificate's time has begun and is not over"},
    {"ssl_version", "", &ssl_version,
     "one of these versions of SSL or TLS was offered or chosen, or with ! none of them"},
};

}  // namespace

const KeywordFamily kTlsFamily{"tls", kRows};

}  // namespace lapwing::rules
