// Out: all that a dissector can say. Bound for its life to its protocol, its options and its flow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sensor/event/event_sink.h"
#include "sensor/event/wanted.h"

namespace lapwing {

/// What a dissector begins with [W].
struct Beginning {
  EventSink& sink;                              // outlives the dissector
  const void* config = nullptr;                 // its D::Config
  const RecordPlans* plans = nullptr;           // what records show under that
  uint64_t first_id = 0;                        // of its transactions, which go on counting those of protocols before
  bool contents = true;                         // as Wanted
  bool files = true;                            // as Wanted
  uint8_t digests = UINT8_MAX;                  // as Wanted
  std::string_view from = {};                   // the protocol before a change, else empty
  std::shared_ptr<const Context> context = {};  // from whoever became this protocol, or expected this flow
};

template <class P>
class PartOut;

/// [W] D names its Anomaly, Pdu and Cap: enums that number the rows of its protocol; and, where it has any, its kParts.
template <class D>
class Out {
 public:
  explicit Out(const Beginning& beginning)
      : sink_(beginning.sink),
        from_(beginning.from),
        config_(beginning.config),
        plans_(beginning.plans),
        contents_(beginning.contents),
        files_(beginning.files),
        digests_(beginning.digests),
        first_id_(beginning.first_id),
        next_id_(beginning.first_id) {}

  // Transactions.
  /// Numbers it: once for each, in the order in which they begin.
  void open(Transaction& tx) {
    tx.id = next_id_++;
    tx.number = tx.id - first_id_;
  }
  /// A stage is reached once and never left; saying it again says nothing. `size`: bytes of the message so far.
  void reach(Transaction& tx, Direction direction, uint8_t stage, uint64_t size = 0) {
    uint8_t& progress = tx.progress[index(direction)];
    if (progress >= stage) return;
    progress = stage;
    emit({.tx = &tx, .direction = direction, .message = size});
  }
  /// What was reached, or a record: protocol and options are those of the dissector.
  void emit(Event event) {
    own(event);
    sink_.emit(event);
  }
  /// Told once a transaction, and rules look at once. What belongs to none is told of a transaction of its own.
  void anomaly(typename D::Anomaly name, Direction direction, Transaction* tx = nullptr) {
    breach(static_cast<uint8_t>(name), direction, tx);
  }
  /// As EventSink::file; rules look at it where it has reached a stage.
  void file(Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over) {
    Event event{.tx = &tx, .direction = direction};
    own(event);
    sink_.file(event, file, bytes, over);
  }

  // Frames: as EventSink has them.
  void frame(typename D::Pdu kind, Direction direction, uint64_t offset, uint64_t length, Transaction* tx = nullptr) {
    sink_.frame(static_cast<uint8_t>(kind), direction, offset, length, tx);
  }
  void end_frame(typename D::Pdu kind, Direction direction, uint64_t end, const Transaction* tx = nullptr) {
    sink_.end_frame(static_cast<uint8_t>(kind), direction, end, tx);
  }

  // Bounds.
  /// True when `size` is within the row; else that is counted.
  bool within(typename D::Cap cap, uint64_t size) {
    if (size <= limit(cap)) return true;
    capped(cap);
    return false;
  }
  void capped(typename D::Cap cap, uint64_t count = 1) { sink_.capped(D::protocol, static_cast<uint8_t>(cap), count); }
  static constexpr uint64_t limit(typename D::Cap cap) { return D::kCaps[static_cast<size_t>(cap)].limit; }
  /// As EventSink::work: false when nothing more may be looked at.
  bool work(uint64_t bytes) { return sink_.work(bytes); }

  // Parts.
  /// What a part says under its own names. P names its rows as a dissector does: Anomaly, Cap, kCaps, and `part`.
  template <class P>
  PartOut<P> part() {
    static_assert(carries<&P::part>(), "a part that kParts does not name");
    return PartOut<P>(*this);
  }

  // The flow.
  /// The protocol that the flow spoke before it went over to this one, else empty.
  std::string_view from() const { return from_; }
  /// False where nobody looks at what messages carry: it need not be decoded or kept.
  bool contents() const { return contents_; }
  /// How many bytes of a file are kept of those that may be.
  uint64_t kept(uint64_t most) const { return files_ ? most : std::min<uint64_t>(most, kFileBeginning); }
  /// Digests that somebody may read of a file longer than what is kept of it: bits by file::Algorithm.
  uint8_t digests() const { return digests_; }
  bool picked_up_late() const { return sink_.picked_up_late(); }
  void encrypted(Direction direction, uint64_t offset) { sink_.encrypted(direction, offset); }
  void plain(Direction direction, uint64_t offset) { sink_.plain(direction, offset); }
  /// With what both sides left unread. To be said at most once a call, before Step::ok().
  void become(std::string_view name, std::shared_ptr<const Context> context = {}) {
    sink_.become(name, std::move(context));
  }
  bool knows(std::string_view protocol) const { return sink_.knows(protocol); }
  void rename(std::string_view name) { sink_.rename(name); }
  void resume(Direction direction) { sink_.resume(direction); }
  void expect(const Expectation& expectation) { sink_.expect(expectation); }

 private:
  template <class P>
  friend class PartOut;
  template <const Part* part>
  using PartIs = std::integral_constant<const Part*, part>;

  void own(Event& event) const {
    event.protocol = &D::protocol;
    event.config = config_;
    event.plans = plans_;
  }
  /// Told apart as types: gcc does not take the addresses of two objects for different at compile time where it is to
  /// instrument for undefined behaviour.
  template <const Part* part>
  static consteval bool carries() {
    if constexpr (requires { D::kParts; }) {
      return []<size_t... i>(std::index_sequence<i...>) {
        return (std::is_same_v<PartIs<D::kParts[i].part>, PartIs<part>> || ...);
      }
      (std::make_index_sequence<std::size(D::kParts)>());
    } else {
      return false;
    }
  }
  /// `number`: in kAnomalyRows.
  void breach(uint8_t number, Direction direction, Transaction* tx) {
    if (!tx) {
      Transaction blank;
      blank.blank = true;
      open(blank);
      return breach(number, direction, &blank);
    }
    if (std::ranges::find(tx->anomalies, number) != tx->anomalies.end()) return;
    tx->anomalies.push_back(number);
    sink_.anomaly(D::protocol, *tx, number, direction);
    emit({.tx = tx, .direction = direction});
  }

  EventSink& sink_;
  std::string_view from_;
  const void* config_;
  const RecordPlans* plans_;
  bool contents_, files_;
  uint8_t digests_;
  uint64_t first_id_, next_id_;
};

/// [W] The mouth of a part, which need not know whose Out it speaks through.
template <class P>
class PartOut {
 public:
  template <class D>
  explicit PartOut(Out<D>& carrier)
      : carrier_(&carrier),
        breach_([](void* out, uint8_t name, Direction direction, Transaction* tx) {
          const size_t first = kAnomalyRows.first(D::protocol, &P::part);
          static_cast<Out<D>*>(out)->breach(static_cast<uint8_t>(first + name), direction, tx);
        }),
        capped_([](void* out, uint8_t cap, uint64_t count) {
          const size_t first = kCapRows.first(D::protocol, &P::part);
          static_cast<Out<D>*>(out)->sink_.capped(D::protocol, static_cast<uint8_t>(first + cap), count);
        }) {}

  // As those of Out.
  void anomaly(typename P::Anomaly name, Direction direction, Transaction* tx = nullptr) {
    breach_(carrier_, static_cast<uint8_t>(name), direction, tx);
  }
  bool within(typename P::Cap cap, uint64_t size) {
    if (size <= limit(cap)) return true;
    capped(cap);
    return false;
  }
  void capped(typename P::Cap cap, uint64_t count = 1) { capped_(carrier_, static_cast<uint8_t>(cap), count); }
  static constexpr uint64_t limit(typename P::Cap cap) { return P::kCaps[static_cast<size_t>(cap)].limit; }

 private:
  void* carrier_;
  void (*breach_)(void* out, uint8_t name, Direction direction, Transaction* tx);
  void (*capped_)(void* out, uint8_t cap, uint64_t count);
};

}  // namespace lapwing
