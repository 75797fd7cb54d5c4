#include "dissectors/contract/columns.h"
#include "dissectors/packets/icmp/icmp.h"
#include "sensor/base/text.h"

namespace lapwing::icmp {

namespace {

using namespace columns;

std::string mac(const Option& option) {
  return to_hex(option.mac, ':');
}
Taken<IpAddress, &next_address> servers(const Option& option) {
  return Taken<IpAddress, &next_address>(option.servers);
}
Taken<Option, &next_option> options(const Message& message) {
  return Taken<Option, &next_option>(message.options);
}
const Quoted* quoted(const Message& message) {
  return message.with_quoted ? &message.quoted : nullptr;
}

constexpr Column kQuoted[] = {
    address<&Quoted::source>("src_ip", "its source"),
    integer<&Quoted::source_port>("src_port", "of TCP, UDP and SCTP"),
    address<&Quoted::target>("dest_ip", "its destination"),
    integer<&Quoted::target_port>("dest_port", "of TCP, UDP and SCTP"),
    integer<&Quoted::proto>("proto", "number of what IP carries there"),
};
constexpr Column kOption[] = {
    integer<&Option::type>("type", "type of the option"),
    text<&mac>("mac", "hardware address of the source (1) or target (2)"),
    address<&Option::prefix>("prefix", "prefix of the link"),
    integer<&Option::prefix_length>("prefix_length", "bits of the prefix"),
    integer<&Option::lifetime>("lifetime", "seconds that prefix or servers are valid"),
    integer<&Option::mtu>("mtu", "largest packet of the link"),
    each<&servers, Shape::address>("servers", "DNS servers"),
};
constexpr Column kMembers[] = {
    text<&Message::name>("message", "name of icmp_type: echo_request, neighbor_solicitation, ..."),
    integer<&Message::length>("length", "bytes behind the header of 8"),
    integer<&Message::id>("id", "identifier of a request and its reply"),
    integer<&Message::seq>("seq", "number of a request and its reply"),
    hex<&Message::data>("data", "what a request and its reply carry").on_request(),
    integer<&Message::mtu>("mtu", "largest packet of the next hop"),
    integer<&Message::pointer>("pointer", "byte of the quoted packet that is at fault"),
    address<&Message::gateway>("gateway", "router that is to be used"),
    address<&Message::group>("group", "multicast group"),
    address<&Message::target>("target", "neighbour that is asked for, answers or is the better hop"),
    address<&Message::destination>("destination", "of a redirect: whom the better hop leads to"),
    flag<&Message::router>("router", "the neighbour is a router"),
    flag<&Message::solicited>("solicited", "the neighbour was asked"),
    flag<&Message::overriding>("override", "replaces the hardware address known"),
    integer<&Message::hop_limit>("hop_limit", "of a router: hop limit to be used"),
    flag<&Message::managed>("managed", "of a router: addresses come by DHCPv6"),
    flag<&Message::other>("other", "of a router: other settings come by DHCPv6"),
    integer<&Message::lifetime>("lifetime", "of a router: seconds that it serves as default router"),
    text<&Message::preference>("preference", "of a router: high, medium or low, among several"),
    object<&quoted>("quoted", kQuoted, "the packet that an error is about"),
    objects<&options>("options", kOption, "options of neighbour discovery"),
};
constexpr Column kColumns[] = {object<&self<Message>>("icmp", kMembers, "a message of ICMP or ICMPv6")};

}  // namespace

Table columns() {
  return kColumns;
}

}  // namespace lapwing::icmp
