#include "signatures/compile/group_names.h"

#include <algorithm>
#include <array>
#include <vector>

namespace lapwing::rules {

namespace {

class Walk {
 public:
  using Use = std::function<void(const Group&, const std::string&)>;
  Walk(const Compiled& compiled, const Use& use) : compiled_(compiled), use_(use) {}

  void classes() const {
    for (size_t c = 0; c < compiled_.groups.size(); c++) {
      const std::string between = compiled_.classes.name(c);
      const RuleGroups& groups = compiled_.groups[c];
      for (size_t t = 0; t < kTransports; t++) {
        for (size_t d = 0; d < 2; d++) {
          const std::string where = std::string(kTransportNames[t]) + " " + std::string(direction_name(d)) + between;
          payload(groups.packets[t][d], where + ", packets");
          payload(groups.streams[t][d], where + ", stream");
        }
      }
      fields(groups.fields, between, "");
      fields(groups.files, between, "each file, ");
    }
  }

  void frames() const {
    for (size_t p = 0; p < compiled_.frame_groups.size(); p++) {
      for (size_t d = 0; d < 2; d++) {
        const auto& by_frame = compiled_.frame_groups[p][d];
        for (size_t number = 0; number < by_frame.size(); number++) {
          const std::string_view frame = frame_kind(*compiled_.protocols[p], number).name;
          show(by_frame[number], of_protocol(p, d) + ", frame " + std::string(frame));
        }
      }
    }
  }

 private:
  void show(const Group& group, const std::string& name) const {
    if (!group.empty()) use_(group, name);
  }

  std::string of_protocol(size_t protocol, size_t direction) const {
    return std::string(compiled_.protocols[protocol]->name) + " " + std::string(direction_name(direction));
  }

  void payload(const PayloadGroups& groups, const std::string& name) const {
    show(groups.any, name + ", any port");
    by_port(groups.by_dst_port, name + ", destination port ");
    by_port(groups.by_src_port, name + ", source port ");
    for (size_t p = 0; p < groups.by_protocol.size(); p++) {
      show(groups.by_protocol[p], name + ", protocol " + std::string(compiled_.protocols[p]->name));
    }
  }

  void by_port(const PortGroups& groups, const std::string& name) const {
    std::vector<uint16_t> ports;
    for (const auto& [port, group] : groups) ports.push_back(port);
    std::sort(ports.begin(), ports.end());
    for (const uint16_t port : ports) show(*groups.find(port), name + std::to_string(port));
  }

  void fields(const std::vector<std::array<std::vector<FieldGroup>, 2>>& groups, const std::string& between,
              const std::string& of) const {
    for (size_t p = 0; p < groups.size(); p++) {
      for (size_t d = 0; d < 2; d++) {
        for (const FieldGroup& group : groups[p][d]) {
          const Buffer& buffer = compiled_.buffers[group.buffer];
          std::string name = of_protocol(p, d) + between + ", " + of;
          name += group.buffer == kRawBuffer ? "no buffer" : "buffer " + buffer_name(buffer);
          for (const std::string& transform : buffer.transform_names) name += " " + transform;
          name += ", " + (group.stage == kComplete ? "when complete" : "stage " + std::to_string(group.stage));
          show(group.rules, name);
        }
      }
    }
  }

  const Compiled& compiled_;
  const Use& use_;
};

}  // namespace

std::string_view direction_name(size_t direction) {
  return direction == index(Direction::to_server) ? "to_server" : "to_client";
}

std::string buffer_name(const Buffer& buffer) {
  return buffer.name + (buffer.only ? ": " + std::string(direction_name(index(*buffer.only))) : "");
}

void each_group(const Compiled& compiled, const std::function<void(const Group&, const std::string& name)>& use) {
  const Walk walk(compiled, use);
  walk.classes();
  walk.frames();
}

}  // namespace lapwing::rules
