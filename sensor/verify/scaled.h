// Scaling: a capture at half the pace and of other hosts, of which the same is true.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/capture/held_frames.h"

namespace lapwing::verify {

/// Times grow by half from the first frame on. Hosts get other numbers within their /24 (IPv6: their last byte): what
/// is internal stays so. Addresses are those of the outer IP header or of ARP, and wherever their bytes stand in what
/// is not TCP, such as answers of DNS and quotes in ICMP; the first host of a network, broadcast, multicast and
/// link-local addresses stay. Checksums that were right stay right.
class Scaling {
 public:
  std::vector<HeldFrame> scale(std::span<const HeldFrame> frames);
  /// The record with the addresses of the capture as it was.
  std::string restored(const std::string& record) const;

 private:
  std::map<IpAddress, IpAddress> back_;  // from the new to the old
};

/// The other number of a host; the address itself where it stays.
IpAddress moved(const IpAddress& address);

}  // namespace lapwing::verify
