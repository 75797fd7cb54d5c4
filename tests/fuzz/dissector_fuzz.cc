// One dissector under hostile dialogues, fed by the app layer. LAPWING_DISSECTOR names it: a macro where each has a
// fuzzer of its own, else in the environment.
//
// The input is a list of steps: a control byte (bit 0: direction, bits 1-2: what, bit 3: the direction ends with these
// bytes, bit 4: the flow is over, bit 5, of the first: another flow announced nothing, and the bytes alone tell the
// protocol), two bytes of length, bytes.
// Besides the sanitizers' findings and what FlowDriver requires, it is an error when a stream without gaps yields other
// records in single bytes than in its pieces, as long as it speaks one protocol and has the work that it asks for.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/flow_driver.h"

namespace lapwing {
namespace {

#ifdef LAPWING_DISSECTOR
constexpr std::string_view kDissector = LAPWING_DISSECTOR;
#else
const std::string kDissector = [] {
  const char* name = std::getenv("LAPWING_DISSECTOR");
  if (!name || !*name) std::abort();  // it would tell the protocol by the bytes
  return std::string(name);
}();
#endif

enum class What : uint8_t { data, more_data, gap, datagram };

struct Move {
  What what;
  Direction direction;
  std::string bytes;
  bool end = false, over = false, told = false;
};

std::vector<Move> read_moves(Bytes input) {
  constexpr size_t kMaxMoves = 64;
  std::vector<Move> out;
  ByteReader reader(input);
  while (reader.has(4) && out.size() < kMaxMoves) {
    const uint8_t control = reader.u8();
    const size_t size = std::min<size_t>(reader.u16(), reader.left());
    out.push_back({static_cast<What>(control >> 1 & 3), static_cast<Direction>(control & 1),
                   std::string(to_text(reader.bytes(size))), (control & 8) != 0, (control & 16) != 0,
                   (control & 32) == 0});
    if (out.back().over) break;
  }
  return out;
}

struct Played {
  test::Heard heard;
  bool comparable = true;  // nothing that depends on how the bytes were cut
};

/// The server speaks, and the client only then. Where the bytes tell the protocol, as of a stream that no other flow
/// could announce, so much of the request comes before its answer as it took to tell it.
bool answers_first(const std::vector<Move>& moves) {
  const auto first = std::ranges::find_if(moves, [](const Move& move) { return !move.bytes.empty(); });
  return first != moves.end() && first->direction == Direction::to_client &&
         std::any_of(first, moves.end(), [](const Move& move) { return move.direction == Direction::to_server; });
}

/// In pieces of `piece` bytes, or 0: as they are.
Played play(const std::vector<Move>& moves, size_t piece) {
  Played out;
  const bool told = moves.empty() || moves[0].told;
  test::FlowDriver flow({.known = told ? std::string_view(kDissector) : "", .frames = true}, out.heard);
  bool ended[2] = {};
  // A flow is of datagrams or a stream: offsets of both in one would contradict each other.
  const bool datagrams = !moves.empty() && moves[0].what == What::datagram;
  for (const Move& move : moves) {
    if (ended[index(move.direction)]) continue;
    if (move.what == What::gap && !datagrams) {
      flow.gap(move.direction, move.bytes.size() + 1);
      continue;
    }
    if (datagrams) {
      flow.datagram(move.direction, move.bytes);
      continue;
    }
    const size_t size = piece > 0 ? piece : std::max<size_t>(move.bytes.size(), 1);
    for (size_t at = 0; at < move.bytes.size(); at += size) flow.say(move.direction, move.bytes.substr(at, size));
    // The end comes by itself, as the stream room hands it over.
    if ((ended[index(move.direction)] = move.end)) flow.end(move.direction);
  }
  flow.finish();
  const AppCounters seen = flow.app().counters();
  const bool announced = flow.protocol() == kDissector;
  out.comparable = seen.work_budget == 0 && seen.changed == 0 && (announced || !answers_first(moves));
  return out;
}

}  // namespace
}  // namespace lapwing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lapwing;
  const auto moves = read_moves(Bytes(data, size));
  const Played whole = play(moves, 0);
  bool stream = true;
  for (const Move& move : moves) stream &= move.told && (move.what == What::data || move.what == What::more_data);
  constexpr size_t kAffordable = 4096;
  if (!stream || size > kAffordable) return 0;
  const Played cut = play(moves, 1);
  if (whole.comparable && cut.comparable && whole.heard.records != cut.heard.records) std::abort();
  return 0;
}
