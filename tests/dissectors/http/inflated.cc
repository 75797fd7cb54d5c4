#include "tests/dissectors/http/inflated.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

namespace lapwing::test {

using http::Inflater;
using State = Inflater::State;

Inflated inflated_by_zlib(Bytes coded, bool bare) {
  Inflated out;
  z_stream stream{};
  if (inflateInit2(&stream, bare ? -MAX_WBITS : MAX_WBITS + 32) != Z_OK) std::abort();
  stream.next_in = const_cast<Bytef*>(coded.data());
  stream.avail_in = static_cast<uInt>(coded.size());
  std::vector<uint8_t> room(Inflater::kStep);
  int code = Z_OK;
  do {
    stream.next_out = room.data();
    stream.avail_out = static_cast<uInt>(room.size());
    code = inflate(&stream, Z_NO_FLUSH);
    out.made.append(to_text(Bytes(room).first(room.size() - stream.avail_out)));
  } while (code == Z_OK);
  out.state = code == Z_STREAM_END ? State::ended : code == Z_BUF_ERROR ? State::starved : State::broken;
  out.taken = coded.size() - stream.avail_in;
  inflateEnd(&stream);
  return out;
}

Inflated inflated(Bytes coded, bool bare, const Cut& cut) {
  Inflated out;
  const auto inflater = std::make_unique<Inflater>(bare);
  while (out.state == State::starved && out.taken < coded.size()) {
    // In a block of exactly its size, so that a read past it is seen.
    const Bytes there =
        coded.subspan(out.taken, std::clamp<size_t>(cut(coded.size() - out.taken), 1, coded.size() - out.taken));
    const std::vector<uint8_t> piece(there.begin(), there.end());
    Bytes in = piece, made;
    do {
      const size_t room = std::clamp<size_t>(cut(Inflater::kStep), 1, Inflater::kStep);
      out.state = inflater->step(in, room, made);
      if (made.size() > room || (out.state == State::starved && !in.empty())) std::abort();
      out.made.append(to_text(made));
    } while (out.state == State::full);
    if (out.state == State::starved && (inflater->step(in, Inflater::kStep, made) != State::starved || !made.empty())) {
      std::abort();
    }
    out.taken += piece.size() - in.size();
  }
  return out;
}

}  // namespace lapwing::test
