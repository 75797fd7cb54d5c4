#include "sensor/identify/ndpi_module.h"

#include <arpa/inet.h>
#include <sys/mman.h>

#include <charconv>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sensor/identify/address_table.h"
#include "sensor/identify/ndpi_memory.h"

/// Takes libc's place, which goes through snprintf: nDPI asks for each flow that names a host.
extern "C" char* inet_ntoa(in_addr address) noexcept {
  static thread_local std::array<char, INET_ADDRSTRLEN> text;
  std::array<uint8_t, sizeof address> bytes;
  std::memcpy(bytes.data(), &address, bytes.size());
  size_t size = 0;
  for (const uint8_t byte : bytes) {
    size = static_cast<size_t>(std::to_chars(&text[size], text.data() + text.size(), byte).ptr - text.data());
    text[size++] = '.';
  }
  text[size - 1] = '\0';
  return text.data();
}

namespace lapwing {
namespace {

/// Every module has the same lists.
const AddressTable* addresses = nullptr;

AddressTable read_addresses(const ndpi_detection_module_struct& module) {
  std::vector<AddressTable::Prefix> out;
  const auto take = [](ndpi_patricia_node_t* node, void*, void* all) {
    if (!node->prefix || node->prefix->family != AF_INET) return;
    const auto& value = node->value.u.uv32;
    static_cast<std::vector<AddressTable::Prefix>*>(all)->push_back(
        {.address =
             ntohl(node->prefix->add.sin.s_addr) & static_cast<uint32_t>(~uint64_t{0} << (32 - node->prefix->bitlen)),
         .length = static_cast<uint8_t>(node->prefix->bitlen),
         .application = static_cast<uint16_t>(value.user_value),
         .port = static_cast<uint16_t>(value.additional_user_value)});
  };
  ndpi_patricia_walk_tree_inorder(static_cast<ndpi_patricia_tree_t*>(module.protocols_ptree), take, &out);
  return AddressTable(std::move(out));
}

/// Throws std::bad_alloc where so much memory is not to be had. Asks the system: an allocator might keep it apart.
void look_for_memory(size_t size) {
  void* range = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) throw std::bad_alloc();
  munmap(range, size);
}

}  // namespace

}  // namespace lapwing

/// Takes nDPI's place, which asks up to four times for each flow. `port` in network order.
extern "C" u_int16_t ndpi_network_port_ptree_match(ndpi_detection_module_struct*, in_addr* address, u_int16_t port) {
  return lapwing::addresses->find(ntohl(address->s_addr), port);
}

/// Of the library, without a declaration. `address` in host order.
extern "C" u_int8_t ndpi_is_public_ipv4(u_int32_t address);

/// The same, of public addresses alone.
extern "C" u_int16_t ndpi_network_ptree_match(ndpi_detection_module_struct*, in_addr* address) {
  const uint32_t number = ntohl(address->s_addr);
  return ndpi_is_public_ipv4(number) ? lapwing::addresses->find(number) : uint16_t{NDPI_PROTOCOL_UNKNOWN};
}

namespace lapwing {

NdpiModule::NdpiModule(Sweep which) {
  if (ndpi_get_api_version() != NDPI_API_VERSION || ndpi_get_ndpi_detection_module_size() != sizeof *ndpi_ ||
      ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(ndpi_flow_struct)) {
    throw std::runtime_error(std::string("libndpi ") + ndpi_revision() + " is not the version this was compiled with");
  }
  NdpiMemory::install();
  static std::mutex starting;  // ndpi_init_detection_module must not run twice at once
  std::lock_guard lock(starting);
  // It does not look whether it got the memory it asks for, some 30 MB: what is had and given back is there for it.
  look_for_memory(size_t{64} << 20);
  ndpi_.reset(ndpi_init_detection_module(ndpi_no_prefs));
  if (!ndpi_) throw std::runtime_error("libndpi could not be started");
  NDPI_PROTOCOL_BITMASK all;
  NDPI_BITMASK_SET_ALL(all);
  ndpi_set_protocol_detection_bitmask2(ndpi_.get(), &all);
  ndpi_finalize_initialization(ndpi_.get());
  static const AddressTable read = read_addresses(*ndpi_);
  addresses = &read;
  take_over_ndpi_sweep(*ndpi_, which);
  set_caches(caches_.data());
  for (auto& cache : caches_) cache.num_entries = NdpiDetection::kCacheEntries;
}

NdpiModule::~NdpiModule() {
  set_caches(nullptr);
}

void NdpiModule::set_caches(ndpi_lru_cache* first) {
  const std::array all = {&ndpi_->ookla_cache,    &ndpi_->bittorrent_cache, &ndpi_->zoom_cache,   &ndpi_->stun_cache,
                          &ndpi_->tls_cert_cache, &ndpi_->mining_cache,     &ndpi_->msteams_cache};
  static_assert(all.size() == NdpiDetection::kCaches);
  for (size_t i = 0; i < all.size(); ++i) *all[i] = first ? first + i : nullptr;
}

}  // namespace lapwing
