// Handshake messages, and what each tells.
#include <algorithm>

#include "dissectors/parts/handshake/fingerprint.h"
#include "dissectors/protocols/tls/tls.h"

namespace lapwing::tls {

/// What follows the handshake is encrypted and may be long: keeps only what alerts still show, and of that no text that
/// is longer than honest ones are.
void Tls::abridge() {
  for (Party& party : tx_.parties) {
    party.hello = {};
    party.hello_bytes = {};
    party.chain = {};
    if (!out_.within(Cap::text, party.alpns.size())) party.alpns = {};
    if (party.certificate && !out_.within(Cap::certificate, x509::weight(*party.certificate))) {
      party.certificate = {};
      tx_.may_resume = false;
    }
  }
  for (std::string* text : {&tx_.sni, &tx_.ja3, &tx_.ja3s}) {
    if (!out_.within(Cap::text, text->size())) *text = {};
    text->shrink_to_fit();
  }
}

void Tls::handshake(Bytes piece, Direction direction) {
  HalfFlow& side = sides_[index(direction)];
  const auto goes_on = [&] { return !side.encrypted && !side.stopped && !done_; };
  if (!goes_on()) return;
  side.messages.read(piece, out_.limit(Cap::message), [&](const Message& next) {
    if (next.too_long) {
      out_.capped(Cap::message);
      raise(Anomaly::handshake_invalid_length, direction);
    } else {
      message(next.type, next.body, direction);
    }
    return goes_on();
  });
}

/// `body` is empty for messages that are not read.
void Tls::message(uint8_t type, Bytes body, Direction direction) {
  const bool from_client = direction == Direction::to_server;
  tx_.bytes += kMessageHeader + body.size();
  if (!known_message_type(type)) {
    raise(Anomaly::invalid_handshake_message, direction);
    sides_[index(direction)].encrypted = true;  // nothing that follows can be trusted to be in the clear
    return;
  }
  switch (type) {
    case kClientHello:
      if (from_client) client_hello(body);
      break;
    case kServerHello:
      if (!from_client) server_hello(body);
      break;
    case kCertificate: certificates(body, direction); break;
    case kServerKeyExchange:
    case kClientKeyExchange: advance(direction, kKeyExchangeDone); break;
    case kCertificateRequest: client_certificate_wanted_ |= !from_client; break;
    case kServerHelloDone:
      if (!from_client && tx_.server().certificate && !client_certificate_wanted_) complete(direction);
      break;
    default: break;
  }
}

void Tls::report_faults(uint8_t faults, Direction direction) {
  if (faults & kBadLength) raise(Anomaly::handshake_invalid_length, direction);
  if (faults & kManySni) raise(Anomaly::multiple_sni_extensions, direction);
  if (faults & kBadSniType) raise(Anomaly::invalid_sni_type, direction);
  if (faults & kBadSniLength) raise(Anomaly::invalid_sni_length, direction);
}

void Tls::client_hello(Bytes body) {
  constexpr Direction kFrom = Direction::to_server;
  if (tx_.client().greeted && !other_hello(body)) return;
  Party& party = tx_.parties[index(kFrom)];
  party.hello_bytes = to_text(body);
  Hello& hello = party.hello;
  if (!parse_client_hello(to_bytes(party.hello_bytes), hello)) {
    raise(Anomaly::invalid_handshake_message, kFrom);
    return;
  }
  party.greeted = true;
  party.version = hello.version;
  party.alpns = to_text(hello.alpn);
  tx_.sni = to_text(hello.sni);
  tx_.may_resume = hello.has_ticket;
  if (config_.ja3) {
    tx_.ja3 = ja3_string(hello);
    tx_.ja3_hash = md5_hex(tx_.ja3);
  }
  if (config_.ja4) tx_.ja4 = tls::ja4(hello);
  report_faults(hello.faults, kFrom);
  advance(kFrom, kHelloDone);
}

/// A client that was asked to retry sends its hello again, and the first one is its fingerprint. When the second asks
/// for something else, which RFC 8446 4.1.2 forbids and servers take, it begins a transaction of its own: true.
bool Tls::other_hello(Bytes body) {
  constexpr Direction kFrom = Direction::to_server;
  Hello second;
  if (!retrying_ || retried_ || !parse_client_hello(body, second)) return false;
  retried_ = true;
  const Party& first = tx_.client();
  if (std::ranges::equal(second.sni, to_bytes(tx_.sni)) && std::ranges::equal(second.alpn, to_bytes(first.alpns))) {
    return false;
  }
  publish(kFrom);
  tx_ = Handshake{};
  begin();
  raise(Anomaly::invalid_handshake_message, kFrom);
  return true;
}

void Tls::server_hello(Bytes body) {
  constexpr Direction kFrom = Direction::to_client;
  Party& party = tx_.parties[index(kFrom)];
  if (party.greeted) return;
  Hello hello;
  if (!parse_server_hello(body, hello)) {
    raise(Anomaly::invalid_handshake_message, kFrom);
    return;
  }
  if (hello.retry) {
    retrying_ = true;
    party.version = hello.version;
    for (HalfFlow& side : sides_) side.encrypted = false;
  } else {
    retrying_ = false;
    party.greeted = true;
    party.version = hello.version;
    party.hello_bytes = to_text(body);
    parse_server_hello(to_bytes(party.hello_bytes), party.hello);
    party.alpns = to_text(hello.alpn);
    const Bytes offered = tx_.client().hello.session_id;
    tx_.may_resume |= !offered.empty() && std::ranges::equal(offered, hello.session_id);
  }
  if (config_.ja3 && tx_.ja3s.empty()) {
    tx_.ja3s = ja3s_string(hello);
    tx_.ja3s_hash = md5_hex(tx_.ja3s);
  }
  report_faults(hello.faults, kFrom);
  if (!hello.retry) advance(kFrom, kHelloDone);
}

void Tls::certificates(Bytes body, Direction direction) {
  Party& party = tx_.parties[index(direction)];
  if (!party.chain.empty()) return;
  ByteReader reader(body);
  const size_t size = reader.u24();
  if (!reader.ok() || size != reader.left()) raise(Anomaly::certificate_invalid_length, direction);
  Bytes rest = reader.bytes(std::min(size, reader.left()));
  for (Bytes der; !rest.empty() && out_.within(Cap::chain, party.chain.size() + 1);) {
    if (!next_certificate(rest, der)) {
      raise(Anomaly::certificate_invalid_length, direction);
      break;
    }
    keep_certificate(der, direction);
  }
  advance(direction, kCertificateDone);
  if (direction == Direction::to_server && client_certificate_wanted_ && tx_.server().certificate) {
    complete(direction);
  }
}

void Tls::keep_certificate(Bytes der, Direction direction) {
  Party& party = tx_.parties[index(direction)];
  party.chain.emplace_back(to_text(der));
  if (party.certificate) return;  // only the first says who the party is
  party.certificate = x509::read_certificate(der);
  switch (const x509::CertificateFault fault = party.certificate->fault) {
    case x509::CertificateFault::none: break;
    case x509::CertificateFault::cut: raise(Anomaly::invalid_certificate, direction); break;
    case x509::CertificateFault::length: raise(Anomaly::certificate_invalid_length, direction); break;
    default: {
      // The others stand behind it in their order.
      constexpr auto kBefore = static_cast<uint8_t>(Anomaly::invalid_alert_message);
      raise(static_cast<Anomaly>(kBefore + static_cast<uint8_t>(fault)), direction);
    }
  }
}

}  // namespace lapwing::tls
