#include <span>

#include "dissectors/contract/columns.h"
#include "dissectors/packets/local_names/local_names.h"

namespace lapwing::local_names {

namespace {

using namespace columns;

std::string_view name(const Entry& entry, const Message& message) {
  return std::string_view(message.text).substr(entry.name.at, entry.name.size);
}
std::span<const Entry> questions(const Message& message) {
  return message.questions;
}
std::span<const Entry> answers(const Message& message) {
  return message.answers;
}

constexpr Column kQuestion[] = {text<&name>("name", "the name, in lower case")};
constexpr Column kAnswer[] = {
    text<&name>("name", "the name, in lower case"),
    address<&Entry::address>("address", "whose name it is"),
};
constexpr Column kMembers[] = {
    text<&Message::service>("service", "llmnr, mdns or nbns"),
    text<&Message::kind>("kind", "query, response or registration"),
    flag<&Message::broadcast>("broadcast", "of nbns: sent to all"),
    flag<&Message::cut>("cut", "its names are longer than what is read of them"),
    objects<&questions>("questions", kQuestion, "names of hosts that are asked for"),
    objects<&answers>("answers", kAnswer, "addresses of hosts that are answered, or claimed"),
};
constexpr Column kColumns[] = {object<&self<Message>>("local_names", kMembers, "names of the own link")};

}  // namespace

Table columns() {
  return kColumns;
}

}  // namespace lapwing::local_names
