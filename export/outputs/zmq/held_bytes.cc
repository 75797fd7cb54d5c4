#include "export/outputs/zmq/held_bytes.h"

#include <cstring>
#include <new>

namespace lapwing {
namespace {

/// Before the bytes themselves.
struct Head {
  std::atomic<uint64_t>* held;
  uint64_t size;
};

/// On a thread of ZeroMQ.
void release(void*, void* block) {
  const auto* head = static_cast<const Head*>(block);
  head->held->fetch_sub(head->size, std::memory_order_relaxed);
  ::operator delete(block);
}

}  // namespace

bool HeldBytes::make(zmq_msg_t& message, std::string_view data) {
  void* block = ::operator new(sizeof(Head) + data.size(), std::nothrow);
  if (!block) return false;
  auto* head = new (block) Head{&bytes_, data.size()};
  std::memcpy(head + 1, data.data(), data.size());
  bytes_.fetch_add(data.size(), std::memory_order_relaxed);
  if (zmq_msg_init_data(&message, head + 1, data.size(), release, block) == 0) return true;
  release(nullptr, block);
  return false;
}

}  // namespace lapwing
