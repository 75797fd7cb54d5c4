// Assets as people read them: from the object of their records, whoever wrote it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lapwing {

/// A line each behind a heading, by address; nothing where there are none. `incidents` give each its risk.
std::string asset_table(std::span<const nlohmann::json> assets, std::span<const nlohmann::json> incidents);
bool has_role(const nlohmann::json& asset, std::string_view role);
/// The score of the incidents that are open about one of its addresses or its station; 0: there is none.
uint64_t risk_of(const nlohmann::json& asset, std::span<const nlohmann::json> incidents);

/// "2024-05-01T10:20:30" with or without fraction and "Z" or "+0000", or seconds since 1970, as records write it;
/// nothing for what is neither.
std::optional<std::string> record_time(std::string_view text);
/// Who had the address at that time, as records write it: {address, host, mac, name, names, user, since}; null where
/// nobody is known to have had it by then.
nlohmann::json owner_at(std::span<const nlohmann::json> assets, std::string_view address, const std::string& time);

}  // namespace lapwing
