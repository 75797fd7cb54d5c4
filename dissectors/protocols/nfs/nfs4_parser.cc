#include "dissectors/protocols/nfs/nfs4_parser.h"

#include <algorithm>

namespace lapwing::nfs {

namespace {

constexpr uint32_t kMostText = 64 << 10, kMostBits = 16;

// A layout is a text of letters: 4, 8: bytes; S: 16 (a stateid, session or device), C: 20 (change_info4), T: 12
// (nfstime4), o: bytes behind their number, b: a bitmap, f: attributes (fattr4), [...]: a list of what stands within.
void pass(XdrReader& body, std::string_view layout);

/// Takes "[...]" off the front of a layout.
std::string_view take_list(std::string_view& layout) {
  size_t depth = 0, at = 0;
  for (; at < layout.size(); ++at) {
    if (layout[at] == '[') ++depth;
    if (layout[at] == ']' && --depth == 0) break;
  }
  const std::string_view inside = layout.substr(1, at - 1);
  layout.remove_prefix(at + 1);
  return inside;
}

void pass_list(XdrReader& body, std::string_view inside) {
  const uint32_t count = body.count(kMostEntries);
  for (uint32_t i = 0; i < count && body.whole(); ++i) pass(body, inside);
}

void pass(XdrReader& body, std::string_view layout) {
  while (!layout.empty() && body.whole()) {
    const char what = layout.front();
    if (what == '[') {
      pass_list(body, take_list(layout));
      continue;
    }
    layout.remove_prefix(1);
    switch (what) {
      case '4': body.skip(4); break;
      case '8': body.skip(8); break;
      case 'T': body.skip(12); break;
      case 'S': body.skip(16); break;
      case 'C': body.skip(20); break;
      case 'o': body.opaque(kMostText); break;
      case 'b': body.fixed(body.count(kMostBits) * 4); break;
      case 'f': pass(body, "bo"); break;
      default: break;
    }
  }
}

/// Layouts by operation: what is asked for, and what is answered where it went well. "?": read by hand; "!": not read.
struct Layout {
  std::string_view call, reply;
};
constexpr Layout kLayouts[] = {
    {"!", "!"},                      // 0
    {"!", "!"},                      // 1
    {"!", "!"},                      // 2
    {"4", "44"},                     // ACCESS
    {"4S", "S"},                     // CLOSE
    {"84", "8"},                     // COMMIT
    {"?", "Cb"},                     // CREATE
    {"8", ""},                       // DELEGPURGE
    {"S", ""},                       // DELEGRETURN
    {"b", "?"},                      // GETATTR
    {"", "?"},                       // GETFH
    {"?", "C"},                      // LINK
    {"?", "S"},                      // LOCK
    {"4888o", ""},                   // LOCKT
    {"44S88", "S"},                  // LOCKU
    {"?", ""},                       // LOOKUP
    {"", ""},                        // LOOKUPP
    {"f", ""},                       // NVERIFY
    {"?", "?"},                      // OPEN
    {"4", ""},                       // OPENATTR
    {"S4", "S"},                     // OPEN_CONFIRM
    {"S444", "S"},                   // OPEN_DOWNGRADE
    {"?", ""},                       // PUTFH
    {"", ""},                        // PUTPUBFH
    {"", ""},                        // PUTROOTFH
    {"?", "?"},                      // READ
    {"8844b", "?"},                  // READDIR
    {"", "o"},                       // READLINK
    {"?", "C"},                      // REMOVE
    {"?", "CC"},                     // RENAME
    {"8", ""},                       // RENEW
    {"", ""},                        // RESTOREFH
    {"", ""},                        // SAVEFH
    {"o", "?"},                      // SECINFO
    {"Sf", "b"},                     // SETATTR
    {"8o4oo4", "88"},                // SETCLIENTID
    {"88", ""},                      // SETCLIENTID_CONFIRM
    {"f", ""},                       // VERIFY
    {"?", "448"},                    // WRITE
    {"8o", ""},                      // RELEASE_LOCKOWNER
    {"?", ""},                       // BACKCHANNEL_CTL
    {"S44", "S44"},                  // BIND_CONN_TO_SESSION
    {"?", "?"},                      // EXCHANGE_ID
    {"?", "S44444444[4]444444[4]"},  // CREATE_SESSION
    {"S", ""},                       // DESTROY_SESSION
    {"S", ""},                       // FREE_STATEID
    {"4bTTbb", "?"},                 // GET_DIR_DELEGATION
    {"S44b", "4ob"},                 // GETDEVICEINFO
    {"4488", "88[S]4"},              // GETDEVICELIST
    {"?", "?"},                      // LAYOUTCOMMIT
    {"444888S4", "4S[8844o]"},       // LAYOUTGET
    {"?", "?"},                      // LAYOUTRETURN
    {"4", "?"},                      // SECINFO_NO_NAME
    {"S4444", "S44444"},             // SEQUENCE
    {"oo", "o"},                     // SET_SSV
    {"[S]", "[4]"},                  // TEST_STATEID
    {"?", "?"},                      // WANT_DELEGATION
    {"8", ""},                       // DESTROY_CLIENTID
    {"4", ""},                       // RECLAIM_COMPLETE
    {"S88", ""},                     // ALLOCATE
    {"?", "[S]84844"},               // COPY
    {"?", "!"},                      // COPY_NOTIFY
    {"S88", ""},                     // DEALLOCATE
    {"S88b", "b"},                   // IO_ADVISE
    {"88S[S44]", ""},                // LAYOUTERROR
    {"88S8888S4o", ""},              // LAYOUTSTATS
    {"S", ""},                       // OFFLOAD_CANCEL
    {"S", "8[4]"},                   // OFFLOAD_STATUS
    {"S84", "!"},                    // READ_PLUS
    {"S84", "48"},                   // SEEK
    {"!", "!"},                      // WRITE_SAME
    {"SS888", ""},                   // CLONE
    {"o", "o"},                      // GETXATTR
    {"4oo", "C"},                    // SETXATTR
    {"84", "8[o]4"},                 // LISTXATTRS
    {"o", "C"},                      // REMOVEXATTR
};

/// Of what an answer says where it went wrong: most say nothing.
std::string_view failure_layout(uint32_t operation, uint32_t status) {
  constexpr uint32_t kDenied = 10010, kInUse = 10017, kTooSmall = 10005, kTryLater = 10058, kNoRequirements = 10094;
  constexpr uint32_t kLock = 12, kLockTest = 13, kDeviceInfo = 47, kLayoutGet = 50, kCopy = 60;
  if (operation == op::setattr) return "b";
  if (operation == op::setclientid && status == kInUse) return "oo";
  if ((operation == kLock || operation == kLockTest) && status == kDenied) return "8848o";
  if (operation == kDeviceInfo && status == kTooSmall) return "4";
  if (operation == kLayoutGet && status == kTryLater) return "4";
  if (operation == kCopy && status == kNoRequirements) return "44";
  return {};
}

/// Attributes (RFC 8881 5.8) by number, as far as they are read; what is behind one that is not is left.
constexpr std::string_view kAttributes[] = {
    "b", "4", "4", "8", "8", "4", "4", "4", "S", "4", "4", "4", "[444o]", "4", "4", "4", "4", "4",
    "4", "o", "8", "8", "8", "8", "!", "4", "4", "8", "4", "4", "8",      "8", "o", "4", "4", "4",
    "o", "o", "8", "8", "8", "8", "8", "8", "8", "8", "4", "T", "T",      "T", "T", "T", "T", "T",
};
constexpr uint32_t kAttributeType = 1, kAttributeSize = 4, kAttributeHandle = 19, kAttributeId = 20,
                   kAttributeMode = 33, kAttributeLinks = 35, kAttributeAccessed = 47, kAttributeChanged = 52,
                   kAttributeModified = 53;

uint64_t read_time(XdrReader& values) {
  const uint64_t seconds = values.u64();
  values.skip(4);
  return seconds;
}

void read_attribute(uint32_t number, XdrReader& values, Attributes& out, std::optional<Bytes>& handle) {
  switch (number) {
    case kAttributeType: out.type = values.u32(); break;
    case kAttributeSize: out.size = values.u64(); break;
    case kAttributeHandle: handle = values.opaque(kMostHandle); break;
    case kAttributeId: out.id = values.u64(); break;
    case kAttributeMode: out.mode = values.u32() & 07777; break;
    case kAttributeLinks: out.links = values.u32(); break;
    case kAttributeAccessed: out.accessed = read_time(values); break;
    case kAttributeChanged: out.changed = read_time(values); break;
    case kAttributeModified: out.modified = read_time(values); break;
    default: pass(values, kAttributes[number]); break;
  }
}

Attributes read_fattr4(XdrReader& body, std::optional<Bytes>& handle) {
  const Bytes bits = body.fixed(body.count(kMostBits) * 4);
  XdrReader values(body.opaque(kMostText));
  Attributes out;
  for (uint32_t number = 0; body.whole() && number < bits.size() * 8; ++number) {
    const uint32_t word = load_be32(&bits[number / 32 * 4]);
    if (!(word >> (number % 32) & 1)) continue;
    if (number >= std::size(kAttributes) || kAttributes[number] == "!") break;
    Attributes before = out;
    read_attribute(number, values, out, handle);
    if (values.whole()) continue;
    out = before;
    break;
  }
  return out;
}

void pass_callback_security(XdrReader& body) {
  const uint32_t count = body.count(kMostEntries);
  for (uint32_t i = 0; i < count && body.whole(); ++i) {
    const uint32_t flavor = body.u32();
    if (flavor == 1) pass(body, "4o44[4]");
    if (flavor == 6) pass(body, "4oo");
    if (flavor > 1 && flavor != 6 && body.whole()) body.fail();
  }
}

void pass_places(XdrReader& body) {
  const uint32_t count = body.count(kMostEntries);
  for (uint32_t i = 0; i < count && body.whole(); ++i) pass(body, body.u32() == 3 ? "oo" : "o");
}

/// The last of some implementations: vendor's domain, name, date.
std::string_view read_implementation(XdrReader& body) {
  std::string_view out;
  const uint32_t count = body.count(1);
  for (uint32_t i = 0; i < count && body.whole(); ++i) {
    body.opaque(kMostText);
    out = body.text(kMostName);
    out = out.substr(0, out.find('\0'));  // some servers count zeros behind it
    pass(body, "T");
  }
  return out;
}

void read_open(XdrReader& body, Operation& out) {
  pass(body, "4448o");
  if (body.u32() == 1) {  // it may make the file: unchecked, guarded, exclusively in two ways
    const uint32_t how = body.u32();
    pass(body, how <= 1 ? "f" : how == 2 ? "8" : "8f");
  }
  switch (body.u32()) {  // how the file is named (RFC 8881 18.16.1)
    case 0:
    case 3: out.name = body.text(kMostName); break;
    case 1: pass(body, "4"); break;
    case 2:
      pass(body, "S");
      out.name = body.text(kMostName);
      break;
    case 5: pass(body, "S"); break;
    default: break;
  }
}

void read_create(XdrReader& body, Operation& out) {
  constexpr uint32_t kBlock = 3, kCharacter = 4, kLink = 5;
  const uint32_t type = body.u32();
  if (type == kLink) pass(body, "o");
  if (type == kBlock || type == kCharacter) pass(body, "8");
  out.name = body.text(kMostName);
  pass(body, "f");
}

void read_exchange_id(XdrReader& body, Operation& out) {
  pass(body, "8o4");
  const uint32_t protection = body.u32();
  if (protection == 1) pass(body, "bb");
  if (protection == 2) pass(body, "bb[o][o]44");
  out.software = read_implementation(body);
}

/// Operations whose layout is "?".
void read_by_hand(XdrReader& body, Operation& out) {
  constexpr uint32_t kLock = 12, kBackchannel = 40, kCreateSession = 43, kLayoutCommit = 49, kLayoutReturn = 51,
                     kWantDelegation = 56, kCopy = 60, kCopyNotify = 61;
  switch (out.number) {
    case op::create: read_create(body, out); break;
    case op::link:
    case op::lookup:
    case op::remove: out.name = body.text(kMostName); break;
    case op::rename:
      out.name = body.text(kMostName);
      out.to = body.text(kMostName);
      break;
    case op::open: read_open(body, out); break;
    case op::putfh: out.handle = body.opaque(kMostHandle); break;
    case op::read:
      pass(body, "S");
      out.offset = body.u64();
      pass(body, "4");
      break;
    case op::write:
      pass(body, "S");
      out.offset = body.u64();
      out.synced = body.u32() == kFileSync;
      out.data = body.u32();
      break;
    case op::exchange_id: read_exchange_id(body, out); break;
    case kLock:
      pass(body, "4488");
      pass(body, body.flag() ? "4S48o" : "S4");
      break;
    case kBackchannel:
      pass(body, "4");
      pass_callback_security(body);
      break;
    case kCreateSession:
      pass(body, "844444444[4]444444[4]4");
      pass_callback_security(body);
      break;
    case kLayoutCommit:
      pass(body, "884S");
      if (body.flag()) pass(body, "8");
      if (body.flag()) pass(body, "T");
      pass(body, "4o");
      break;
    case kLayoutReturn:
      pass(body, "444");
      if (body.u32() == 1) pass(body, "88So");
      break;
    case kWantDelegation:
      pass(body, "4");
      if (body.u32() == 1) pass(body, "4");
      break;
    case kCopy:
      pass(body, "SS88844");
      pass_places(body);
      break;
    case kCopyNotify:
      pass(body, "S");
      pass(body, body.u32() == 3 ? "oo" : "o");
      break;
    default: out.known = false; break;
  }
}

void pass_delegation(XdrReader& body) {
  constexpr uint32_t kRead = 1, kWrite = 2, kNoneSaid = 3, kReadAttributes = 4, kWriteAttributes = 5;
  const uint32_t type = body.u32();
  if (type == kRead || type == kReadAttributes) pass(body, "S4444o");
  if (type == kWrite || type == kWriteAttributes) {
    pass(body, "S4");
    body.u32();  // limit by size or by blocks: eight bytes either way
    pass(body, "8444o");
  }
  if (type == kNoneSaid) {
    const uint32_t why = body.u32();
    if (why == 1 || why == 2) pass(body, "4");
  }
}

void pass_security(XdrReader& body) {
  const uint32_t count = body.count(kMostEntries);
  for (uint32_t i = 0; i < count && body.whole(); ++i) {
    if (body.u32() == 6) pass(body, "o44");
  }
}

/// Answers whose layout is "?".
void read_by_hand(XdrReader& body, Outcome4& out) {
  constexpr uint32_t kSecurity = 33, kDirectoryDelegation = 46, kLayoutCommit = 49, kLayoutReturn = 51,
                     kSecurityNoName = 52, kWantDelegation = 56;
  switch (out.number) {
    case op::getattr: {
      std::optional<Bytes> unused;
      out.attributes = read_fattr4(body, unused);
      break;
    }
    case op::getfh: out.handle = body.opaque(kMostHandle); break;
    case op::open:
      pass(body, "SC4b");
      pass_delegation(body);
      break;
    case op::read:
      out.last = body.flag();
      out.data = body.u32();
      break;
    case op::readdir:
      pass(body, "8");
      out.entries = true;
      break;
    case op::exchange_id: {
      pass(body, "844");
      const uint32_t protection = body.u32();
      if (protection == 1) pass(body, "bb");
      if (protection == 2) pass(body, "bb4444[o]");
      pass(body, "8oo");
      out.software = read_implementation(body);
      break;
    }
    case kSecurity:
    case kSecurityNoName: pass_security(body); break;
    case kDirectoryDelegation: pass(body, body.u32() == 0 ? "8Sbbb" : "4"); break;
    case kLayoutCommit:
      if (body.flag()) pass(body, "8");
      break;
    case kLayoutReturn:
      if (body.flag()) pass(body, "S");
      break;
    case kWantDelegation: pass_delegation(body); break;
    default: out.known = false; break;
  }
}

}  // namespace

CompoundHead read_compound_call(XdrReader& body) {
  CompoundHead out;
  body.opaque(kMostName);  // tag
  out.minor = body.u32();
  out.operations = body.u32();
  return out;
}

CompoundHead read_compound_reply(XdrReader& body) {
  CompoundHead out;
  out.status = body.u32();
  body.opaque(kMostName);
  out.operations = body.u32();
  return out;
}

Operation read_operation(XdrReader& body) {
  Operation out{.number = body.u32()};
  const std::string_view layout = out.number < std::size(kLayouts) ? kLayouts[out.number].call : "!";
  if (layout == "?") {
    read_by_hand(body, out);
  } else if (layout == "!") {
    out.known = false;
  } else {
    pass(body, layout);
  }
  return out;
}

Outcome4 read_outcome(XdrReader& body) {
  Outcome4 out{.number = body.u32()};
  out.status = body.u32();
  const std::string_view layout = out.number < std::size(kLayouts) ? kLayouts[out.number].reply : "!";
  if (out.status != 0) {
    pass(body, failure_layout(out.number, out.status));
  } else if (layout == "?") {
    read_by_hand(body, out);
  } else if (layout == "!") {
    out.known = false;
  } else {
    pass(body, layout);
  }
  return out;
}

Entry read_entry4(XdrReader& body) {
  Entry out{.follows = body.flag()};
  if (!out.follows) {
    body.u32();  // whether the directory ends here
    return out;
  }
  body.skip(8);  // cookie
  out.name = body.text(kMostName);
  read_fattr4(body, out.handle);
  return out;
}

}  // namespace lapwing::nfs
