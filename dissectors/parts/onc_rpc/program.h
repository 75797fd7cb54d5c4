// Program: calls and answers of a program that says little, a transaction each.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "dissectors/contract/open.h"
#include "dissectors/contract/out.h"
#include "dissectors/parts/onc_rpc/messages.h"
#include "dissectors/parts/onc_rpc/rpc_part.h"

namespace lapwing::onc_rpc {

/// [W] A call and its answer; of a program's own derives from it.
struct Conversation : Transaction {
  Heads rpc;
  Direction asked_by = Direction::to_server;  // whose bytes had the call
  uint64_t digest = 0;                        // of its datagram
  bool opened = false;

  void reset() {
    id = number = 0;
    progress = inspected = {};
    begin = {kNowhere, kNowhere};
    store_files = 0;
    unrecorded = false;
    grown = {};
    anomalies.clear();
    matched.clear();
    rpc.reset();
    digest = 0;
    opened = false;
  }
};

/// [W] The dissector D of a program has D::kProgram, a frame D::Pdu::pdu, D::Anomaly::malformed_data and D::Cap::tx,
/// and
/// - void arguments(Tx&, XdrReader&): what the call is about,
/// - bool results(Tx&, XdrReader&, bool first): the next of what the answer says; false when nothing follows,
/// - void answered(Tx&): it has a record now,
/// and D::kNeighbours, programs that a client may go on to on its connection: theirs say more.
/// Neither does anything unless all that it reads is whole().
template <class D, class Tx>
class Program : private Carrier {
 public:
  Program(D& dissector, Out<D>& out) : dissector_(dissector), out_(out), messages_(*this) {
    if (out_.picked_up_late()) messages_.begin_anywhere();
  }

  Step data(const Chunk& chunk) {
    digest_ = chunk.datagram ? digest(chunk.data) : 0;
    return messages_.data(chunk);
  }
  Step gap(Direction direction, uint64_t lost) { return messages_.gap(direction, lost); }
  void finish() {
    while (Tx* tx = calls_.oldest()) close(*tx);
  }

 private:
  struct Reading {
    Tx* tx = nullptr;  // null: nothing of the message is read
    bool reply = false, first = false, over = false;
    bool wrapped = false;
  };
  static uint64_t key(uint32_t xid, Direction asked_by) { return uint64_t{index(asked_by)} << 32 | xid; }

  void call(const Call& head, const Span& span, Direction direction) override {
    Reading& reading = readings_[index(direction)] = {};
    if (head.program != D::kProgram) return;
    if (span.datagram) {
      const Tx* same = calls_.find(key(head.xid, direction));
      if (same && same->digest == digest_) return;  // once more
    }
    if (calls_.size() >= out_.limit(D::Cap::tx)) {
      out_.capped(D::Cap::tx);
      close(*calls_.oldest());
    }
    Tx& tx = calls_.open(key(head.xid, direction));
    tx.rpc.take(head);
    tx.asked_by = direction;
    tx.digest = digest_;
    if (!span.datagram) tx.begin[index(direction)] = span.begin;
    const bool readable = !head.gss || (head.gss->procedure == 0 && head.gss->service != GssService::privacy);
    reading = {.tx = &tx, .over = !readable, .wrapped = integrity(head.gss)};
  }
  void reply(const Reply& head, const Span&, Direction direction) override {
    Reading& reading = readings_[index(direction)] = {};
    Tx* tx = calls_.find(key(head.xid, reverse(direction)));
    if (!tx) return;
    tx->rpc.reply = head;
    const auto& gss = tx->rpc.identity.gss;
    const bool readable = head.has_results() && !tx->rpc.is_private() && (!gss || gss->procedure == 0);
    reading = {.tx = tx, .reply = true, .first = true, .over = !readable, .wrapped = integrity(gss)};
  }
  static bool integrity(const std::optional<Gss>& gss) { return gss && gss->service == GssService::integrity; }

  Taken body(Bytes bytes, bool whole, Direction direction) override {
    Reading& reading = readings_[index(direction)];
    size_t used = 0;
    while (reading.tx && !reading.over) {
      const Bytes rest = bytes.subspan(used);
      XdrReader reader(Messages::unit(rest));
      if (reading.wrapped) reader.skip(8);  // length and number of what integrity protects (RFC 2203 5.3.2.2)
      bool more = false;
      if (reading.reply) {
        more = dissector_.results(*reading.tx, reader, reading.first);
      } else {
        dissector_.arguments(*reading.tx, reader);
      }
      const bool cut = whole && reader.missing() && !Messages::too_long(rest, reader.missing());
      if (!reader.ok() || cut) {
        malformed(reading.tx, direction);
        reading.over = true;
        break;
      }
      if (reader.missing()) return {used, reader.missing()};
      used += reader.position();
      reading.first = reading.wrapped = false;
      reading.over = !more;
    }
    return {bytes.size(), 0};
  }
  bool lose(uint64_t, Direction direction) override {
    const Reading& reading = readings_[index(direction)];
    return reading.over || !reading.tx;
  }
  void end(bool, Direction direction) override {
    Reading& reading = readings_[index(direction)];
    Tx* tx = std::exchange(reading.tx, nullptr);
    if (!tx) return;
    if (reading.reply) return close(*tx);
    open(*tx);
  }
  void fault(Fault fault, Direction direction) override {
    if (fault == Fault::unit) return out_.template part<Rpc>().capped(Rpc::Cap::unit);
    malformed(calls_.latest(), direction);
  }
  Likelihood begins(Bytes bytes, Direction direction) override {
    const Likelihood verdict = judge(bytes, D::kProgram, true);
    if (verdict != Likelihood::maybe) return verdict;
    return calls_.find(key(load_be32(&bytes[4]), reverse(direction))) ? Likelihood::sure : Likelihood::no;
  }
  void record(const Span& span, Direction direction) override {
    out_.frame(D::Pdu::pdu, direction, span.begin, span.length ? span.length : kOpenLength);
  }
  void record_over(uint64_t end, Direction direction) override { out_.end_frame(D::Pdu::pdu, direction, end); }
  Likelihood goes_over(Bytes bytes, bool datagram) override {
    const Owner whose = owner(bytes, D::kNeighbours, datagram);
    if (!whose.neighbour) return whose.verdict;
    if (!out_.knows(whose.neighbour->protocol)) return Likelihood::no;
    out_.become(whose.neighbour->protocol);
    return Likelihood::sure;
  }

  void open(Tx& tx) {
    if (std::exchange(tx.opened, true)) return;
    out_.open(tx);
    out_.reach(tx, tx.asked_by, kComplete);
  }
  /// Its answer came, or never will.
  void close(Tx& tx) {
    for (Reading& reading : readings_) {
      if (reading.tx == &tx) reading.tx = nullptr;
    }
    open(tx);
    out_.reach(tx, reverse(tx.asked_by), kComplete);
    dissector_.answered(tx);
    calls_.close(tx);
  }
  void malformed(Tx* tx, Direction direction) {
    if (tx) open(*tx);
    if (!tx && std::exchange(told_malformed_, true)) return;
    out_.anomaly(D::Anomaly::malformed_data, direction, tx);
  }

  D& dissector_;
  Out<D>& out_;
  Messages messages_;
  Open<Tx, uint64_t> calls_;
  std::array<Reading, 2> readings_;  // by Direction
  uint64_t digest_ = 0;              // of the datagram at hand
  bool told_malformed_ = false;
};

}  // namespace lapwing::onc_rpc
