#include "tests/hunt/minimise.h"

#include <algorithm>
#include <map>
#include <string>

#include "sensor/verify/plain_packet.h"

namespace lapwing::hunt {
namespace {

using test::BuiltFrame;
using verify::acknowledged, verify::connection_of, verify::flags, verify::from_first, verify::plain_packet,
    verify::PlainPacket, verify::rewritten, verify::sequence;

class Minimiser {
 public:
  Minimiser(Frames frames, const Shows& shows, size_t tries)
      : frames_(std::move(frames)), shows_(shows), tries_(tries) {}

  Frames run() {
    for (bool better = true; better && tries_ > 0;) {
      better = false;
      better |= drop_connections();
      better |= drop_packets();
      better |= drop_bytes();
    }
    return std::move(frames_);
  }

 private:
  bool keep(Frames smaller) {
    if (tries_ == 0 || smaller.empty()) return false;
    --tries_;
    for (size_t i = 0; i < smaller.size(); ++i) smaller[i].number = i + 1;
    if (!shows_(smaller)) return false;
    frames_ = std::move(smaller);
    return true;
  }

  bool drop_connections() {
    std::map<std::string, size_t> sizes;
    for (const BuiltFrame& frame : frames_) ++sizes[name(frame)];
    bool better = false;
    for (const auto& [connection, size] : sizes) {
      if (size == frames_.size()) break;
      Frames rest;
      std::ranges::copy_if(frames_, std::back_inserter(rest), [&, &connection = connection](const BuiltFrame& frame) {
        return name(frame) != connection;
      });
      better |= keep(std::move(rest));
    }
    return better;
  }
  static std::string name(const BuiltFrame& frame) {
    const auto packet = plain_packet(frame);
    return packet ? connection_of(frame, *packet) : std::string();
  }

  bool drop_packets() {
    bool better = false;
    for (size_t step = std::max<size_t>(frames_.size() / 2, 1);; step /= 2) {
      for (size_t at = 0; at < frames_.size();) {
        Frames rest(frames_.begin(), frames_.begin() + static_cast<ptrdiff_t>(at));
        rest.insert(rest.end(), frames_.begin() + static_cast<ptrdiff_t>(std::min(at + step, frames_.size())),
                    frames_.end());
        if (keep(std::move(rest))) {
          better = true;
        } else {
          at += step;
        }
      }
      if (step <= 1) return better;
    }
  }

  bool drop_bytes() {
    bool better = false;
    for (size_t i = 0; i < frames_.size(); ++i) {
      auto packet = plain_packet(frames_[i]);
      if (!packet || packet->size() == 0) continue;
      for (size_t step = std::max<size_t>(packet->size() / 2, 1);; step /= 2) {
        for (size_t at = 0; at < packet->size();) {
          if (keep(without(i, *packet, at, std::min(step, packet->size() - at)))) {
            better = true;
            packet = plain_packet(frames_[i]);
          } else {
            at += step;
          }
        }
        if (step <= 1 || tries_ == 0) break;
      }
    }
    return better;
  }

  /// The frames without these bytes of one payload: what follows in its stream moves up.
  Frames without(size_t index, const PlainPacket& packet, size_t at, size_t count) const {
    Frames out = frames_;
    const BuiltFrame& frame = frames_[index];
    std::vector<uint8_t> payload(frame.bytes.begin() + static_cast<ptrdiff_t>(packet.payload),
                                 frame.bytes.begin() + static_cast<ptrdiff_t>(packet.end));
    payload.erase(payload.begin() + static_cast<ptrdiff_t>(at), payload.begin() + static_cast<ptrdiff_t>(at + count));
    if (!packet.tcp) {
      out[index] = rewritten(frame, packet, payload, 0, 0, 0);
      return out;
    }
    const uint32_t seq = sequence(frame, packet), gone = static_cast<uint32_t>(seq + at);
    out[index] = rewritten(frame, packet, payload, seq, acknowledged(frame, packet), flags(frame, packet));
    const std::string connection = connection_of(frame, packet);
    const bool side = from_first(frame, packet);
    auto moved = [&](uint32_t number) {
      const auto beyond = static_cast<int32_t>(number - gone);
      return beyond <= 0 ? number : number - std::min(static_cast<uint32_t>(beyond), static_cast<uint32_t>(count));
    };
    for (size_t i = 0; i < out.size(); ++i) {
      const auto other = plain_packet(out[i]);
      if (i == index || !other || !other->tcp || connection_of(out[i], *other) != connection) continue;
      uint32_t its = sequence(out[i], *other), ack = acknowledged(out[i], *other);
      const uint32_t before_seq = its, before_ack = ack;
      if (from_first(out[i], *other) == side)
        its = moved(its);
      else
        ack = moved(ack);
      if (its == before_seq && ack == before_ack) continue;
      const Bytes same = Bytes(out[i].bytes).subspan(other->payload, other->size());
      out[i] =
          rewritten(out[i], *other, std::vector<uint8_t>(same.begin(), same.end()), its, ack, flags(out[i], *other));
    }
    return out;
  }

  Frames frames_;
  const Shows& shows_;
  size_t tries_;
};

}  // namespace

Frames minimise(Frames frames, const Shows& shows, size_t tries) {
  return Minimiser(std::move(frames), shows, tries).run();
}

}  // namespace lapwing::hunt
