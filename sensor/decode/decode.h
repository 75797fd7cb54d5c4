// decode: one frame into a Packet.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/frame.h"
#include "sensor/base/options.h"
#include "sensor/decode/packet.h"

namespace lapwing {

/// `automatic`: verify, but not where most of the first packets are wrong (the capturing host's offload).
enum class ChecksumMode : uint8_t { none, all, automatic };

/// [S]
struct DecodeConfig {
  bool vxlan = true, geneve = true, teredo = true, gtpu = true, erspan_type1 = false;
  std::vector<std::string> vxlan_ports, geneve_ports, teredo_ports, gtpu_ports;
  uint64_t max_layers = 0;
};
std::span<const OptionRow<DecodeConfig>> decode_options();

/// [W] Stats paths "decoder.*" as Suricata names them, and one counter for each event and each cap.
struct DecodeCounters {
  uint64_t pkts = 0, bytes = 0, invalid = 0, ethernet = 0, vlan = 0, ipv4 = 0, ipv6 = 0, tcp = 0, udp = 0;
  // the decode room completes this list
};
std::span<const CounterRow<DecodeCounters>> decode_counter_rows();

/// Decodes frames of every link type, and whole IP packets from the defragmenter [W]. Never throws, never allocates.
class Decoder {
 public:
  Decoder(const DecodeConfig& config, ChecksumMode checksums);
  /// Always fills `packet` as far as the bytes go; what is wrong is in packet.events.
  void decode(const Frame& frame, Packet& packet);
  /// Decodes a reassembled datagram: `ip` is the whole packet with a rewritten header; frame, time, number, VLANs and
  /// tunnels come from `last`, the fragment that completed it.
  void decode_reassembled(Bytes ip, const Packet& last, Packet& packet);
  const DecodeCounters& counters() const { return counters_; }
  /// Adds "decoder.event.<name>" for every event seen.
  void add_event_counters(CounterSet& set) const;

 private:
  DecodeConfig config_;
  ChecksumMode checksums_;
  DecodeCounters counters_;
};

}  // namespace lapwing
