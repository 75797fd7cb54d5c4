// FlowDriver: a flow fed to the app layer as the sensor feeds it, and a note of all that comes of it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sensor/app/app_layer.h"
#include "sensor/event/facts.h"

namespace lapwing::test {

/// Options by their whole key.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// The dissectors of the build, the template of new ones, and the carriers of parts that tests have.
std::span<const DissectorRow* const> all_dissectors();

/// What one event told of the application (sensor/event/facts.h).
struct HeardFacts {
  std::string host, subject;
  std::vector<std::string> names, alpns;
  std::optional<uint16_t> cipher;
  Sign sign = Sign::unknown;
  uint64_t risks = 0;
  bool complete = false;
};

/// What dissectors said, in its order. A field is read once, at the stage at which rules would see it.
struct Heard {
  std::vector<std::string> records;     // JSON objects
  std::vector<bool> reversed;           // of each record
  std::vector<uint64_t> messages;       // of each record: bytes of its message
  std::vector<std::string> alerts;      // the object an alert on each event would carry
  std::vector<std::string> anomalies;   // "name" with "@tx" when it belongs to a transaction
  std::vector<HeardFacts> facts;        // of events that told any
  std::vector<std::string> logins;      // "user outcome"
  std::vector<std::string> secrets;     // of each login, as far as it shows
  std::vector<std::string> sightings;   // "kind side value": names, and software
  std::vector<std::string> operations;  // "interface number operation object outcome", what is sealed or unknown as "-"
  std::vector<std::string> fields;      // "> name=value" and "< name=value"
  std::vector<std::string> frames;      // "> kind offset+length", of those that are over
  std::vector<std::string> recognised;  // anomalies of recognition
  std::vector<std::string> stored;      // "name=bytes#sha256" of what there was to store of each file, once it was over
  std::vector<std::pair<Direction, uint64_t>> encrypted_from, plain_from;
};

/// [W] Aborts where a dissector breaks its contract: progress that falls, several values of a field that has one, more
/// bytes consumed than offered. Bytes are offered in blocks of exactly their size, so that a sanitizer sees a read past
/// them.
class FlowDriver : private AppSink {
 public:
  struct Setup {
    Settings settings = {};
    std::string_view known = {};  // protocol that another flow announced; empty: found by the first bytes
    uint16_t port = 9999;         // of the server
    bool late = false;            // the flow was under way already
    bool frames = false;          // rules want all frames
    bool contents = true;         // rules or records look at what messages carry
    bool files = true;            // or at what files hold
    std::shared_ptr<const Context> context = {};  // what that other flow hands over
  };
  /// Notes down in `heard`, which outlives it.
  FlowDriver(const Setup& setup, Heard& heard);
  ~FlowDriver() override;

  /// Stream bytes of the side, behind those before.
  void say(Direction direction, std::string_view bytes);
  void datagram(Direction direction, std::string_view bytes);
  void gap(Direction direction, uint64_t lost);
  /// No more bytes come from this side; `broken_off`: more was sent, which its receiver never got whole.
  void end(Direction direction, bool broken_off = false);
  void finish();

  /// The app layer itself, for who has a flow of his own, of which the same is noted down.
  AppLayer& app() { return app_; }
  /// To be called at that flow's first packet.
  void begin(Flow& flow);

  Flow& flow() { return flow_; }
  std::string protocol() const { return std::string(app_.recognition(flow_).final.name()); }
  /// A dissector gave up.
  bool failed() const { return app_.counters().parser_errors > 0; }
  /// What went beyond a cap of that protocol or part.
  uint64_t capped(std::string_view owner, std::string_view cap) const;
  /// Of the dissector's last look at stream bytes.
  static uint32_t need();

  BudgetConfig budget;
  uint64_t store_depth = 0;  // files are stored up to this many bytes
  Timestamp time;            // of all packets
  bool unrecord = false;     // a rule turns the records of its transactions off

 private:
  void event(Flow& flow, const Event& event) override;
  void note_facts(const Event& event);
  void note_login(const Event& event);
  void note_sightings(const Event& event);
  void anomaly(Flow& flow, const Protocol& protocol, const Transaction& tx, uint8_t name, Direction direction) override;
  void file(Flow& flow, const Event& event, CarriedFile& file, Bytes bytes, bool over) override;
  void encrypted(Flow& flow, Direction direction, uint64_t offset) override;
  void plain(Flow& flow, const Chunk& bytes) override;
  void recognition_anomaly(Flow& flow, RecognitionAnomaly event, Direction direction) override;
  void frame(Flow& flow, const MessageFrame& frame) override;
  void bring(const Chunk& chunk);
  void begin_own(bool datagrams);

  const Setup setup_;
  const std::shared_ptr<const AppConfig> config_;
  AppLayer app_;
  Heard& heard_;
  Flow flow_;
  bool begun_ = false;
  std::array<uint64_t, 2> said_{};                    // bytes of each side's stream
  std::map<const CarriedFile*, std::string> passed_;  // bytes of files, as they came
};

}  // namespace lapwing::test
