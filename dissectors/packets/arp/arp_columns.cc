#include "dissectors/contract/columns.h"
#include "dissectors/packets/arp/arp.h"
#include "sensor/base/text.h"

namespace lapwing::arp {

namespace {

using namespace columns;

std::string sender_mac(const Message& message) {
  return to_hex(message.sender_mac, ':');
}
std::string target_mac(const Message& message) {
  return to_hex(message.target_mac, ':');
}
std::string_view hardware(const Message&) {
  return "ethernet";
}
std::string_view network(const Message&) {
  return "ipv4";
}

/// IANA, "Address Resolution Protocol (ARP) Parameters".
constexpr NamedValue kOperations[] = {
    {"request", 1},     {"reply", 2},       {"request_reverse", 3}, {"reply_reverse", 4}, {"drarp_request", 5},
    {"drarp_reply", 6}, {"drarp_error", 7}, {"inarp_request", 8},   {"inarp_reply", 9},
};
std::string_view operation(const Message& message) {
  for (const NamedValue& row : kOperations) {
    if (row.value == message.operation) return row.name;
  }
  return "unknown";
}

constexpr Column kMembers[] = {
    text<&hardware>("hw_type", "kind of the hardware addresses"),
    text<&network>("proto_type", "kind of the network addresses"),
    text<&operation>("opcode", "what the sender does: request, reply, ..."),
    text<&sender_mac>("src_mac", "hardware address of the sender"),
    address<&Message::sender>("src_ip", "network address of the sender"),
    text<&target_mac>("dest_mac", "hardware address of whom it is for"),
    address<&Message::target>("dest_ip", "network address of whom it is for"),
};
constexpr Column kColumns[] = {object<&self<Message>>("arp", kMembers, "an ARP packet")};

}  // namespace

Table columns() {
  return kColumns;
}

}  // namespace lapwing::arp
