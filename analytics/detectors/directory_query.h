// What a search of a directory is after, by its filter.
#pragma once

#include <cstdint>
#include <string_view>

namespace lapwing::analytics {

enum class DirectoryQuery : uint8_t {
  none,         // one thing by its name, or what hosts look for by themselves
  services,     // accounts that services run as
  privileged,   // accounts and groups that administer
  unprotected,  // accounts by bits that make them easy to take over, or to act through
  users,
  groups,
  computers,
  trusts,
  all
};

/// What "DN?attributes?scope?filter" (RFC 4516) parts; those that are not there are empty.
struct DirectoryObject {
  std::string_view name, attributes, scope, filter;
};
DirectoryObject directory_object(std::string_view text);

/// `search`: what a search is for, written so.
DirectoryQuery query_of(std::string_view search);

}  // namespace lapwing::analytics
