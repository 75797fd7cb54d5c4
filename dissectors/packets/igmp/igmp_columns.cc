#include "dissectors/contract/columns.h"
#include "dissectors/packets/igmp/igmp.h"

namespace lapwing::igmp {

namespace {

using namespace columns;

using Sources = Taken<IpAddress, &next_source>;

Sources sources(const Message& message) {
  return Sources(message.sources);
}
Sources sources_of(const GroupRecord& record) {
  return Sources(record.sources);
}
Taken<GroupRecord, &next_group> groups(const Message& message) {
  return Taken<GroupRecord, &next_group>(message.groups);
}

/// RFC 3376 section 4.2.12.
std::string_view change(const GroupRecord& record) {
  constexpr std::string_view kNames[] = {"is_include", "is_exclude", "to_include",
                                         "to_exclude", "allow_new",  "block_old"};
  return record.type >= 1 && record.type <= 6 ? kNames[record.type - 1] : "unknown";
}

constexpr Column kGroup[] = {
    text<&change>("type", "what it says of the group: is_include, to_exclude, allow_new, ..."),
    address<&GroupRecord::group>("group", "the group"),
    each<&sources_of, Shape::address>("sources", "senders that it says it of"),
};
constexpr Column kMembers[] = {
    integer<&Message::type>("type", "type of the message"),
    integer<&Message::version>("version", "version of IGMP, of types that one has"),
    address<&Message::group>("group", "the group, of a general query 0.0.0.0"),
    integer<&Message::max_response>("max_response", "of a query: tenths of a second that answers may take"),
    flag<&Message::suppress>("suppress", "of a query: other routers keep their timers"),
    integer<&Message::robustness>("robustness", "of a query: lost packets that its sender bears"),
    integer<&Message::interval>("interval", "of a query: seconds between its sender's queries"),
    each<&sources, Shape::address>("sources", "senders that a query asks for"),
    objects<&groups>("groups", kGroup, "groups of a report of version 3"),
};
constexpr Column kColumns[] = {object<&self<Message>>("igmp", kMembers, "a message of IGMP")};

}  // namespace

Table columns() {
  return kColumns;
}

}  // namespace lapwing::igmp
