#include "sensor/capture/dpdk/dpdk.h"

#include "sensor/capture/dpdk/config.h"
#include "sensor/capture/dpdk/eal.h"
#include "sensor/capture/dpdk/port.h"

namespace lapwing {

DpdkCapture::DpdkCapture(const Setting& root, std::vector<std::string>& named)
    : config_(std::make_unique<capture::dpdk::Config>(capture::dpdk::read_config(root, named))) {}

DpdkCapture::~DpdkCapture() = default;

bool DpdkCapture::empty() const {
  return config_->ports.empty();
}

void DpdkCapture::open(uint64_t workers, const std::string& checksums, const std::string& filter,
                       std::vector<LiveConfig>& interfaces, std::vector<std::unique_ptr<PacketSource>>& sources) {
  if (empty()) return;
  if (!filter.empty()) {
    throw SettingError(config_->ports[0].mark, config_->ports[0].interface + ": DPDK has no BPF filters");
  }
  eal_ = std::make_shared<capture::dpdk::Eal>(*config_);
  for (capture::dpdk::PortConfig config : config_->ports) {
    if (workers) config.workers = workers;
    if (!checksums.empty()) config.checksums = checksums;
    ports_.push_back(std::make_shared<capture::dpdk::Port>(eal_, std::move(config), interfaces.size()));
    const auto& port = ports_.back();
    interfaces.push_back(port->config());
    for (size_t i = 0; i < port->config().workers; ++i) sources.push_back(make_source(port, i));
  }
  watch();
}

void DpdkCapture::watch() {
  for (auto& port : ports_) port->watch(capture::dpdk::Port::Clock::now());
}

}  // namespace lapwing
