// HeaderTable: adds the headers behind the first of a message to libhtp's table, which would compare each new name with
// all that are there.
#pragma once

#include <htp/htp.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sensor/event/chunk.h"

namespace lapwing::http {

/// The first from number `from` on; null when there is none. As htp_table_get_c, which compares every name byte by
/// byte, it passes over bytes of zero in what was sent.
const htp_header_t* find_header(const htp_table_t* headers, const char* name, size_t from = 0);
/// Without the spaces around it; empty when there is none. `name` is in small letters.
std::string_view header_value(const htp_table_t* headers, const char* name);
/// Finds headers of a message as find_header() does: it is asked for many that are not there, each of which would be
/// compared with all that are.
class HeaderNames {
 public:
  /// Those that have come. They stay where they are, and more may come behind them.
  void read(const htp_table_t* headers);
  const htp_header_t* find(const htp_table_t* headers, const char* name) const;

 private:
  std::array<uint32_t, 24> marks_;
  uint8_t size_ = 0;
};

/// How a request's body is framed whose transfer coding libhtp does not know, and for which it would give up the
/// connection, answers and all.
void settle_coding(htp_tx_t& tx);

/// Of one direction and one message.
class HeaderTable {
 public:
  /// Headers of a message that libhtp adds itself, with all that it says of them.
  static constexpr size_t kCompared = 64;
  /// Values of one name that are joined, as libhtp does.
  static constexpr uint32_t kMaxRepetitions = 64;

  static htp_table_t* headers(const htp_tx_t& tx, Direction direction) {
    return direction == Direction::to_server ? tx.request_headers : tx.response_headers;
  }
  static size_t size(const htp_tx_t& tx, Direction direction) { return htp_table_size(headers(tx, direction)); }
  /// `field`: a header with its line ends. What libhtp holds back of a request to see whether it goes on, it adds
  /// later. One that begins with a space goes on with the last that was added. False when libhtp is to take it, because
  /// it added the last itself. Throws std::bad_alloc.
  bool add(htp_tx_t& tx, Direction direction, std::string_view field);
  /// Whether add() has left out a value since this was asked last.
  bool take_crowded() { return std::exchange(crowded_, false); }

 private:
  struct Known {
    htp_header_t* header = nullptr;
    uint32_t repetitions = 0;
  };
  void follow(const htp_tx_t& tx, Direction direction);

  size_t indexed_ = 0;            // of the table
  htp_header_t* last_ = nullptr;  // that was added here
  bool crowded_ = false;
  std::unordered_map<uint64_t, Known> by_name_;  // by the keyed hash of the name in small letters
};

}  // namespace lapwing::http
