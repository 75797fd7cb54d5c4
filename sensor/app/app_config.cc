#include "sensor/app/app_config.h"

#include <stdexcept>
#include <string>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

struct Switch {
  std::string_view key;
  uint8_t transports;
};
constexpr Switch kSwitches[] = {
    {"", transport::tcp | transport::udp}, {".tcp", transport::tcp}, {".udp", transport::udp}};

constexpr OptionRow<AppConfig> kOptions[] = {
    {"app-layer.memcap", &AppConfig::memcap, "256mb",
     "memory of a worker for all that dissection keeps; beyond it the flows silent for longest are given up",
     Unit::bytes},
};

std::vector<uint16_t> read_ports(const Setting& node) {
  std::vector<uint16_t> ports;
  for (const std::string& text : read_texts(node)) {
    std::string_view part = trim(text);
    while (!part.empty() && (part.front() == '[' || part.front() == ' ')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ']' || part.back() == ' ')) part.remove_suffix(1);
    auto port = parse_unsigned(part);
    if (!port || *port > 65535)
      node.fail("'" + text + "' is not a port; write numbers from 0 to 65535, as in 80, 8080");
    ports.push_back(static_cast<uint16_t>(*port));
  }
  return ports;
}

constexpr std::string_view kDetectionOnly = "detection-only";

}  // namespace

AppConfig AppConfig::read(const OptionSource& options, std::span<const std::string> requested,
                          std::span<const DissectorRow* const> rows) {
  AppConfig config = read_options<AppConfig>(options, kOptions);
  for (const DissectorRow* row : rows) {
    if (row->protocol->frames.size() > kMaxFrameKinds) {
      throw std::length_error(std::string(row->about->name) + " has more kinds of frames than can be told apart");
    }
    AppProtocol protocol{.config = row->configure(options)};
    protocol.plans = std::make_shared<const RecordPlans>(*row->protocol, protocol.config.get(), requested);
    std::string base = "app-layer.protocols." + std::string(row->about->name);
    protocol.stream_depth = row->about->stream_depth;
    for (const Setting* node : options.find(base + ".stream-depth")) protocol.stream_depth = node->as_size();
    if (protocol.stream_depth == 0) protocol.stream_depth = UINT64_MAX;
    std::vector<uint16_t> ports(row->about->ports.begin(), row->about->ports.end());
    uint8_t off = 0, recognised = 0;
    for (const Switch& s : kSwitches) {
      std::string prefix = base + std::string(s.key);
      for (const Setting* node : options.find(prefix + ".enabled")) {
        const bool only = to_lower(node->as_text()) == kDetectionOnly;
        if (only || !node->as_bool()) (only ? recognised : off) |= s.transports;
      }
      for (const Setting* node : options.find(prefix + ".detection-ports.dp")) {
        for (uint16_t port : read_ports(*node)) ports.push_back(port);
      }
    }
    for (const bool dissected : {true, false}) {
      const int wanted = dissected ? ~recognised : recognised;
      protocol.transports = static_cast<uint8_t>(row->about->transports & ~off & wanted);
      if (!protocol.transports) continue;
      if (config.protocols.size() == kMaxProtocols) {
        throw std::length_error("more protocols than can be told apart");
      }
      protocol.row = std::make_shared<const DissectorRow>(dissected ? *row : undissected(*row));
      config.probes.add(*row->about, protocol.transports, ports);
      config.protocols.push_back(protocol);
    }
  }
  return config;
}

std::vector<OptionInfo> app_options() {
  std::vector<OptionInfo> out = describe_options<AppConfig>(kOptions);
  for (const DissectorRow* row : dissectors()) {
    std::string base = "app-layer.protocols." + std::string(row->about->name);
    std::string ports;
    for (uint16_t port : row->about->ports) ports += (ports.empty() ? "" : ", ") + std::to_string(port);
    out.push_back(
        {base + ".enabled", "switch", "yes",
         "dissect " + std::string(row->about->help) + "; detection-only: name it in rules and records of flows",
         "yes|no|" + std::string(kDetectionOnly)});
    out.push_back({base + ".detection-ports.dp", "list", ports,
                   "further ports on which traffic that could be several protocols is taken for this one", ""});
    if (row->about->transports & transport::tcp) {
      const std::optional<uint64_t> depth = row->about->stream_depth;
      out.push_back(
          {base + ".stream-depth", "bytes", depth ? std::to_string(*depth) : "",
           "bytes of each direction that are reassembled of its flows, 0: all; else as stream.reassembly.depth", ""});
    }
    for (OptionInfo& option : row->options()) out.push_back(std::move(option));
  }
  return out;
}

}  // namespace lapwing
