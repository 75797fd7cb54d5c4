#include "analytics/intel/observable.h"

#include <algorithm>

namespace lapwing::analytics {
namespace {

constexpr uint8_t kMail = deed::mailed | deed::data, kFile = deed::file | deed::data;
constexpr ObservableField kFields[] = {
    {"dns.rrname", Observable::name},  // Suricata 7 and before
    {"dns.queries.rrname", Observable::name, deed::asked},
    {"dns.query.rrname", Observable::name},
    {"dns.answers.rdata", Observable::name, deed::answered},
    {"http.hostname", Observable::name, deed::connected},
    {"http.url", Observable::url, deed::connected, "http.hostname"},
    {"http.http_user_agent", Observable::user_agent, deed::connected},
    {"tls.sni", Observable::name, deed::connected},
    {"tls.fingerprint", Observable::hash, deed::connected},
    {"tls.serial", Observable::tls_serial, deed::connected},
    {"tls.ja3.hash", Observable::ja3, deed::connected},
    {"tls.ja3s.hash", Observable::ja3s, deed::connected},
    {"tls.ja4", Observable::ja4, deed::connected},
    {"quic.sni", Observable::name, deed::connected},
    {"quic.ja4", Observable::ja4, deed::connected},
    {"ssh.client.hassh.hash", Observable::hassh, deed::connected},
    {"ssh.server.hassh.hash", Observable::hassh, deed::connected},
    {"smtp.mail_from", Observable::email, kMail},
    {"smtp.rcpt_to", Observable::email, kMail},
    {"email.from", Observable::email, kMail},
    {"email.to", Observable::email, kMail},
    {"email.cc", Observable::email, kMail},
    {"email.url", Observable::url, kMail},
    {"fileinfo.md5", Observable::hash, kFile},
    {"fileinfo.sha1", Observable::hash, kFile},
    {"fileinfo.sha256", Observable::hash, kFile},
    {"fileinfo.filename", Observable::file_name, kFile},
};

constexpr size_t kMostValue = 8192;  // bytes: what is longer is named by no list, whose rows are shorter

std::optional<Found> name_of(const IndicatorTable& table, std::string_view value, uint16_t day) {
  if (const auto address = IpAddress::parse(value)) return look_up(table, *address, day);
  const auto form = canonical(IndicatorType::domain, value);
  if (!form) return std::nullopt;
  const IndicatorTable::Name found = table.find_domain(*form, day);
  return found.slot ? std::optional(Found{found.slot, std::string(found.listed)}) : std::nullopt;
}

std::optional<Found> of_type(const IndicatorTable& table, IndicatorType type, std::string_view value, uint16_t day) {
  auto form = canonical(type, value);
  if (!form) return std::nullopt;
  const IndicatorSlot* slot = table.find(type, *form, day);
  return slot ? std::optional(Found{slot, std::move(*form)}) : std::nullopt;
}

std::optional<Found> url_of(const IndicatorTable& table, std::string_view value, uint16_t day) {
  if (table.has(IndicatorType::url)) {
    if (auto found = of_type(table, IndicatorType::url, value, day)) return found;
    if (const size_t query = value.find('?'); query != std::string_view::npos) {
      if (auto found = of_type(table, IndicatorType::url, value.substr(0, query), day)) return found;
    }
  }
  const auto form = canonical(IndicatorType::url, value);
  return form ? name_of(table, std::string_view(*form).substr(0, form->find_first_of(":/")), day) : std::nullopt;
}

/// "Name <who@example.com>" (RFC 5322 3.4), or the address alone.
std::optional<Found> email_of(const IndicatorTable& table, std::string_view value, uint16_t day) {
  if (const size_t begin = value.rfind('<'); begin != std::string_view::npos) {
    value.remove_prefix(begin + 1);
    value = value.substr(0, value.find('>'));
  }
  const auto form = canonical(IndicatorType::email, value);
  if (!form) return std::nullopt;
  if (const IndicatorSlot* slot = table.find(IndicatorType::email, *form, day)) return Found{slot, *form};
  return name_of(table, std::string_view(*form).substr(form->rfind('@') + 1), day);
}

/// By its length; SHA-1 of certificates has colons.
std::optional<IndicatorType> hash_of(std::string_view value) {
  switch (value.size()) {
    case 32: return IndicatorType::md5;
    case 40:
    case 59: return IndicatorType::sha1;
    case 64: return IndicatorType::sha256;
    default: return std::nullopt;
  }
}

/// The last part of a path.
std::string_view file_of(std::string_view path) {
  return path.substr(path.find_last_of("/\\") + 1);
}

}  // namespace

std::span<const ObservableField> observable_fields() {
  return kFields;
}

uint32_t types_of(Observable what) {
  using T = IndicatorType;
  const auto bits = [](auto... types) { return ((uint32_t{1} << static_cast<unsigned>(types)) | ...); };
  switch (what) {
    case Observable::name: return bits(T::domain, T::domain_exact, T::network);
    case Observable::address: return bits(T::network);
    case Observable::url: return bits(T::url, T::domain, T::domain_exact, T::network);
    case Observable::hash: return bits(T::md5, T::sha1, T::sha256);
    case Observable::ja3: return bits(T::ja3);
    case Observable::ja3s: return bits(T::ja3s);
    case Observable::ja4: return bits(T::ja4);
    case Observable::hassh: return bits(T::hassh);
    case Observable::email: return bits(T::email, T::domain, T::domain_exact);
    case Observable::user_agent: return bits(T::user_agent);
    case Observable::file_name: return bits(T::file_name);
    case Observable::tls_serial: return bits(T::tls_serial);
  }
  return 0;
}

std::optional<Found> look_up(const IndicatorTable& table, const IpAddress& address, uint16_t day) {
  const IndicatorTable::Address found = table.find_address(address, day);
  return found.slot ? std::optional(Found{found.slot, Network::of(address, found.bits).key()}) : std::nullopt;
}

std::optional<Found> look_up(const IndicatorTable& table, Observable what, std::string_view value, uint16_t day) {
  if ((table.types() & types_of(what)) == 0 || value.empty() || value.size() > kMostValue) return std::nullopt;
  switch (what) {
    case Observable::name: return name_of(table, value, day);
    case Observable::address:
      if (const auto address = IpAddress::parse(value)) return look_up(table, *address, day);
      return std::nullopt;
    case Observable::url: return url_of(table, value, day);
    case Observable::hash: {
      const std::optional<IndicatorType> type = hash_of(value);
      return type && table.has(*type) ? of_type(table, *type, value, day) : std::nullopt;
    }
    case Observable::ja3: return of_type(table, IndicatorType::ja3, value, day);
    case Observable::ja3s: return of_type(table, IndicatorType::ja3s, value, day);
    case Observable::ja4: return of_type(table, IndicatorType::ja4, value, day);
    case Observable::hassh: return of_type(table, IndicatorType::hassh, value, day);
    case Observable::email: return email_of(table, value, day);
    case Observable::user_agent: return of_type(table, IndicatorType::user_agent, value, day);
    case Observable::file_name: return of_type(table, IndicatorType::file_name, file_of(value), day);
    case Observable::tls_serial: return of_type(table, IndicatorType::tls_serial, value, day);
  }
  return std::nullopt;
}

}  // namespace lapwing::analytics
