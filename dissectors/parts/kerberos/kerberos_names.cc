#include "dissectors/parts/kerberos/kerberos_names.h"

#include <algorithm>
#include <iterator>

namespace lapwing::kerberos {

namespace {

struct Name {
  int32_t number;
  std::string_view name;
};

/// RFC 4120 5.10
constexpr Name kMessages[] = {{10, "KRB_AS_REQ"}, {11, "KRB_AS_REP"}, {12, "KRB_TGS_REQ"},    {13, "KRB_TGS_REP"},
                              {14, "KRB_AP_REQ"}, {15, "KRB_AP_REP"}, {16, "KRB_RESERVED16"}, {17, "KRB_RESERVED17"},
                              {20, "KRB_SAFE"},   {21, "KRB_PRIV"},   {22, "KRB_CRED"},       {30, "KRB_ERROR"}};

#define ENCRYPTION(number, name)
#define ERROR(number, name)
#define PREAUTHENTICATION(number, name)
#define OPTION(number, name)

#undef ENCRYPTION
#define ENCRYPTION(number, name) {number, name},
constexpr Name kEncryptions[] = {
#include "dissectors/parts/kerberos/kerberos_names.inc"
};
#undef ENCRYPTION
#define ENCRYPTION(number, name)

#undef ERROR
#define ERROR(number, name) {number, name},
constexpr Name kErrors[] = {
#include "dissectors/parts/kerberos/kerberos_names.inc"
};
#undef ERROR
#define ERROR(number, name)

#undef PREAUTHENTICATION
#define PREAUTHENTICATION(number, name) {number, name},
constexpr Name kPreauthentications[] = {
#include "dissectors/parts/kerberos/kerberos_names.inc"
};
#undef PREAUTHENTICATION
#define PREAUTHENTICATION(number, name)

#undef OPTION
#define OPTION(number, name) {number, name},
constexpr Name kOptions[] = {
#include "dissectors/parts/kerberos/kerberos_names.inc"
};

/// `rows` are in the order of their numbers. One without a name is shown as Suricata shows it.
std::string_view find(std::span<const Name> rows, int32_t number, std::string_view kind, std::string& scratch) {
  const auto row = std::ranges::lower_bound(rows, number, {}, &Name::number);
  if (row != rows.end() && row->number == number) return row->name;
  scratch = std::string(kind) + '(' + std::to_string(number) + ')';
  return scratch;
}

}  // namespace

std::string_view message_name(uint32_t type, std::string& scratch) {
  return find(kMessages, static_cast<int32_t>(type), "MessageType", scratch);
}
std::string_view encryption_name(int32_t type, std::string& scratch) {
  return find(kEncryptions, type, "EncryptionType", scratch);
}
std::string_view error_name(int32_t code, std::string& scratch) {
  return find(kErrors, code, "ErrorCode", scratch);
}
std::string_view preauthentication_name(int32_t type, std::string& scratch) {
  return find(kPreauthentications, type, "PAType", scratch);
}

std::optional<int32_t> encryption_type(std::string_view name) {
  const auto* row = std::ranges::find(kEncryptions, name, &Name::name);
  return row == std::end(kEncryptions) ? std::nullopt : std::optional(row->number);
}

bool weak_encryption(int32_t type) {
  return !((type >= 17 && type <= 20) || type == 25 || type == 26);
}

std::vector<std::string_view> option_names(uint32_t options) {
  std::vector<std::string_view> out;
  for (const Name& row : kOptions) {
    if (options >> (31 - row.number) & 1) out.push_back(row.name);
  }
  return out;
}

}  // namespace lapwing::kerberos
