// Observable: what traffic shows that indicators may name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "analytics/intel/indicator_table.h"

namespace lapwing::analytics {

/// name: a host by name or address. url: with its host. hash: of a file or certificate, in hex, with colons or without.
enum class Observable : uint8_t {
  name,
  address,
  url,
  hash,
  ja3,
  ja3s,
  ja4,
  hassh,
  email,
  user_agent,
  file_name,
  tls_serial
};

/// [S] A member of records that shows one.
struct ObservableField {
  std::string_view path;
  Observable what = Observable::name;
};
std::span<const ObservableField> observable_fields();

struct Found {
  const IndicatorSlot* slot = nullptr;
  std::string canonical;  // of the indicator that is listed
};
/// Of a URL also without query, and its host.
std::optional<Found> look_up(const IndicatorTable& table, Observable what, std::string_view value);

}  // namespace lapwing::analytics
