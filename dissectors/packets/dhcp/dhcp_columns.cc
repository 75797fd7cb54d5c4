#include "dissectors/contract/columns.h"
#include "dissectors/packets/dhcp/dhcp.h"
#include "sensor/base/text.h"

namespace lapwing::dhcp {

namespace {

using namespace columns;

std::string client(const Message& message) {
  return to_hex(message.client, ':');
}
Taken<IpAddress, &next_address> routers(const Message& message) {
  return Taken<IpAddress, &next_address>(message.routers);
}
Taken<IpAddress, &next_address> resolvers(const Message& message) {
  return Taken<IpAddress, &next_address>(message.resolvers);
}

constexpr Column kMembers[] = {
    text<&Message::kind>("dhcp_type", "discover, offer, request, ack, ..."),
    integer<&Message::target_port>("dest_port", "68: for a client"),
    integer<&Message::id>("id", "number of the transaction"),
    text<&client>("client_mac", "station of the client"),
    address<&Message::assigned>("assigned_ip", "address that the client gets"),
    address<&Message::relay>("relay_ip", "who relays between the client's network and the server"),
    address<&Message::server>("server_ip", "what the server calls itself"),
    address<&Message::mask>("subnet_mask", "of the client's network"),
    each<&routers, Shape::address>("routers", "routers of the client's network"),
    each<&resolvers, Shape::address>("dns_servers", "resolvers to be used"),
};
constexpr Column kColumns[] = {object<&self<Message>>("dhcp", kMembers, "a message of DHCP")};

}  // namespace

Table columns() {
  return kColumns;
}

}  // namespace lapwing::dhcp
