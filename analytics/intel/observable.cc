#include "analytics/intel/observable.h"

#include <algorithm>

namespace lapwing::analytics {
namespace {

constexpr ObservableField kFields[] = {
    {"dns.rrname", Observable::name},
    {"dns.queries.rrname", Observable::name},
    {"dns.query.rrname", Observable::name},
    {"dns.answers.rdata", Observable::name},
    {"http.hostname", Observable::name},
    {"http.http_user_agent", Observable::user_agent},
    {"tls.sni", Observable::name},
    {"tls.fingerprint", Observable::hash},
    {"tls.serial", Observable::tls_serial},
    {"tls.ja3.hash", Observable::ja3},
    {"tls.ja3s.hash", Observable::ja3s},
    {"tls.ja4", Observable::ja4},
    {"quic.sni", Observable::name},
    {"quic.ja4", Observable::ja4},
    {"ssh.client.hassh.hash", Observable::hassh},
    {"ssh.server.hassh.hash", Observable::hassh},
    {"smtp.mail_from", Observable::email},
    {"smtp.rcpt_to", Observable::email},
    {"email.from", Observable::email},
    {"email.to", Observable::email},
    {"fileinfo.md5", Observable::hash},
    {"fileinfo.sha1", Observable::hash},
    {"fileinfo.sha256", Observable::hash},
    {"fileinfo.filename", Observable::file_name},
};

constexpr size_t kMostValue = 8192;  // bytes: what is longer is named by no list, whose rows are shorter

std::optional<Found> address_of(const IndicatorTable& table, const IpAddress& address) {
  const IndicatorSlot* slot = table.find_address(address);
  if (!slot) return std::nullopt;
  for (auto bits = static_cast<unsigned>(address.size() * 8);; --bits) {
    std::string key = Network::of(address, bits).key();
    if (table.find(IndicatorType::network, key) == slot) return Found{slot, std::move(key)};
    if (bits == 0) return std::nullopt;
  }
}

std::optional<Found> name_of(const IndicatorTable& table, std::string_view value) {
  if (const auto address = IpAddress::parse(value)) return address_of(table, *address);
  auto form = canonical(IndicatorType::domain, value);
  if (!form) return std::nullopt;
  const IndicatorSlot* slot = table.find_domain(*form);
  if (!slot) return std::nullopt;
  if (slot->type == IndicatorType::domain_exact) return Found{slot, std::move(*form)};
  std::string_view name = *form;
  while (table.find(IndicatorType::domain, name) != slot) name.remove_prefix(name.find('.') + 1);
  return Found{slot, std::string(name)};
}

std::optional<Found> of_type(const IndicatorTable& table, IndicatorType type, std::string_view value) {
  auto form = canonical(type, value);
  if (!form) return std::nullopt;
  const IndicatorSlot* slot = table.find(type, *form);
  return slot ? std::optional(Found{slot, std::move(*form)}) : std::nullopt;
}

std::optional<Found> url_of(const IndicatorTable& table, std::string_view value) {
  if (auto found = of_type(table, IndicatorType::url, value)) return found;
  if (const size_t query = value.find('?'); query != std::string_view::npos) {
    if (auto found = of_type(table, IndicatorType::url, value.substr(0, query))) return found;
  }
  const auto form = canonical(IndicatorType::url, value);
  return form ? name_of(table, std::string_view(*form).substr(0, form->find_first_of(":/"))) : std::nullopt;
}

/// The last part of a path.
std::string_view file_of(std::string_view path) {
  return path.substr(path.find_last_of("/\\") + 1);
}

}  // namespace

std::span<const ObservableField> observable_fields() {
  return kFields;
}

std::optional<Found> look_up(const IndicatorTable& table, Observable what, std::string_view value) {
  if (table.size() == 0 || value.empty() || value.size() > kMostValue) return std::nullopt;
  switch (what) {
    case Observable::name: return name_of(table, value);
    case Observable::address:
      if (const auto address = IpAddress::parse(value)) return address_of(table, *address);
      return std::nullopt;
    case Observable::url: return url_of(table, value);
    case Observable::hash:
      for (const IndicatorType type : {IndicatorType::md5, IndicatorType::sha1, IndicatorType::sha256}) {
        if (auto found = of_type(table, type, value)) return found;
      }
      return std::nullopt;
    case Observable::ja3: return of_type(table, IndicatorType::ja3, value);
    case Observable::ja3s: return of_type(table, IndicatorType::ja3s, value);
    case Observable::ja4: return of_type(table, IndicatorType::ja4, value);
    case Observable::hassh: return of_type(table, IndicatorType::hassh, value);
    case Observable::email: return of_type(table, IndicatorType::email, value);
    case Observable::user_agent: return of_type(table, IndicatorType::user_agent, value);
    case Observable::file_name: return of_type(table, IndicatorType::file_name, file_of(value));
    case Observable::tls_serial: return of_type(table, IndicatorType::tls_serial, value);
  }
  return std::nullopt;
}

}  // namespace lapwing::analytics
