#include "dissectors/contract/columns.h"
#include "dissectors/packets/dhcpv6/dhcpv6.h"
#include "sensor/base/text.h"

namespace lapwing::dhcpv6 {

namespace {

using namespace columns;

std::string client(const Message& message) {
  return message.client ? to_hex(*message.client, ':') : std::string();
}
Taken<IpAddress, &next_address> resolvers(const Message& message) {
  return Taken<IpAddress, &next_address>(message.resolvers);
}

constexpr Column kMembers[] = {
    text<&Message::kind>("type", "solicit, advertise, request, reply, ..."),
    integer<&Message::target_port>("dest_port", "546: for a client"),
    integer<&Message::id>("id", "number of the transaction"),
    text<&client>("client_mac", "station that the client's identifier is made of"),
    address<&Message::assigned>("assigned_ip", "address that the client gets"),
    each<&resolvers, Shape::address>("dns_servers", "resolvers to be used"),
};
constexpr Column kColumns[] = {object<&self<Message>>("dhcpv6", kMembers, "a message of DHCP over IPv6")};

}  // namespace

Table columns() {
  return kColumns;
}

}  // namespace lapwing::dhcpv6
