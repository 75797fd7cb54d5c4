// Recorder: the worker's end of export. Writes EVE records into the worker's batch.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "export/eve/config.h"
#include "export/record/record.h"
#include "sensor/base/counters.h"
#include "sensor/event/alert.h"
#include "sensor/event/anomaly.h"
#include "sensor/event/asset.h"
#include "sensor/event/behaviour.h"
#include "sensor/event/envelope.h"
#include "sensor/event/event.h"
#include "sensor/event/flow_summary.h"
#include "sensor/event/incident.h"

namespace lapwing {

/// What the sensor did to itself, such as taking new rules. Views live as long as the call.
struct EngineNotice {
  Timestamp time;
  std::string_view module, message;
  bool fault = false;
  std::string_view name, object;  // of an object that is ours alone: its name, its JSON text
};

/// Appends the object of a stats record, without deltas.
void write_stats_object(std::string& out, const CounterSet& counters, double uptime_seconds);

/// [W]
struct RecorderCounters {
  uint64_t over_budget = 0;  // records not written: their flow had cost all that flow.budget.record-* allows
  uint64_t entries_max = 0;  // records whose lists show less than came
  uint64_t truncated = 0;    // records cut at kRecordBytes and kRecordTimes the bytes of their message
};
std::span<const CounterRow<RecorderCounters>> recorder_counter_rows();

/// [W] Counts what it wrote, by record type.
class Recorder {
 public:
  /// What a protocol says of a transaction in one record: so many bytes, and so many for each byte of its message.
  static constexpr size_t kRecordBytes = 64 << 10, kRecordTimes = 8;

  explicit Recorder(std::shared_ptr<const EveConfig> config);
  ~Recorder();

  /// Whether a record would be written: the caller need not describe what nobody wants.
  bool wants(const RecordRow& row) const;
  bool wants(AnomalyLayer layer) const;
  bool wants_flows() const;
  bool wants_frames() const;
  bool wants_metadata() const;
  bool shows_payload() const;  // in alerts

  void event(const Envelope& envelope, const Event& event);
  /// Bytes of a stored file, in order; that it is over; and its record, to be written beside it.
  void file_bytes(uint64_t store_id, uint64_t offset, Bytes bytes);
  void file_over(uint64_t store_id, uint64_t size, std::string_view sha256);
  void file_info(const Envelope& envelope, const Event& event);
  void alert(const Envelope& envelope, const Alert& alert);
  void anomaly(const Envelope& envelope, const Anomaly& anomaly);
  void frame(const Envelope& envelope, const MessageFrame& frame);
  /// Appends the members that show the transaction in an alert.
  void append_transaction(std::string& json, const Event& event);
  /// Appends the member that shows the frame in an alert.
  void append_frame(std::string& json, const MessageFrame& frame) const;
  /// The flow record, and the two netflow records when they are wanted.
  void flow(const FlowSummary& summary);
  void packet(const Envelope& envelope, Bytes packet, uint16_t link_type);
  void metadata(const Envelope& envelope);
  void behaviour(const Behaviour& behaviour);
  void incident(const Incident& incident);
  void asset(const Asset& asset);
  void engine(const EngineNotice& notice);
  /// `lost`: counters since the last such record, `seconds` ago; nothing is written when there are none.
  void loss(Timestamp time, const CounterSet& lost, double seconds);
  void stats(Timestamp time, const CounterSet& counters, double uptime_seconds);

  /// Bytes written since the last take().
  size_t waiting() const;
  /// Hands over what was written since the last call; null when nothing was. Buffers come back when the batch is
  /// destroyed, on whatever thread.
  std::shared_ptr<const RecordBatch> take();
  /// Forgets the beginning of a record whose end could not be written.
  void discard();
  /// A record was not written because its flow had cost too much.
  void refuse();
  const RecorderCounters& counters() const;
  /// Records written so far, by RecordType.
  std::span<const uint64_t> written() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
