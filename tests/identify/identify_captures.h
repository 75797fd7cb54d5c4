// IP packets of capture files, sorted into flows the way ndpiReader does, for comparing results with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/base/time.h"

namespace lapwing::test {

struct CapturedPacket {
  std::vector<uint8_t> ip;  // from the IP header on
  Timestamp time;
  std::string flow;  // "6 10.0.0.1:1234 10.0.0.2:80", the smaller end first
};

/// Packets of a pcap or pcapng file; frames that ndpiReader leaves out (fragments, cut ones) are left out.
std::vector<CapturedPacket> read_capture(const std::string& path);
std::string flow_name(unsigned protocol, std::string a, std::string b);

}  // namespace lapwing::test
