// Reporter: what is said of packets and flows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "export/eve/recorder.h"
#include "export/record/community_id.h"
#include "sensor/app/app_layer.h"
#include "sensor/event/anomaly.h"
#include "sensor/pipeline/describe.h"
#include "sensor/pipeline/file_keeper.h"
#include "sensor/pipeline/handover.h"
#include "sensor/pipeline/identification.h"
#include "sensor/pipeline/look.h"
#include "sensor/pipeline/stations.h"
#include "sensor/pipeline/worker_share.h"

namespace lapwing {

/// [W] Where the frames at hand come from: a capture file, which changes between bursts, or an interface.
struct Origin {
  bool live = false;
  std::string_view name;
};

class FlowWatch;

/// [W] Who knows what records say of a flow.
struct FlowFacts {
  const AppLayer& app;
  const Stations& stations;
  Identification& identification;
  Matcher& matcher;  // flow bits and variables
};

/// [W] Traffic that breaks a rule, in whatever layer.
struct Breach {
  AnomalyLayer layer = AnomalyLayer::decode;
  std::span<const std::string_view> names;  // as rules know them: several of one packet's headers

  // Of AnomalyLayer::applayer only.
  Direction direction = Direction::to_server;  // whose bytes they are
  const Protocol* protocol = nullptr;          // where one is known
  bool by_dissector = false;                   // found in the protocol, not when it was recognised
  const Transaction* tx = nullptr;
  std::string_view part = {};  // of the protocol, where the fault is that part's
};

/// [W] Writes records of a look, within what its flow may cost, and hands them over. It asks what is known of a flow,
/// but starts nothing: the inspector tells it what to say, the matcher which alerts.
class Reporter final : public AlertSink {
 public:
  Reporter(const WorkerShare& share, size_t index, const Origin& origin, const FlowFacts& facts);

  /// Who is told of alerts too; outlives the reporter.
  void watch(FlowWatch& watch) { watch_ = &watch; }
  /// To be told of each look before anything is said of it.
  void begin(const Look& look) { flow_ = look.flow; }
  void anomaly(const Look& look, const Breach& breach);
  /// A transaction got on: its record, if one is due.
  void event(const Look& look, const Event& event);
  /// What a packet says by itself, whatever its flow.
  void packet(const Look& look, const Event& event);
  void frame(const Look& look, const MessageFrame& frame);
  /// As EventSink::file.
  void file(const Look& look, Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over);
  /// The flow is over, and all else said of it.
  void flow(const Look& look);

  /// Forgets the beginning of a record whose end could not be written.
  void discard() { recorder_.discard(); }
  /// Hands over what was written.
  void publish();
  /// Alerts of the rules until now, for those of the rules that come.
  void exchange(std::vector<SignatureHits>& hits) { hits_.swap(hits); }

  bool wants(const RecordRow& row) const { return recorder_.wants(row); }
  bool wants(AnomalyLayer layer) const { return recorder_.wants(layer); }
  bool wants_frames() const { return recorder_.wants_frames(); }
  std::span<const uint64_t> written() const { return recorder_.written(); }
  const std::vector<SignatureHits>& hits() const { return hits_; }
  void add_counters(CounterSet& set) const;

 private:
  // AlertSink
  void alert(const MatchContext& context, Alert& alert) override;
  void raised(const RuleInfo& rule) override;
  bool shows_payload() const override { return recorder_.shows_payload(); }
  PacketBytes shown(const Packet& packet) const override { return bytes_of(packet); }
  void serialise(const Event& event, std::string& json, std::string& forwarded) override;
  void serialise(const MessageFrame& frame, std::string& json) override { recorder_.append_frame(json, frame); }
  void tagged(const MatchContext& context) override;
  void captured(const MatchContext& context) override;

  bool may_record(const Flow* flow);
  Envelope as_sent(const MatchContext& at, bool ruled);
  Envelope as_flow(const MatchContext& at, bool ruled);
  Envelope of_application(const MatchContext& at, bool ruled);
  void add_application(const Flow& flow, Envelope& envelope) const;
  void add_flow(const Flow& flow, bool ruled, Envelope& envelope);
  void add_variables(const Flow& flow, Envelope& envelope);
  void add_origin(Envelope& envelope) const;
  std::string_view community_id(const Flow& flow);

  static constexpr size_t kBatchBytes = 32 << 10;  // of records: handed over without waiting for the burst to end

  const SensorConfig& config_;
  const size_t index_;
  Publisher& publisher_;
  const Origin& origin_;
  const FlowFacts facts_;
  Recorder recorder_;
  FileKeeper files_;
  CommunityId community_id_;
  EnvelopeSpace space_, summary_space_;
  std::vector<SignatureHits> hits_;
  FlowWatch* watch_ = nullptr;
  Flow* flow_ = nullptr;  // of the look: serialise() is not told whose transaction it shows
};

}  // namespace lapwing
