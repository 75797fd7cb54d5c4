// Keywords of Kerberos that are no buffers.
#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "dissectors/contract/words.h"
#include "dissectors/parts/kerberos/kerberos_names.h"
#include "dissectors/protocols/krb5/krb5.h"
#include "sensor/base/text.h"

namespace lapwing::krb5 {

namespace {

/// Types of encryption that are asked for; empty: weak ones, or those that are not.
struct Encryptions {
  std::vector<int32_t> types;
  bool weak = true;
};

Encryptions encryptions(const WordText& text) {
  if (text.text == "weak" || text.text == "!weak") return {.weak = text.text == "weak"};
  Encryptions out;
  for (const std::string_view part : text.parts()) {
    int32_t number = 0;
    const auto [end, error] = std::from_chars(part.begin(), part.end(), number);
    const bool is_number = error == std::errc() && end == part.end() && !part.empty();
    const auto named = is_number ? std::optional(number) : kerberos::encryption_type(part);
    if (!named) {
      text.fail("'" + std::string(part) + "' is no type of encryption: weak, !weak, or names and numbers such as " +
                "rc4-hmac,17 are");
    }
    out.types.push_back(*named);
  }
  return out;
}
std::string describe(const Encryptions& asked) {
  if (asked.types.empty()) return asked.weak ? "weak" : "not weak";
  std::string out, scratch;
  for (const int32_t type : asked.types) {
    out += (out.empty() ? "" : " or ") + std::string(kerberos::encryption_name(type, scratch));
  }
  return out;
}
bool ticket_is(const MessageTransaction& tx, const Moment&, const Encryptions& asked) {
  const auto& type = tx.message.ticket.encryption;
  if (!type || (tx.message.type != Type::as_reply && tx.message.type != Type::tgs_reply)) return false;
  if (asked.types.empty()) return kerberos::weak_encryption(*type) == asked.weak;
  return std::ranges::find(asked.types, *type) != asked.types.end();
}

constexpr Word kWords[] = {
    words::tested<&encryptions, &ticket_is>(
        {.name = "krb5.ticket_encryption",
         .sender = Sender::server,
         .stage = kMessage,
         .help = "type of the encryption of a reply's ticket: names or numbers in a list, weak or !weak"}),
};

}  // namespace

std::span<const Word> rule_words() {
  return kWords;
}

}  // namespace lapwing::krb5
