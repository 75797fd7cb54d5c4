// Event: the view of one transaction that a dissector publishes, and the sink that takes it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/json_writer.h"
#include "sensor/event/carried_file.h"
#include "sensor/event/chunk.h"
#include "sensor/event/field.h"
#include "sensor/event/login.h"
#include "sensor/event/message_frame.h"
#include "sensor/event/part.h"
#include "sensor/event/record_plan.h"
#include "sensor/event/sighting.h"
#include "sensor/event/word.h"

namespace lapwing {

/// Progress of a direction that has nothing more to come.
inline constexpr uint8_t kComplete = 255;

/// Begin of a message that has not come, or does not lie in a stream.
inline constexpr uint64_t kNowhere = std::numeric_limits<uint64_t>::max();

/// What every dissector's transaction type derives from [W]. A direction's progress only grows: at each stage the
/// fields of that stage become final, and rules over them are evaluated exactly once; of what Protocol::grows names,
/// once more at the end by those that have not matched.
struct Transaction {
  uint64_t id = 0;                        // 0, 1, ... within the flow
  uint64_t number = 0;                    // the same since the protocol began: what records show as tx_id
  std::array<uint8_t, 2> progress = {};   // by Direction
  std::array<uint8_t, 2> inspected = {};  // owned by the rule matcher: stages already evaluated
  uint8_t store_files = 0;                // bits by Direction: rules ask for all files of it to be stored
  bool little_endian = false;  // order of the bytes of its numbers, where its messages say it: "dce" in rules
  bool unrecorded = false;     // its records are not written, by a rule of the action config or by options
  bool blank = false;          // stands for an anomaly of no transaction: nothing can be read from it
  std::array<uint64_t, 2> begin = {kNowhere, kNowhere};  // by Direction: where in the stream its message began
  std::array<bool, 2> grown = {};                        // by Direction: what Protocol::grows names got more at the end
  std::vector<uint8_t> anomalies;                        // numbers in kAnomalyRows, in order of discovery
  std::vector<uint64_t> matched;                         // owned by the rule matcher: rules that must not match again
};

/// A state that rules may wait for: a progress of one direction under its name.
struct ProgressState {
  std::string_view name;
  Direction direction = Direction::to_server;
  uint8_t stage = 0;
};

struct Event;
struct Facts;
struct RecordPlans;

/// A record type that a dissector publishes: tables of its members beside the envelope, which export writes.
struct RecordRow {
  std::string_view type;  // EVE event_type
  std::string_view help;
  std::span<const Table> shapes;  // one form of the record, or several of which `shape` chooses
  size_t (*shape)(const Event& event, const void* config) = nullptr;
  bool on_request = false;  // written only where the configuration names its type
};

/// [S] What the rest of the sensor knows of a protocol: enough to match rules on it and to write its records.
struct Protocol {
  std::string_view name;                        // EVE app_proto, rule protocol
  std::span<const std::string_view> anomalies;  // names for app-layer-event and anomaly records
  std::span<const RecordRow> records;
  std::string_view help;
  std::span<const std::string_view> also = {};  // what headers of rules may call it too
  /// File number `index` of one direction of a transaction, or null; as the fields "file.name" and the like number
  /// them.
  CarriedFile* (*file)(Transaction& tx, Direction direction, uint32_t index) = nullptr;
  /// The value of a request's header, or empty; the view lives as long as the transaction.
  std::string_view (*request_header)(const Transaction& tx, std::string_view name) = nullptr;
  /// What the event adds to what is known of the application; null where its packets must be looked at for that.
  void (*facts)(const Event& event, Facts& facts) = nullptr;
  /// What an event whose record is due tells of a login, each once; false where it is about something else.
  bool (*login)(const Event& event, LoginSeen& login) = nullptr;
  /// What the event tells of names, addresses and software, where somebody wants to know.
  void (*sightings)(const Event& event, SightingSink& sink) = nullptr;
  /// The progress at which all but bodies and files is final.
  uint8_t head = kComplete;
  /// A transaction is a message: nothing of it comes later, and that of a datagram lives until the next is read.
  bool one_message = false;
  uint8_t grows = 0;            // fields from this progress on may get more as their message ends; 0: none do
  bool loud_anomalies = false;  // records show their names in capitals
  std::span<const FrameKind> frames = {};      // what EventSink::frame numbers
  std::span<const ProgressState> states = {};  // beyond those of every protocol
  std::span<const Word> words = {};            // keywords of rules with a syntax of their own
  Table in_alert = {};                         // what alerts show of a transaction, and rules look at
  Table observed = {};                         // what detectors read of one that has no record
  size_t most_entries = 0;                     // of lists in a record, which their message bounds; 0: no bound
  std::span<const Cap> caps = {};
  std::span<const Carried> parts = {};  // whose anomalies, caps and words are there as well
  /// How much options ask for of a record, or, where `record` is empty, of what alerts show.
  RecordExtent (*extent)(const void* config, std::string_view record) = nullptr;
  std::vector<Field> fields = rule_fields(in_alert);  // follows from the columns; never given
};

/// Rows of a protocol and its parts, numbered as one list: its own come first, then those of each part.
template <class Row>
struct JoinedRows {
  struct Found {
    const Part* part;  // null: the protocol's own
    const Row& row;
  };
  std::span<const Row> Protocol::*own;
  std::span<const Row> Part::*carried;

  size_t size(const Protocol& protocol) const { return first(protocol, nullptr); }
  /// The number of the first row of a part, which the protocol carries.
  size_t first(const Protocol& protocol, const Part* part) const {
    size_t number = (protocol.*own).size();
    for (const Carried& row : protocol.parts) {
      if (row.part == part) break;
      number += (row.part->*carried).size();
    }
    return number;
  }
  Found at(const Protocol& protocol, size_t number) const {
    std::span<const Row> rows = protocol.*own;
    const Part* part = nullptr;
    for (size_t next = 0; number >= rows.size(); ++next) {
      number -= rows.size();
      part = protocol.parts[next].part;
      rows = part->*carried;
    }
    return {part, rows[number]};
  }
};
inline constexpr JoinedRows<std::string_view> kAnomalyRows{&Protocol::anomalies, &Part::anomalies};
inline constexpr JoinedRows<Cap> kCapRows{&Protocol::caps, &Part::caps};

/// "name", or "part_name", as rules of the protocol call it [cold].
std::string anomaly_name(const Protocol& protocol, size_t number);

/// Parts that these protocols carry, each once [cold].
std::vector<const Part*> parts_of(std::span<const Protocol* const> protocols);
bool carries(const Protocol& protocol, const Part& part);

/// One step of a transaction [W], valid during the call.
struct Event {
  const Protocol* protocol = nullptr;
  Transaction* tx = nullptr;
  Direction direction = Direction::to_server;  // whose bytes brought it here
  const RecordRow* record = nullptr;           // a record is due now; null when only progress was made
  const void* detail = nullptr;       // for the record's writer: what within the transaction (a file, a message)
  const CarriedFile* file = nullptr;  // that the record is about
  bool reversed = false;              // the record's source is the server
  uint64_t message = 0;  // bytes of the message that the record is about, where they are known: they bound it
  // As the dissector began with:
  const void* config = nullptr;        // the dissector's configuration
  const RecordPlans* plans = nullptr;  // what records show under it
};

/// [S] What a protocol's records show under its options, by record and shape, and what alerts show.
struct RecordPlans {
  /// `requested`: columns on request that every record shows, by name.
  RecordPlans(const Protocol& protocol, const void* config, std::span<const std::string> requested = {});
  const RecordPlan& of(const Event& event) const;

  std::vector<std::vector<RecordPlan>> records;
  RecordPlan in_alert;
};

/// Writes the members of a record that is due, and of its transaction in alerts, into an open object. `scratch` is the
/// caller's, for values that are made. False: its lists were cut (Protocol::most_entries).
bool write_record(const Event& event, std::string& scratch, JsonWriter& json);
void write_in_alert(const Event& event, std::string& scratch, JsonWriter& json);

/// The frame that every protocol over a stream has: all of a direction. Its number follows those of Protocol::frames.
inline constexpr FrameKind kStreamFrame{"stream", "all bytes of the direction, from where the protocol begins"};
inline const FrameKind& frame_kind(const Protocol& protocol, size_t number) {
  return number < protocol.frames.size() ? protocol.frames[number] : kStreamFrame;
}

/// The protocol's own states and those that all have: begun and complete, of request and response.
std::vector<ProgressState> progress_states(const Protocol& protocol);

/// True when `field` has a final value for this direction of the transaction.
bool ready(const Field& field, const Transaction& tx, Direction direction);

}  // namespace lapwing
