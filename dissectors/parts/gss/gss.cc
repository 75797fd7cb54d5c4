#include "dissectors/parts/gss/gss.h"

#include <algorithm>
#include <iterator>

#include "dissectors/contract/names.h"
#include "sensor/base/ber.h"

namespace lapwing::gss {

namespace {

using namespace std::literals;

constexpr auto kAnomalies = names<Gss::Anomaly::unusual_ntlmssp_order>({
    {Gss::Anomaly::malformed_token, "malformed_token"},
    {Gss::Anomaly::malformed_ntlmssp, "malformed_ntlmssp"},
    {Gss::Anomaly::malformed_kerberos, "malformed_kerberos"},
    {Gss::Anomaly::unusual_ntlmssp_order, "unusual_ntlmssp_order"},
});

constexpr std::string_view kNtlmssp = "ntlmssp", kKrb5 = "krb5", kNegoex = "negoex";

/// Contents of OBJECT IDENTIFIERs.
constexpr std::string_view kSpnegoOid = "\x2b\x06\x01\x05\x05\x02"sv;  // 1.3.6.1.5.5.2
constexpr struct Mechanism {
  std::string_view oid, name;
} kMechanisms[] = {
    {"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"sv, kKrb5},                    // RFC 1964 1
    {"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"sv, kKrb5},                    // MS-SPNG 1.9, by an old mistake
    {"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x03"sv, "krb5-user-to-user"},  // MS-KILE 1.9
    {"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"sv, kNtlmssp},             // MS-NLMP 1.9
    {"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e"sv, kNegoex},              // MS-SPNG 1.9
    {"\x2b\x06\x01\x05\x02\x05"sv, "iakerb"},                             // draft-ietf-kitten-iakerb
};

std::string_view mechanism_name(Bytes oid) {
  const auto* found = std::ranges::find(kMechanisms, to_text(oid), &Mechanism::oid);
  return found == std::end(kMechanisms) ? "other" : found->name;
}

/// The element under an explicit tag.
bool under(const ber::Element& field, uint8_t tag, ber::Element& out) {
  Bytes inner = field.content;
  return ber::next(inner, tag, out);
}

}  // namespace

const Part Gss::part{.name = "gss", .help = "a login by GSS-API: SPNEGO, NTLMSSP, Kerberos", .anomalies = kAnomalies};

Token Login::take(Bytes token, Direction direction) {
  if (token.empty()) return Token::nothing;
  constexpr uint8_t kInitial = ber::context(0, true), kResponse = ber::context(1, true);
  if (token[0] == kInitial || token[0] == kResponse) return spnego(token, direction);
  if (token[0] != ber::application(0, true)) return mechanism_token(token);
  // RFC 2743 3.1: the mechanism, and what it alone understands.
  Bytes rest = token;
  ber::Element whole, oid;
  if (!ber::next(rest, whole) || whole.cut) return Token::malformed;
  Bytes inner = whole.content;
  if (!ber::next(inner, ber::kOid, oid)) return Token::malformed;
  if (to_text(oid.content) == kSpnegoOid) return spnego(inner, direction);
  return mechanism_token(token);
}

void tell(Token token, PartOut<Gss> out, Direction direction, Transaction* tx) {
  switch (token) {
    case Token::nothing:
    case Token::sound: return;
    case Token::unusual_ntlmssp: return out.anomaly(Gss::Anomaly::unusual_ntlmssp_order, direction, tx);
    case Token::malformed: return out.anomaly(Gss::Anomaly::malformed_token, direction, tx);
    case Token::malformed_ntlmssp: return out.anomaly(Gss::Anomaly::malformed_ntlmssp, direction, tx);
    case Token::malformed_kerberos: return out.anomaly(Gss::Anomaly::malformed_kerberos, direction, tx);
  }
}

/// NegTokenInit or NegTokenResp (RFC 4178 4.2). A server may begin with hints (MS-SPNG 2.2.1), which are its
/// mechanisms.
Token Login::spnego(Bytes token, Direction direction) {
  ber::Element choice, sequence, field, value;
  if (!ber::next(token, choice) || choice.cut) return Token::malformed;
  const bool initial = choice.tag == ber::context(0, true);
  if (!initial && choice.tag != ber::context(1, true)) return Token::malformed;
  if (!under(choice, ber::kSequence, sequence)) return Token::malformed;
  spnego_ = true;
  Token said = Token::sound;
  Bytes rest = sequence.content;
  while (ber::next(rest, field)) {
    if (field.cut) return Token::malformed;
    if (field.tag == ber::context(0, true) && initial) {
      ber::Element oid;
      if (!under(field, ber::kSequence, value)) return Token::malformed;
      Bytes list = value.content;
      if (ber::next(list, ber::kOid, oid) && !by_token_) mechanism_ = mechanism_name(oid.content);
    } else if (field.tag == ber::context(0, true)) {
      if (!under(field, ber::kEnumerated, value) || value.content.size() != 1) return Token::malformed;
      constexpr uint8_t kCompleted = 0, kRejected = 2;
      const uint8_t state = value.content[0];
      if (direction == Direction::to_client && state == kCompleted) outcome_ = Outcome::success;
      if (direction == Direction::to_client && state == kRejected) outcome_ = Outcome::failure;
    } else if (field.tag == ber::context(1, true) && !initial) {
      if (!under(field, ber::kOid, value)) return Token::malformed;
      if (!by_token_) mechanism_ = mechanism_name(value.content);
    } else if (field.tag == ber::context(2, true)) {
      if (!under(field, ber::kOctets, value)) return Token::malformed;
      said = mechanism_token(value.content);
      if (said == Token::nothing) said = Token::sound;
    }
  }
  return rest.empty() ? said : Token::malformed;
}

Token Login::mechanism_token(Bytes token) {
  const std::string_view text = to_text(token);
  if (text.starts_with("NEGOEXTS")) {
    mechanism_ = kNegoex;
    by_token_ = true;
    return Token::sound;
  }
  if (text.starts_with(ntlmssp::kSignature)) return read_ntlmssp(token);
  if (token.empty()) return Token::nothing;
  if (token[0] != ber::application(0, true)) return read_kerberos(token);
  constexpr size_t kTokenId = 2;  // RFC 1964 1.1: which of its tokens it is
  ber::Element whole, oid;
  if (!ber::next(token, whole) || whole.cut) return Token::malformed;
  Bytes inner = whole.content;
  if (!ber::next(inner, ber::kOid, oid)) return Token::malformed;
  mechanism_ = mechanism_name(oid.content);
  by_token_ = true;
  if (!mechanism_.starts_with(kKrb5) || inner.size() < kTokenId) return Token::sound;
  const Token said = read_kerberos(inner.subspan(kTokenId));
  return said == Token::nothing ? Token::sound : said;
}

Token Login::read_ntlmssp(Bytes token) {
  mechanism_ = kNtlmssp;
  by_token_ = true;
  if (!ntlmssp_) ntlmssp_.emplace();
  if (!ntlmssp::read(token, *ntlmssp_)) return Token::malformed_ntlmssp;
  return ntlmssp_->unusual ? Token::unusual_ntlmssp : Token::sound;
}

/// AP-REQ, AP-REP or KRB-ERROR as it is.
Token Login::read_kerberos(Bytes token) {
  using kerberos::Type;
  kerberos::Message message;
  const auto is = [&](Type type) { return token[0] == ber::application(static_cast<uint8_t>(type), true); };
  if (token.empty() || !(is(Type::ap_request) || is(Type::ap_reply) || is(Type::error))) return Token::nothing;
  const bool sound = kerberos::read(token, message);
  if (message.type == Type::none) return Token::malformed_kerberos;
  mechanism_ = kKrb5;
  by_token_ = true;
  if (message.type == Type::ap_request && !message.ticket.empty()) kerberos_ = std::move(message.ticket);
  if (message.type == Type::error) kerberos_error_ = message.error;
  return sound ? Token::sound : Token::malformed_kerberos;
}

LoginSeen Login::seen(Outcome outcome) const {
  return {.user = ntlmssp_ ? ntlmssp_->user : std::string(), .outcome = outcome};
}

void sightings(const Login& login, SightingSink& sink) {
  const ntlmssp::Exchange* const ntlm = login.ntlmssp();
  if (!ntlm) return;
  // Samba and others say some version, but no build.
  const auto system = [&](Side side, const std::optional<ntlmssp::Version>& version) {
    if (!version || version->build == 0) return;
    const std::string text =
        std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' + std::to_string(version->build);
    sink.software({.side = side, .value = "Windows", .version = text});
  };
  system(Side::client, ntlm->version ? ntlm->version : ntlm->client_version);
  system(Side::server, ntlm->server_version);
  for (const std::string* name : {&ntlm->server_dns_name, &ntlm->server_name}) {
    if (name->empty()) continue;
    sink.binding({.kind = BindingKind::ntlm, .side = Side::server, .name = *name});
    break;
  }
}

}  // namespace lapwing::gss
