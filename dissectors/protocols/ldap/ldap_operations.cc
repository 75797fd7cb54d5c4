// What requests and responses mean to each other, and to the session.
#include <algorithm>
#include <charconv>
#include <utility>

#include "dissectors/protocols/ldap/ldap.h"
#include "sensor/base/text.h"

namespace lapwing::ldap {

namespace {

constexpr auto kClient = Direction::to_server;  // who speaks
constexpr auto kServer = Direction::to_client;
constexpr uint32_t kUnsolicited = 0;  // RFC 4511 4.4: message id of what nobody asked for

/// "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data 52e, v4563"
std::optional<Refusal> read_refusal(std::string_view message) {
  constexpr std::string_view kData = ", data ";
  const size_t at = message.find(kData);
  if (at == std::string_view::npos || message.find("LdapErr") == std::string_view::npos) return {};
  const std::string_view digits = message.substr(at + kData.size());
  Refusal out;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.code, 16);
  return error == std::errc() && end != digits.data() && out.code != 0 ? std::optional(out) : std::nullopt;
}

/// What NTLMSSP agreed on (MS-NLMP 2.2.2.5), where it is that.
std::optional<Protection> agreed(const sasl::Login& login) {
  constexpr uint32_t kSign = 0x10, kSeal = 0x20;
  if (!login.by_ntlm()) return {};
  const uint32_t flags = login.tokens->ntlmssp()->flags;
  return flags & kSeal ? Protection::sealed : flags & kSign ? Protection::signed_only : Protection::none;
}

}  // namespace

void Exchange::reset() {
  static_cast<Transaction&>(*this) = {};
  asked = abandoned = open = over = false;
  request = {};
  responses.clear();
  for (Contents& one : contents) one.clear();
  count = entries = references = size = 0;
  login.reset();
  refusal.reset();
  netlogon.reset();
  layer.reset();
  links = {};
  reading = {};
}

Exchange& Ldap::open(uint32_t id) {
  while (pending_.size() >= std::max<uint64_t>(config_.max_tx, 1) && give_up_oldest()) {
  }
  Exchange& exchange = pending_.open(id);
  out_.open(exchange);
  exchange.open = config_.passwords;
  return exchange;
}

/// False where all are over, and wait for the rest of a message: each side has one under way at most. Else who never
/// ends one would keep all behind it.
bool Ldap::give_up_oldest() {
  Exchange* oldest = pending_.oldest();
  while (oldest && oldest->over) oldest = oldest->links.newer;
  if (!oldest) return false;
  out_.capped(Cap::tx);
  out_.anomaly(Anomaly::too_many_transactions, kClient, oldest);
  end(*oldest);
  return true;
}

/// That a response belongs to.
Exchange& Ldap::asked_by(const Head& head) {
  Exchange* const found = head.id == kUnsolicited ? nullptr : pending_.find(head.id);
  if (found) return *found;
  Exchange& exchange = open(head.id);
  const bool may_be_unsolicited = head.operation == Operation::extended_response;
  if (!may_be_unsolicited && in_step_) out_.anomaly(Anomaly::request_not_found, kServer, &exchange);
  return exchange;
}

bool Ldap::has_room(const Exchange& exchange, Operation operation) const {
  if (exchange.responses.size() < config_.max_responses) return true;
  return is_final(operation) && !exchange.over;
}

void Ldap::request(Exchange& exchange) {
  const Message& message = exchange.request;
  switch (message.operation) {
    case Operation::bind_request: log_in(exchange); break;
    case Operation::abandon_request:
      if (Exchange* const target = pending_.find(message.abandoned)) target->abandoned = true;
      break;
    case Operation::extended_request:
      if (to_text(exchange.of(kClient).of(message.name)) == kStartTls) tls_ = Tls::asked;
      break;
    default: break;
  }
  out_.reach(exchange, kClient, kComplete, exchange.size);
  // Nothing is said to some; to others it was said before they had come to their end.
  if (is_final(message.operation) || exchange.over) end(exchange);
}

void Ldap::response(Exchange& exchange, const Message& message) {
  const bool keeps = has_room(exchange, message.operation);
  ++exchange.count;
  exchange.entries += message.operation == Operation::search_result_entry ? 1 : 0;
  exchange.references += message.operation == Operation::search_result_reference ? 1 : 0;
  if (keeps) {
    exchange.responses.push_back(message);
  } else {
    out_.capped(Cap::responses);
    out_.anomaly(Anomaly::too_many_responses, kServer, &exchange);
  }
  switch (message.operation) {
    case Operation::bind_response: answer_login(exchange, message); break;
    case Operation::search_result_entry: look_into(exchange, message); break;
    case Operation::extended_response: {
      const Contents& asked = exchange.of(kClient);
      const Contents& answered = exchange.of(kServer);
      const Bytes name = exchange.asked ? asked.of(exchange.request.name) : answered.of(message.name);
      if (to_text(name) != kStartTls) break;
      const bool granted = message.result == kSuccess;
      if (granted) tls_ = Tls::granted;
      if (!granted && std::exchange(tls_, Tls::none) == Tls::asked) out_.resume(kClient);
      break;
    }
    default: break;
  }
  const bool alone = !exchange.asked && message.id == kUnsolicited;
  if (is_final(message.operation) || alone || exchange.over) end(exchange);
}

void Ldap::log_in(Exchange& exchange) {
  const Message& message = exchange.request;
  const Contents& words = exchange.of(kClient);
  if (message.proof == Proof::sasl || message.proof == Proof::negotiation) {
    // MS-ADTS 5.1.1.1.3: a login without SASL, by messages of NTLMSSP.
    const std::string_view mechanism =
        message.proof == Proof::sasl ? to_text(words.of(message.mechanism)) : std::string_view("NTLM");
    // One may take several requests (RFC 4511 4.2.1); another begins anew.
    const bool goes_on = login_ && !login_->over && login_->said.mechanism == mechanism;
    if (!goes_on) {
      login_ = std::make_shared<Login>();
      login_->said.mechanism = mechanism;
    }
    exchange.login = login_;
    return take_token(side(kClient).reader.token(), kClient, exchange);
  }
  login_.reset();
  if (!message.proved) return;  // nobody logs in (RFC 4513 5.1.1, 5.1.2)
  login_ = std::make_shared<Login>();
  login_->said.user = to_text(words.of(message.dn));
  login_->said.say(to_text(words.of(message.password)), true);
  exchange.login = login_;
}

void Ldap::take_token(std::string_view token, Direction direction, Exchange& exchange) {
  if (token.empty()) return;
  const auto chosen = chosen_protection(to_bytes(token));
  Login& login = *exchange.login;
  if (chosen && direction == kClient) login.protection = chosen;
  if (chosen) return;  // nor does it say anything else
  const std::string coded = to_base64(to_bytes(token));
  const gss::Token said =
      direction == kClient ? login.said.answer(coded, config_.passwords) : login.said.challenge(coded);
  gss::tell(said, out_.part<gss::Gss>(), direction, &exchange);
  if (const auto by_ntlm = agreed(login.said)) login.protection = by_ntlm;
}

void Ldap::answer_login(Exchange& exchange, const Message& message) {
  const Contents& words = exchange.of(kServer);
  if (message.result != kSuccess) exchange.refusal = read_refusal(to_text(words.of(message.message)));
  if (!exchange.login) return;
  // The challenge to a login without SASL stands where the name does, and is no end (MS-ADTS 5.1.1.1.3).
  const bool negotiates = exchange.request.proof == Proof::negotiation;
  take_token(negotiates ? to_text(words.of(message.dn)) : side(kServer).reader.token(), kServer, exchange);
  Login& login = *exchange.login;
  const bool challenged = negotiates && message.result == kSuccess && !login.said.by_ntlm();
  login.over = message.result && message.result != kBindInProgress && !challenged;
  if (!login.over) return;
  login.said.end(message.result == kSuccess ? Outcome::success : Outcome::failure);
  told_layers_ = 0;
}

/// RFC 4512 5.1: what a server says of itself is in an entry without a name.
void Ldap::look_into(Exchange& exchange, const Message& message) {
  if (exchange.netlogon || message.dn.size > 0) return;
  const Contents& said = exchange.of(kServer);
  for (const Attribute& attribute : said.of(said.attributes, message.attributes)) {
    if (attribute.values.count == 0 || !equal_nocase(to_text(said.of(attribute.type)), "netlogon")) continue;
    if (auto netlogon = read_netlogon(said.of(said.of(attribute.values).front()))) {
      exchange.netlogon = std::make_unique<Netlogon>(std::move(*netlogon));
    }
    return;
  }
}

/// Nothing more is said of it, but for the rest of a message.
void Ldap::end(Exchange& exchange) {
  exchange.over = true;
  if (!exchange.reading[0] && !exchange.reading[1]) close(exchange);
}

/// Writes what is to be written of it, and forgets it.
void Ldap::close(Exchange& exchange) {
  out_.reach(exchange, kClient, kComplete, exchange.size);
  out_.reach(exchange, kServer, kComplete, exchange.size);
  out_.emit({.tx = &exchange, .direction = kServer, .record = records().data(), .message = exchange.size});
  pending_.close(exchange);
}

void Ldap::close_all() {
  while (!pending_.empty()) close(*pending_.oldest());
}

}  // namespace lapwing::ldap
