// The two capture file formats: bytes in, frames out. Pure parsers, private to the room.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sensor/base/frame.h"

namespace lapwing::capture {

/// Longest frame taken; libpcap's limit too.
inline constexpr uint32_t kMaxFrame = 256 << 10;
/// Interfaces one capture may declare; each costs memory, and blocks are cheap to write.
inline constexpr size_t kMaxInterfaces = 4096;

/// What fill() did with the bytes at hand.
struct Fill {
  size_t frames = 0;  // put into the room
  size_t used = 0;    // bytes of whole records
  size_t need = 0;    // the next record takes at least this many; 0: the room is full, or skip or fault is set
  uint64_t skip = 0;  // bytes to pass over after `used`
  uint32_t unknown_blocks = 0, unknown_block = 0;  // of a type that nothing reads; the type of the first
  std::string fault;                               // why the next record cannot be read; the file ends here
};

/// Integers of a file in its own byte order.
struct Order {
  bool swapped = false;
  uint16_t u16(const uint8_t* p) const {
    uint16_t value;
    std::memcpy(&value, p, sizeof value);
    return swapped ? __builtin_bswap16(value) : value;
  }
  uint32_t u32(const uint8_t* p) const {
    uint32_t value;
    std::memcpy(&value, p, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
  }
};

/// pcap, the classic format: micro- or nanoseconds, either byte order, also with Kuznetzov's longer record header.
class PcapFormat {
 public:
  static constexpr size_t kHeader = 24;
  /// `header` holds kHeader bytes; sets `fault` when it is none.
  static std::optional<PcapFormat> open(Bytes header, std::string& fault);
  /// Puts frames of `view` into `room` and numbers them on from `number`.
  Fill fill(Bytes view, std::span<Frame> room, uint64_t& number) const;
  size_t interfaces() const { return 0; }
  std::string_view interface_name(size_t) const { return {}; }

 private:
  Order order_;
  uint32_t to_ns_ = 1000;
  uint32_t snaplen_ = kMaxFrame;
  size_t record_header_ = 16;
  enum class Lengths : uint8_t { right, swapped, guess } lengths_ = Lengths::right;
  uint16_t link_type_ = 0;
};

/// pcapng: sections, interfaces, enhanced, simple and obsolete packet blocks; other blocks are passed over.
class PcapngFormat {
 public:
  static constexpr size_t kHeader = 28;
  static std::optional<PcapngFormat> open(Bytes header, std::string& fault);
  Fill fill(Bytes view, std::span<Frame> room, uint64_t& number);
  /// Those that the file has described so far.
  size_t interfaces() const { return interfaces_.size(); }
  std::string_view interface_name(size_t index) const {
    return index < interfaces_.size() ? std::string_view(interfaces_[index].name) : std::string_view();
  }

 private:
  struct Interface {
    std::string name;
    uint16_t link_type = 0;
    uint32_t snaplen = kMaxFrame;
    uint8_t resolution = 6;  // if_tsresol: a negative power of 10, or of 2 with the top bit
    int64_t offset = 0;      // seconds
  };

  bool section(Bytes block, std::string& fault);
  bool interface(Bytes block, std::string& fault);
  bool packet(uint32_t type, Bytes block, Frame& frame, uint64_t& number, std::string& fault) const;
  Timestamp time(const Interface& interface, uint64_t units) const;

  Order order_;
  size_t section_start_ = 0;  // index of the section's first interface
  std::vector<Interface> interfaces_;
};

using Format = std::variant<PcapFormat, PcapngFormat>;

enum class Magic : uint8_t { none, pcap, pcapng, gzip, zstd };
/// What the first (at least four) bytes of a file say.
Magic read_magic(Bytes start);

}  // namespace lapwing::capture
