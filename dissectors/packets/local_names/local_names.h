// Names of the own link: LLMNR (RFC 4795), multicast DNS (RFC 6762) and NetBIOS name service (RFC 1002 section 4.2),
// which are DNS (RFC 1035) in form: who asks whom for which name, who answers, and who announces a name of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/packet_dissector.h"
#include "sensor/base/ip_address.h"

namespace lapwing::local_names {

/// A name of a message: a range of its text.
struct Name {
  uint32_t at = 0;
  uint16_t size = 0;
};

/// A host's name and its address; of a question none.
struct Entry {
  Name name;
  IpAddress address;
};

/// [W] What parsing has grown stays.
struct Message : Transaction {
  std::string_view service;  // "llmnr", "mdns" or "nbns"
  std::string_view kind;     // "query", "response" or "registration"
  bool broadcast = false;    // NBNS: says that it is sent to all
  std::vector<Entry> questions;
  std::vector<Entry> answers;  // to them, or what is registered
  std::string text;            // of all names, in lower case
  bool cut = false;            // its names are longer than what is read of them
};

/// `bytes` from the header of UDP on. False when the header is cut, and where it says nothing of names of hosts.
bool parse(Bytes bytes, Message& out);

Table columns();

}  // namespace lapwing::local_names
