// Rows: lists of the configuration whose entries are maps, such as "analytics.roles".
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>

#include "analytics/frame/surroundings.h"
#include "sensor/base/option_source.h"

namespace lapwing::analytics {

/// Calls `each` for the maps of the list, in the order of the file. Throws SettingError where the list is none, an
/// entry no map, or a key of an entry none of `keys`.
void for_each_row(const OptionSource& source, std::string_view key, std::initializer_list<std::string_view> keys,
                  const std::function<void(const Setting& row)>& each);
/// The member of a row. Throws SettingError where it is not there.
const Setting& required(const Setting& row, std::string_view member);
/// Of an address or network, or a list of such. Throws SettingError at what is neither.
Networks networks_of(const Setting& node);

}  // namespace lapwing::analytics
