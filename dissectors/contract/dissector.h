// The contract of a dissector: bytes of a flow in, Events out.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dissectors/contract/likelihood.h"
#include "dissectors/contract/out.h"
#include "sensor/base/bit_set.h"
#include "sensor/base/options.h"
#include "sensor/event/event.h"

namespace lapwing {

/// ok: `used` bytes were consumed, the rest (if any) is offered again with what follows.
/// need: nothing can be done before `more` further bytes are there; `used` bytes were consumed.
/// fail: this is not the protocol, or it cannot be followed any more; no more data is wanted.
struct Step {
  enum class Kind : uint8_t { ok, need, fail } kind = Kind::ok;
  uint32_t used = 0, more = 0;

  static Step ok(size_t used) { return {Kind::ok, static_cast<uint32_t>(used), 0}; }
  static Step need(size_t used, size_t more) {
    return {Kind::need, static_cast<uint32_t>(used), static_cast<uint32_t>(more)};
  }
  static Step fail() { return {Kind::fail, 0, 0}; }
};

namespace transport {
inline constexpr uint8_t tcp = 1, udp = 2;
}

using ByteSet = BitSet<256>;
constexpr ByteSet bytes_of(std::string_view text) {
  ByteSet out;
  for (char c : text) out.add(static_cast<uint8_t>(c));
  return out;
}

/// What the outside needs to know of a dissector before any byte came.
struct About {
  std::string_view name;  // EVE app_proto and rule protocol
  uint8_t transports = transport::tcp;
  std::span<const uint16_t> ports;  // where it usually listens: decides between equals, never excludes
  std::string_view help;
  bool client_first = false;  // a server that speaks first does not speak this
  bool server_first = false;  // the server greets: of what both said by then, its words are read first
  /// First bytes, by index(Direction), of which the probe may say anything but no: of others it is not asked.
  std::array<ByteSet, 2> starts = {ByteSet::all(), ByteSet::all()};
  bool only_on_ports = false;  // its bytes say too little: it is asked on its ports, and where its name was announced
  std::optional<uint64_t> stream_depth = {};  // bytes of each direction to reassemble, 0: all; else as of all flows
};

/// A dissector is a plain class. Its instance lives as long as the flow speaks the protocol [W], and says through its
/// Out what it finds. `Config` is its own options struct, read once at start [S]; `data` is called with contiguous
/// bytes of either direction, `gap` when bytes will never come, `finish` when the flow ends: tell what is half done.
/// One that names a `Context` takes what another protocol hands over as well, which may be null.
template <class D>
concept Dissector = requires(D d, const Chunk& chunk, Direction direction, uint64_t lost) {
  typename D::Config;
  typename D::Anomaly;
  typename D::Pdu;
  typename D::Cap;
  { D::about } -> std::convertible_to<About>;
  { D::protocol } -> std::convertible_to<Protocol>;
  { D::options() } -> std::convertible_to<std::span<const OptionRow<typename D::Config>>>;
  { D::probe(chunk) } -> std::same_as<Likelihood>;
  { d.data(chunk) } -> std::same_as<Step>;
  { d.gap(direction, lost) } -> std::same_as<Step>;
  { d.finish() } -> std::same_as<void>;
}
&&(std::constructible_from<D, const typename D::Config&, const Out<D>&> || requires { typename D::Context; });

/// Of a protocol without frames, or without bounds.
enum class None : uint8_t {};

/// A dissector flattened into function pointers [S]; that of a protocol is kRow of its namespace.
struct DissectorRow {
  const About* about;
  const Protocol* protocol;
  Likelihood (*probe)(const Chunk& first_bytes);  // static and pure: sees the direction's bytes from offset 0
  std::shared_ptr<const void> (*configure)(const OptionSource& options);
  std::vector<OptionInfo> (*options)();
  void* (*create)(const Beginning& beginning);
  void (*destroy)(void* instance);
  Step (*data)(void* instance, const Chunk& chunk);
  Step (*gap)(void* instance, Direction direction, uint64_t lost);
  void (*finish)(void* instance);
};

/// The same protocol, which is told from others and whose bytes nobody looks at; an instance is null.
constexpr DissectorRow undissected(DissectorRow row) {
  row.create = [](const Beginning&) -> void* { return nullptr; };
  row.destroy = [](void*) {};
  row.data = [](void*, const Chunk& chunk) { return Step::ok(chunk.data.size()); };
  row.gap = [](void*, Direction, uint64_t) { return Step::ok(0); };
  row.finish = [](void*) {};
  return row;
}

template <Dissector D>
constexpr DissectorRow row() {
  using Config = typename D::Config;
  return {
      .about = &D::about,
      .protocol = &D::protocol,
      .probe = &D::probe,
      .configure = [](const OptionSource& options) -> std::shared_ptr<const void> {
        return std::make_shared<const Config>(read_options<Config>(options, D::options()));
      },
      .options = [] { return describe_options<Config>(D::options()); },
      .create = [](const Beginning& beginning) -> void* {
        const Config& config = *static_cast<const Config*>(beginning.config);
        const Out<D> out(beginning);
        if constexpr (requires { typename D::Context; }) {
          return new D(config, out, std::dynamic_pointer_cast<const typename D::Context>(beginning.context));
        } else {
          return new D(config, out);
        }
      },
      .destroy = [](void* instance) { delete static_cast<D*>(instance); },
      .data = [](void* instance, const Chunk& chunk) { return static_cast<D*>(instance)->data(chunk); },
      .gap = [](void* instance, Direction direction,
                uint64_t lost) { return static_cast<D*>(instance)->gap(direction, lost); },
      .finish = [](void* instance) { static_cast<D*>(instance)->finish(); },
  };
}

}  // namespace lapwing
