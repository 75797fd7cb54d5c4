// A conversation over TCP that rules of a protocol and rules of TCP must see alike: what is said, how it is sent and
// how it is acknowledged, as data that is drawn from a seed and can be made smaller.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pipeline/frames.h"
#include "tests/support/dice.h"

namespace lapwing::test {

/// What the client says; an HTTP answer follows requests and what looks like none.
enum class Subject : uint8_t {
  header,
  cookies,  // many of them
  uri,
  odd_method,  // which is a request only for what ends its line
  body,
  chunks,
  pipelined,
  no_request,  // only the answer shows the protocol
  hello,       // of TLS
  small_records,
  queries,  // of DNS
  nothing   // of any protocol, nor its answer
};
inline constexpr size_t kSubjects = 12;
std::string_view name(Subject subject);
/// As rules call it; empty for none.
std::string_view protocol_of(Subject subject);

enum class Acknowledged : uint8_t { at_once, late, never, in_pieces, out_of_order, by_the_answer };
inline constexpr size_t kWaysToAcknowledge = 6;
std::string_view name(Acknowledged how);

enum class Ending : uint8_t { none, fin, reset };

/// What rules look for.
inline constexpr std::array<std::string_view, 2> kMarks = {"marker-of-one", "marker-of-two"};

struct Mark {
  uint8_t which = 0;   // of kMarks
  uint32_t place = 0;  // in millionths of what can be filled
};

/// Sides are numbered by Direction.
struct Talk {
  Subject subject = Subject::header;
  std::array<uint32_t, 2> sizes = {};  // bytes that carry no meaning, and may have marks
  std::array<std::vector<Mark>, 2> marks;
  uint32_t segment = 1460;  // bytes, at most
  Acknowledged how = Acknowledged::at_once;
  Ending ending = Ending::none;
  bool early = false;    // the answer begins before the request is over
  uint64_t dice_of = 1;  // seeds what remains: where segments and acknowledgements fall
};

Talk draw_talk(Dice& dice);
/// Each simpler in one way, the most promising first.
std::vector<Talk> smaller(const Talk& talk);
std::string describe(const Talk& talk);

/// All that one side says.
std::string said(const Talk& talk, Direction direction);
/// The frames of the conversation, from this port of the client's.
void converse(const Talk& talk, uint16_t port, Frames& frames);

}  // namespace lapwing::test
