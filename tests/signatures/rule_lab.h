// RuleLab: real compiler and matcher, hand-made packets, transactions of a protocol that exists only here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/protocols/tls/tls.h"
#include "sensor/decode/decode.h"
#include "signatures/compile/rule_environment.h"
#include "signatures/match/matcher.h"
#include "tests/support/packet_builder.h"

namespace lapwing::test {

/// "abc|0d 0a|" -> bytes
std::string unhex(std::string_view text);

/// The protocols of the lab, "http", "dns" and "tls", with a few fields of the real ones' names.
std::vector<const Protocol*> lab_protocols();

struct LabFile : CarriedFile {
  Bytes content() const override { return {}; }
  std::string sha256() const override { return {}; }
  FileStage stage() const override { return reached; }
  const void* self() const override { return this; }

  size_t number = 0;  // of its values among those of the transaction
  FileStage reached = FileStage::named;
};

/// A transaction whose field values are set by field name. To the words of TLS it is a handshake.
struct LabTransaction : tls::Handshake {
  std::vector<LabFile> files;  // one for each value of file.name
  std::map<std::string, std::vector<std::string>, std::less<>> bytes;
  std::map<std::string, std::vector<uint64_t>, std::less<>> integers;
};

struct LabPacket {
  PacketBuilder layers;  // up to and without the payload
  std::string payload;
  bool from_server = false;
  int64_t time_ms = 0;     // after the start
  int flow = 0;            // -1: none
  bool in_stream = false;  // its payload also comes as a chunk
  bool fin = false;        // and ends its direction
  int encrypted_at = -1;   // the dissector finds its flow encrypted from this byte of the payload on; -1: it does not
  bool established = true;
  std::vector<std::string_view> stream_events;
  struct Step {
    int tx = 0;
    std::string protocol;
    Direction direction = Direction::to_server;
    uint8_t progress = kComplete;
    bool little_endian = false;
    std::map<std::string, std::vector<std::string>> fields;  // numbers for integer fields
    std::vector<uint8_t> anomalies;
    std::vector<FileStage> files;  // that they reach by themselves, by number; else they keep up with `progress`
  };
  std::vector<Step> steps;             // of transactions, before the packet itself
  MessageFrame frame;                  // one that it brings; without a kind: none
  const Protocol* protocol = nullptr;  // detected by now
  Recognition detection;
  bool ends_flow = false;  // then no packet: the flow is over
};

class RuleLab : public AlertSink {
 public:
  RuleLab();
  ~RuleLab() override;

  /// Compiles; what went wrong is in messages.
  void load(std::string_view rules);
  void run(const LabPacket& packet);
  /// Alerts that wait for another packet are told without one.
  void tell();
  /// Whoever watches the matcher; after load().
  void trace(Tracer* tracer) { matcher_->trace(tracer); }

  /// Numbers of the packets that alerted, by sid, in order.
  const std::map<uint32_t, std::vector<uint64_t>>& alerts() const { return alerts_; }
  struct Seen {
    uint32_t sid;
    uint64_t number;
    Action action;
    bool stream;
    bool has_tx;
    uint64_t tx_id;
    std::string payload, context;
    std::map<std::string, std::string> flowvars, pktvars;
  };
  const std::vector<Seen>& seen() const { return seen_; }
  const MatchCounters& counters() const { return matcher_->counters(); }
  std::span<const std::string_view> flowbits(int flow);

  /// Transactions by their number; of several flows the latest.
  std::map<int, LabTransaction*> transactions;
  const Flow& flow(int number) const;

  RuleEnvironment environment;
  RuleConfig config;
  std::vector<RuleMessage> messages;
  std::shared_ptr<const RuleSet> rules;

  void raised(const RuleInfo& rule) override { alerts_[rule.sid].push_back(number_); }
  void alert(const MatchContext& context, Alert& alert) override;
  PacketBytes shown(const Packet& packet) const override { return {packet.frame, packet.link_type}; }
  void serialise(const MessageFrame&, std::string&) override {}
  void serialise(const Event& event, std::string& json, std::string& forwarded) override;
  void tagged(const MatchContext& context) override { tagged_.push_back(context.number); }
  /// Numbers of the packets that tags want recorded.
  const std::vector<uint64_t>& tagged() const { return tagged_; }
  /// Numbers of the packets whose transactions shall have no record.
  const std::vector<uint64_t>& unrecorded() const { return unrecorded_; }

 private:
  struct Conversation;
  Conversation& conversation(const LabPacket& packet, const Packet& decoded);

  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<Matcher> matcher_;
  std::shared_ptr<SharedState> shared_;
  std::map<int, std::unique_ptr<Conversation>> flows_;
  uint64_t number_ = 0;
  std::map<uint32_t, std::vector<uint64_t>> alerts_;
  std::vector<Seen> seen_;
  std::vector<uint64_t> tagged_, unrecorded_;
};

}  // namespace lapwing::test
