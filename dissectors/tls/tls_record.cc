#include <algorithm>

#include "dissectors/tls/tls.h"

namespace lapwing::tls {

namespace {

enum Member : uint32_t {
  kSubject = 1 << 0,
  kIssuer = 1 << 1,
  kSessionResumed = 1 << 2,
  kSerial = 1 << 3,
  kFingerprint = 1 << 4,
  kSni = 1 << 5,
  kVersion = 1 << 6,
  kNotBefore = 1 << 7,
  kNotAfter = 1 << 8,
  kCertificateDer = 1 << 9,
  kChain = 1 << 10,
  kJa3 = 1 << 11,
  kJa3s = 1 << 12,
  kJa4 = 1 << 13,
  kAlternativeNames = 1 << 14,
  kClient = 1 << 15,
  kClientCertificate = 1 << 16,
  kClientChain = 1 << 17,
  kClientAlpns = 1 << 18,
  kServerAlpns = 1 << 19,
  kClientHandshake = 1 << 20,
  kServerHandshake = 1 << 21,
};

constexpr uint32_t kBasic = kSubject | kIssuer | kSessionResumed;
constexpr uint32_t kExtended = kBasic | kSerial | kFingerprint | kSni | kVersion | kNotBefore | kNotAfter | kJa3 |
                               kJa3s | kJa4 | kAlternativeNames | kClient | kClientAlpns | kServerAlpns;

// In the order of Member's bits.
constexpr std::string_view kMemberNames[] = {"subject",
                                             "issuer",
                                             "session_resumed",
                                             "serial",
                                             "fingerprint",
                                             "sni",
                                             "version",
                                             "not_before",
                                             "not_after",
                                             "certificate",
                                             "chain",
                                             "ja3",
                                             "ja3s",
                                             "ja4",
                                             "subjectaltname",
                                             "client",
                                             "client_certificate",
                                             "client_chain",
                                             "client_alpns",
                                             "server_alpns",
                                             "client_handshake",
                                             "server_handshake"};

uint32_t members_of(const Config* config) {
  if (!config) return kExtended;
  if (config->custom.empty()) return config->extended ? kExtended : kBasic;
  uint32_t members = 0;
  for (size_t i = 0; i < std::size(kMemberNames); ++i) {
    if (std::ranges::find(config->custom, kMemberNames[i]) != config->custom.end()) members |= 1u << i;
  }
  return members;
}

void write_texts(std::string_view key, const std::vector<std::string>& texts, JsonWriter& json) {
  if (texts.empty()) return;
  json.begin_array(key);
  for (const auto& text : texts) json.value(text);
  json.end_array();
}

void write_alpns(std::string_view key, const AlpnNames& alpns, JsonWriter& json) {
  Bytes rest = alpns.list(), name;
  if (!next_alpn(rest, name)) return;
  json.begin_array(key);
  do json.value(name);
  while (next_alpn(rest, name));
  json.end_array();
}

void write_certificate(const Certificate& certificate, uint32_t members, JsonWriter& json) {
  auto member = [&](uint32_t bit, std::string_view key, const std::string& text, bool even_empty = false) {
    if (members & bit && (even_empty || !text.empty())) json.member(key, text);
  };
  // An empty name is one.
  member(kSubject, "subject", certificate.subject, certificate.readable);
  member(kIssuer, "issuerdn", certificate.issuer, certificate.readable);
  member(kSerial, "serial", certificate.serial);
  member(kFingerprint, "fingerprint", certificate.fingerprint);
  member(kNotBefore, "notbefore", certificate.not_before);
  member(kNotAfter, "notafter", certificate.not_after);
  if (members & kAlternativeNames) write_texts("subjectaltname", certificate.names, json);
}

void write_der(const Party& party, bool certificate, bool chain, JsonWriter& json) {
  if (party.chain.empty()) return;
  if (certificate) json.key("certificate").base64(to_bytes(party.chain[0]));
  if (!chain) return;
  json.begin_array("chain");
  for (const auto& der : party.chain) json.base64(to_bytes(der));
  json.end_array();
}

void write_ja3(std::string_view key, const std::string& hash, const std::string& text, JsonWriter& json) {
  if (hash.empty()) return;
  json.begin_object(key).member("hash", hash).member("string", text).end_object();
}

void write_values(std::string_view key, const Values16& values, JsonWriter& json) {
  bool open = false;
  for (size_t i = 0; i < values.size(); ++i) {
    if (is_grease(values[i])) continue;
    if (!open) json.begin_array(key);
    open = true;
    json.value(values[i]);
  }
  if (open) json.end_array();
}

void write_extensions(Bytes extensions, JsonWriter& json) {
  bool open = false;
  for (Extension e; next_extension(extensions, e);) {
    if (is_grease(e.type)) continue;
    if (!open) json.begin_array("exts");
    open = true;
    json.value(e.type);
  }
  if (open) json.end_array();
}

void write_hello(std::string_view key, const Party& party, bool client, JsonWriter& json) {
  if (!party.greeted) return;
  char scratch[8];
  json.begin_object(key).member("version", version_name(party.version, scratch));
  if (client) {
    write_values("ciphers", party.hello.ciphers, json);
  } else if (party.hello.ciphers.size() > 0) {
    json.member("cipher", party.hello.ciphers[0]);
  }
  write_extensions(party.hello.extensions, json);
  if (client) write_values("sig_algs", party.hello.signatures, json);
  json.end_object();
}

void write_members(const Handshake& tx, uint32_t members, JsonWriter& json) {
  const Party &client = tx.client(), &server = tx.server();
  json.begin_object("tls");
  if (members & kSessionResumed && tx.resumed()) json.member("session_resumed", true);
  if (server.certificate) write_certificate(*server.certificate, members, json);
  if (members & kSni && !tx.sni.empty()) json.member("sni", tx.sni);
  if (members & kVersion) {
    char scratch[8];
    // Before the server has chosen, what the client offers is all there is.
    json.member("version", version_name(server.version ? server.version : client.version, scratch));
  }
  write_der(server, members & kCertificateDer, members & kChain, json);
  if (members & kJa3) write_ja3("ja3", tx.ja3_hash, tx.ja3, json);
  if (members & kJa3s) write_ja3("ja3s", tx.ja3s_hash, tx.ja3s, json);
  if (members & kJa4 && !tx.ja4.empty()) json.member("ja4", tx.ja4);
  if (members & kClient && client.certificate) {
    constexpr uint32_t kAll = kSubject | kIssuer | kSerial | kFingerprint | kNotBefore | kNotAfter | kAlternativeNames;
    json.begin_object("client");
    write_certificate(*client.certificate, kAll, json);
    write_der(client, members & kClientCertificate, members & kClientChain, json);
    json.end_object();
  }
  if (members & kClientAlpns) write_alpns("client_alpns", client.alpns, json);
  if (members & kServerAlpns) write_alpns("server_alpns", server.alpns, json);
  if (members & kClientHandshake) write_hello("client_handshake", client, true, json);
  if (members & kServerHandshake) write_hello("server_handshake", server, false, json);
  json.end_object();
}

void write(const Event& event, const RecordContext& context, JsonWriter& json) {
  write_members(static_cast<const Handshake&>(*event.tx), members_of(static_cast<const Config*>(context.config)), json);
}

constexpr RecordRow kRecords[] = {{"tls", &write, "a TLS handshake"}};

}  // namespace

std::span<const RecordRow> records() {
  return kRecords;
}

void write_in_alert(const Event& event, const RecordContext&, JsonWriter& json) {
  write_members(static_cast<const Handshake&>(*event.tx), kExtended, json);
}

}  // namespace lapwing::tls
