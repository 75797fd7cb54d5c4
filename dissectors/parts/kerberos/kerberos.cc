#include "dissectors/parts/kerberos/kerberos.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "sensor/base/ber.h"
#include "sensor/base/little_endian.h"

namespace lapwing::kerberos {

namespace {

constexpr uint8_t kNumber = 0x1f;  // of a tag
constexpr uint8_t kTicketTag = ber::application(1, true);

// RFC 4120 7.5.2, MS-SFU 2.2.1
enum PreAuthentication : int32_t {
  kTgsRequest = 1,
  kEncryptedTimestamp = 2,
  kPasswordSalt = 3,
  kEncryptionInfo = 11,
  kEncryptionInfo2 = 19,
  kForUser = 129,
};

/// Calls `each(number, value)` for the fields of a SEQUENCE or of what is like one: values under explicit tags. False:
/// it is not that, or `each` did not like a value.
template <class Each>
bool fields(const ber::Element& sequence, const Each& each) {
  if (sequence.tag != ber::kSequence) return false;
  bool sound = !sequence.cut;
  Bytes rest = sequence.content;
  ber::Element field, value;
  while (ber::next(rest, field)) {
    Bytes inner = field.content;
    if ((field.tag & ~kNumber) != ber::context(0, true) || !ber::next(inner, value)) {
      sound = false;
      continue;
    }
    sound &= each(static_cast<uint8_t>(field.tag & kNumber), value) && !field.cut && !value.cut;
  }
  return sound && rest.empty();
}

/// Calls `each(element)` for those of a SEQUENCE OF.
template <class Each>
bool elements(const ber::Element& sequence, const Each& each) {
  if (sequence.tag != ber::kSequence) return false;
  bool sound = !sequence.cut;
  Bytes rest = sequence.content;
  ber::Element element;
  while (ber::next(rest, element)) sound &= each(element) && !element.cut;
  return sound && rest.empty();
}

template <class T>
bool number(const ber::Element& value, std::optional<T>& out) {
  const auto read = value.tag == ber::kInteger ? ber::integer(value.content) : std::nullopt;
  if (!read || *read < std::numeric_limits<int32_t>::min() || *read > std::numeric_limits<uint32_t>::max())
    return false;
  out = static_cast<T>(*read);
  return true;
}

/// KerberosString is a GeneralString; some write others, and in UTF-8.
bool string(const ber::Element& value, std::string& out) {
  if (value.tag != ber::kGeneral && value.tag != ber::kUtf8 && value.tag != ber::kIa5) return false;
  out = to_text(value.content);
  return true;
}

bool instant(const ber::Element& value, std::optional<int64_t>& out) {
  if (value.tag != ber::kGeneralizedTime) return false;
  out = time(to_text(value.content));
  return out.has_value();
}

/// The first 32 flags of a BIT STRING, whose first byte counts the bits of the last that are not used.
bool flags(const ber::Element& value, std::optional<uint32_t>& out) {
  if (value.tag != ber::kBits || value.content.empty()) return false;
  uint32_t bits = 0;
  for (size_t i = 1; i <= 4; ++i) bits = bits << 8 | (i < value.content.size() ? value.content[i] : 0);
  out = bits;
  return true;
}

class Reader {
 public:
  explicit Reader(Message& out) : out_(out) {}

  bool message(const ber::Element& whole) {
    const auto type = static_cast<Type>(whole.tag & kNumber);
    Bytes inner = whole.content;
    ber::Element body;
    if (!ber::next(inner, body) || body.tag != ber::kSequence) return false;
    out_.type = type;
    switch (type) {
      case Type::as_request:
      case Type::tgs_request: return request(body) && !whole.cut;
      case Type::as_reply:
      case Type::tgs_reply: return reply(body) && !whole.cut;
      case Type::ap_request: return application_request(body) && !whole.cut;
      case Type::ap_reply: return application_reply(body) && !whole.cut;
      case Type::error: return error(body) && !whole.cut;
      default: return !whole.cut;
    }
  }

 private:
  /// RFC 4120 5.4.1
  bool request(const ber::Element& body) {
    bool asked = false;
    const bool sound = fields(body, [&](uint8_t field, const ber::Element& value) {
      switch (field) {
        case 3: return preauthentication(value);
        case 4: return asked = request_body(value);
        default: return true;
      }
    });
    return sound && asked;
  }
  bool request_body(const ber::Element& body) {
    return fields(body, [&](uint8_t field, const ber::Element& value) {
      switch (field) {
        case 0: return flags(value, out_.options);
        case 1: return principal(value, out_.client);
        case 2: return string(value, out_.realm);
        case 3: return principal(value, out_.service);
        case 4: return instant(value, out_.from);
        case 5: return instant(value, out_.till);
        case 6: return instant(value, out_.renew_till);
        case 7: return number(value, out_.nonce);
        case 8: return numbers(value, out_.encryptions);
        case 9: return addresses(value);
        case 11: return elements(value, [&](const ber::Element&) { return ++out_.additional_tickets, true; });
        default: return true;
      }
    });
  }
  /// RFC 4120 5.4.2
  bool reply(const ber::Element& body) {
    const bool sound = fields(body, [&](uint8_t field, const ber::Element& value) {
      switch (field) {
        case 2: return preauthentication(value);
        case 3: return string(value, out_.client_realm);
        case 4: return principal(value, out_.client);
        case 5: return ticket(value, out_.ticket);
        case 6: return encrypted(value, out_.encryption);
        default: return true;
      }
    });
    out_.realm = out_.ticket.realm;
    out_.service = out_.ticket.service;
    return sound && !out_.ticket.empty() && out_.encryption;
  }
  /// RFC 4120 5.5.1
  bool application_request(const ber::Element& body) {
    const bool sound = fields(body, [&](uint8_t field, const ber::Element& value) {
      switch (field) {
        case 2: return flags(value, out_.options);
        case 3: return ticket(value, out_.ticket);
        case 4: return encrypted(value, out_.encryption);
        default: return true;
      }
    });
    out_.realm = out_.ticket.realm;
    out_.service = out_.ticket.service;
    return sound && !out_.ticket.empty();
  }
  /// RFC 4120 5.5.2
  bool application_reply(const ber::Element& body) {
    return fields(body, [&](uint8_t field, const ber::Element& value) {
      return field == 2 ? encrypted(value, out_.encryption) : true;
    });
  }
  /// RFC 4120 5.9.1
  bool error(const ber::Element& body) {
    const bool sound = fields(body, [&](uint8_t field, const ber::Element& value) {
      switch (field) {
        case 2: return instant(value, out_.client_time);
        case 4: return instant(value, out_.server_time);
        case 6: return number(value, out_.error);
        case 7: return string(value, out_.client_realm);
        case 8: return principal(value, out_.client);
        case 9: return string(value, out_.realm);
        case 10: return principal(value, out_.service);
        case 11: return string(value, out_.error_text);
        case 12: return value.tag == ber::kOctets && error_data(value.content);
        default: return true;
      }
    });
    return sound && out_.error;
  }
  /// A list of PA-DATA or of TYPED-DATA (RFC 4120 5.9.1), or KERB-ERROR-DATA (MS-KILE 2.2.2); some send what is none.
  bool error_data(Bytes data) {
    ber::Element whole, first;
    if (!ber::next(data, whole) || whole.tag != ber::kSequence) return true;
    Bytes inner = whole.content;
    if (ber::next(inner, first) && first.tag == ber::kSequence) return preauthentication(whole) || true;
    constexpr int32_t kExtended = 3;  // KERB_AP_ERR_TYPE_EXTENDED
    std::optional<int32_t> kind;
    fields(whole, [&](uint8_t field, const ber::Element& value) {
      if (field == 1) return number(value, kind);
      if (field == 2 && kind == kExtended && value.tag == ber::kOctets) status(value.content);
      return true;
    });
    return true;
  }
  /// KERB_EXT_ERROR (MS-KILE 2.2.1): status, a reserved number and flags, which are 1.
  void status(Bytes value) {
    constexpr size_t kSize = 12;
    if (value.size() == kSize && load_le32(&value[8]) == 1) out_.status = load_le32(&value[0]);
  }

  /// RFC 4120 5.2.2
  bool principal(const ber::Element& name, Principal& out) {
    out.clear();
    return fields(name, [&](uint8_t field, const ber::Element& value) {
      if (field != 1) return true;
      return elements(value, [&](const ber::Element& component) {
        if (component.tag != ber::kGeneral && component.tag != ber::kUtf8 && component.tag != ber::kIa5) return false;
        if (!more(out.size())) return true;
        if (!out.empty()) out.text += '/';
        out.text += to_text(component.content);
        out.ends.push_back(static_cast<uint32_t>(out.text.size()));
        return true;
      });
    });
  }
  bool numbers(const ber::Element& list, std::vector<int32_t>& out) {
    return elements(list, [&](const ber::Element& element) {
      std::optional<int32_t> value;
      if (!number(element, value)) return false;
      if (more(out.size())) out.push_back(*value);
      return true;
    });
  }
  /// RFC 4120 5.2.9
  bool encrypted(const ber::Element& data, std::optional<int32_t>& out) {
    const bool sound =
        fields(data, [&](uint8_t field, const ber::Element& value) { return field == 0 ? number(value, out) : true; });
    return sound && out;
  }
  /// RFC 4120 5.3
  bool ticket(const ber::Element& whole, Ticket& out) {
    Bytes inner = whole.content;
    ber::Element body;
    if (whole.tag != kTicketTag || !ber::next(inner, body)) return false;
    return fields(body, [&](uint8_t field, const ber::Element& value) {
      switch (field) {
        case 1: return string(value, out.realm);
        case 2: return principal(value, out.service);
        case 3:
          return fields(value, [&](uint8_t part, const ber::Element& inside) {
            if (part == 0) return number(inside, out.encryption);
            return part == 1 ? number(inside, out.key_version) : true;
          });
        default: return true;
      }
    });
  }

  /// Of what is within the value of one, nothing but that is read which somebody asks for: it need not be sound.
  bool preauthentication(const ber::Element& list) {
    return elements(list, [&](const ber::Element& one) {
      std::optional<int32_t> type;
      Bytes value;
      const bool sound = fields(one, [&](uint8_t field, const ber::Element& inside) {
        if (field == 1) return number(inside, type);
        if (field == 2 && inside.tag == ber::kOctets) value = inside.content;
        return true;
      });
      if (!sound || !type) return false;
      if (!more(out_.preauthentication.size())) return true;
      out_.preauthentication.push_back(*type);
      preauthentication(*type, value);
      return true;
    });
  }
  void preauthentication(int32_t type, Bytes value) {
    if (type == kPasswordSalt && out_.type == Type::error) return status(value);
    ber::Element whole;
    if (!ber::next(value, whole)) return;
    switch (type) {
      case kTgsRequest: {
        Bytes inner = whole.content;
        ber::Element body;
        if (whole.tag != ber::application(static_cast<uint8_t>(Type::ap_request), true) || !ber::next(inner, body))
          return;
        fields(body, [&](uint8_t field, const ber::Element& inside) {
          return field == 3 ? ticket(inside, out_.ticket) : true;
        });
        return;
      }
      case kEncryptedTimestamp: encrypted(whole, out_.timestamp_encryption); return;
      case kEncryptionInfo:
      case kEncryptionInfo2: encryption_info(whole); return;
      case kForUser:
        fields(whole, [&](uint8_t field, const ber::Element& inside) {
          if (field == 0) return principal(inside, out_.on_behalf);
          return field == 1 ? string(inside, out_.on_behalf_realm) : true;
        });
        return;
      default: return;
    }
  }
  /// RFC 4120 5.2.7.4, 5.2.7.5; where both are there they name the same.
  void encryption_info(const ber::Element& list) {
    elements(list, [&](const ber::Element& entry) {
      return fields(entry, [&](uint8_t field, const ber::Element& value) {
        std::optional<int32_t> type;
        if (field != 0 || !number(value, type)) return true;
        const auto& known = out_.encryptions;
        if (std::ranges::find(known, *type) == known.end() && more(known.size())) out_.encryptions.push_back(*type);
        return true;
      });
    });
  }
  /// RFC 4120 5.2.5; a name of NetBIOS has 15 bytes, filled with blanks, and one that tells of what kind it is.
  bool addresses(const ber::Element& list) {
    constexpr int32_t kNetbios = 20;
    constexpr size_t kNetbiosName = 15;
    return elements(list, [&](const ber::Element& one) {
      std::optional<int32_t> type;
      return fields(one, [&](uint8_t field, const ber::Element& value) {
        if (field == 0) return number(value, type);
        if (field == 1 && type == kNetbios && value.tag == ber::kOctets) {
          const std::string_view name = to_text(value.content).substr(0, kNetbiosName);
          out_.netbios_name = name.substr(0, name.find_last_not_of(' ') + 1);
        }
        return true;
      });
    });
  }
  /// Whether a list of that size may grow.
  bool more(size_t size) {
    if (size < kEntries) return true;
    ++out_.passed_over;
    return false;
  }

  Message& out_;
};

}  // namespace

void Message::clear() {
  type = Type::none;
  client.clear();
  service.clear();
  client_realm.clear();
  realm.clear();
  ticket.clear();
  encryption.reset();
  options.reset();
  from.reset();
  till.reset();
  renew_till.reset();
  nonce.reset();
  encryptions.clear();
  preauthentication.clear();
  timestamp_encryption.reset();
  on_behalf.clear();
  on_behalf_realm.clear();
  netbios_name.clear();
  additional_tickets = 0;
  error.reset();
  error_text.clear();
  server_time.reset();
  client_time.reset();
  status.reset();
  passed_over = 0;
}

bool read(Bytes bytes, Message& out) {
  out.clear();
  ber::Element whole;
  if (!ber::next(bytes, whole) || (whole.tag & ~kNumber) != ber::application(0, true)) return false;
  return Reader(out).message(whole) && bytes.empty();
}

std::optional<int64_t> time(std::string_view text) {
  constexpr std::string_view kForm = "00000000000000Z";
  if (text.size() != kForm.size()) return {};
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return {};
  }
  const auto digits = [&](size_t at, size_t count) {
    int64_t out = 0;
    for (const char c : text.substr(at, count)) out = out * 10 + (c - '0');
    return out;
  };
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(digits(0, 4))),
                                         std::chrono::month(static_cast<unsigned>(digits(4, 2))),
                                         std::chrono::day(static_cast<unsigned>(digits(6, 2))));
  const int64_t hour = digits(8, 2), minute = digits(10, 2), second = digits(12, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return {};
  return int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86400 + hour * 3600 + minute * 60 + second;
}

Likelihood begins(Bytes bytes) {
  constexpr uint8_t kVersion = 5;
  constexpr uint64_t kToMark = UINT64_MAX;  // the end is marked, which DER has not and KDCs read
  // Takes what must be there off the front; false: it is not, or (`short_of`) may yet come.
  bool short_of = false;
  const auto byte = [&]() -> std::optional<uint8_t> {
    short_of = bytes.empty();
    if (short_of) return {};
    const uint8_t out = bytes[0];
    bytes = bytes.subspan(1);
    return out;
  };
  const auto length = [&]() -> std::optional<uint64_t> {
    const auto first = byte();
    if (first == 0x80) return kToMark;
    if (!first || *first < 0x80) return first;
    const size_t count = *first & 0x7f;
    if (count < 1 || count > 4) return {};
    short_of = bytes.size() < count;
    if (short_of) return {};
    uint64_t out = 0;
    for (const uint8_t octet : bytes.first(count)) out = out << 8 | octet;
    bytes = bytes.subspan(count);
    return out;
  };
  /// A small number under an explicit tag; KDCs read lengths that are longer than DER has them, too.
  const auto number = [&](uint8_t tag, uint8_t value) {
    if (byte() != ber::context(tag, true)) return false;
    const auto size = length();
    const bool is = size && byte() == ber::kInteger && length() == 1 && byte() == value;
    return is && (size != kToMark || (byte() == 0 && byte() == 0));
  };
  const auto tag = byte();
  if (!tag) return Likelihood::more;
  const uint8_t type = *tag & kNumber;
  const bool known = (type >= 10 && type <= 15) || (type >= 20 && type <= 22) || type == 30;
  if (*tag != ber::application(type, true) || !known) return Likelihood::no;
  const bool request = type == 10 || type == 12;
  const bool is = length() && byte() == ber::kSequence && length() && number(request ? 1 : 0, kVersion) &&
                  number(request ? 2 : 1, type);
  return is ? Likelihood::sure : short_of ? Likelihood::more : Likelihood::no;
}

}  // namespace lapwing::kerberos
