// Misfit: why the header of a rule does not fit what is at hand.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "signatures/match/scene.h"

namespace lapwing::rules {

/// In the order in which they are asked, from cheap to dear.
enum class Misfit : uint8_t {
  flow,
  direction,
  established,
  not_established,
  app_protocol,
  transport,
  ip_protocol,
  ip_version,
  src_port,
  dst_port,
  src,
  dst
};
inline constexpr size_t kMisfits = static_cast<size_t>(Misfit::dst) + 1;

/// The first reason, or none when the header fits.
inline std::optional<Misfit> misfit(const Header& h, const Scene& scene) {
  if (h.needs_flow && !scene.flow) return Misfit::flow;
  if (scene.flow && !(h.directions >> index(scene.direction) & 1)) return Misfit::direction;
  if (h.established && *h.established != scene.context->established)
    return *h.established ? Misfit::established : Misfit::not_established;
  if (!h.protocols.empty() && (scene.protocol == kMaxProtocols || !h.protocols.has(scene.protocol)))
    return Misfit::app_protocol;
  if (scene.transport == 0) {
    if (!h.without_ip) return Misfit::transport;
  } else {
    if (!(h.transports & scene.transport)) return Misfit::transport;
    if (h.ip_proto != 0 && (!scene.packet || scene.packet->proto != h.ip_proto)) return Misfit::ip_protocol;
    if (scene.src.version == 4 ? !h.v4 : !h.v6) return Misfit::ip_version;
  }
  if (!h.src_port->any && (!scene.has_ports || !h.src_port->contains(scene.src_port))) return Misfit::src_port;
  if (!h.dst_port->any && (!scene.has_ports || !h.dst_port->contains(scene.dst_port))) return Misfit::dst_port;
  if (!h.src->any && !h.src->contains(scene.src)) return Misfit::src;
  if (!h.dst->any && !h.dst->contains(scene.dst)) return Misfit::dst;
  return std::nullopt;
}

/// What was asked for, and what was there instead [cold].
std::string_view asked(Misfit misfit);
std::string found(Misfit misfit, const Scene& scene);

}  // namespace lapwing::rules
