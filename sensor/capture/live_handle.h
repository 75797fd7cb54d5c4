// LiveHandle: one libpcap handle of an interface, from its opening to its end.
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "sensor/capture/live.h"

namespace lapwing::capture {

/// Why an interface cannot be opened or read on.
struct LiveFault : std::runtime_error {
  bool down = false;  // it is there, and switched off
  LiveFault(const std::string& what, bool is_down) : std::runtime_error(what), down(is_down) {}
};

/// What the kernel counted of a handle since it was asked last.
struct KernelCounts {
  uint64_t packets = 0, drops = 0;  // packets: those dropped among them
};

/// [W] Open, but nothing comes until start(): a handle that shares an interface joins its group in between.
class LiveHandle {
 public:
  /// Throws LiveFault.
  explicit LiveHandle(const LiveConfig& config);
  ~LiveHandle();
  LiveHandle(const LiveHandle&) = delete;
  LiveHandle& operator=(const LiveHandle&) = delete;

  static constexpr int kBlockTimeoutMs = 10;  // the kernel hands over a ring block that is not full after this time
  /// The ring still holds what came before the constructor closed it; forgets it. Call it two block timeouts later.
  void drain();
  /// From now on what the filter lets through comes.
  void start();
  /// Nothing comes any more; what is in the ring stays there.
  void hush() noexcept;
  /// As pcap_dispatch of at most `most` frames. Throws LiveFault when the interface is gone.
  int dispatch(size_t most, pcap_handler take, void* self);
  /// Why nothing will come any more, or empty: the interface is down, or is no longer what this handle was opened on.
  std::string fault() const;
  KernelCounts take_counts();
  /// Whether all that the kernel counts comes to dispatch(): libpcap drops some of it itself where it is to filter what
  /// the kernel cannot, and what loopback shows a second time. After start().
  bool counts_what_comes() const { return counts_what_comes_; }

  int fd() const { return fd_; }
  int poll_fd() const { return poll_fd_; }
  uint16_t link_type() const { return link_type_; }
  bool ethernet() const { return link_type_ == 1; }
  size_t snaplen() const { return snaplen_; }
  size_t ring_bytes() const { return ring_bytes_; }
  /// Longest frame that the wire can bring, with its link header and tags.
  uint32_t longest() const { return longest_; }

 private:
  [[noreturn]] void refuse(const std::string& what, bool down = false);
  void set(int result, const char* what);
  void open();
  void prepare_filter();
  void take_loopback_once();

  const LiveConfig& config_;
  pcap_t* pcap_ = nullptr;
  bpf_program program_{};
  int fd_ = -1, poll_fd_ = -1, index_ = 0;
  uint16_t link_type_ = 1;
  size_t snaplen_ = 0, ring_bytes_ = 0;
  uint32_t longest_ = 0;
  bool shown_once_ = true, counts_what_comes_ = true;
};

/// Frames that the interface itself lost since the machine started, as its driver says.
uint64_t interface_drops(const std::string& interface);

}  // namespace lapwing::capture
