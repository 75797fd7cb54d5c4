// `assets` and `who`: what a running sensor, or a file of records, tells of the hosts of this network.
#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include "analytics/frame/roles.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/terminal.h"
#include "sensor/base/time.h"
#include "sensor/cli/asset_text.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/last_told.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

struct AssetOptions {
  std::string socket, eve, role, address, at;
  bool json = false;
};

int list_assets(const AssetOptions& options) {
  std::vector<Json> assets = last_told("asset", options.eve, options.socket);
  std::erase_if(assets, [&](const Json& asset) { return !options.role.empty() && !has_role(asset, options.role); });
  const std::vector<Json> incidents = last_told("incident", options.eve, options.socket);
  if (options.json) {
    for (Json& asset : assets) asset["risk"] = risk_of(asset, incidents);
    fmt::print("{}\n", Json(assets).dump());
  } else {
    fmt::print("{}", assets.empty() ? "no assets\n" : asset_table(assets, incidents));
  }
  return exit_status::done;
}

int who(const AssetOptions& options) {
  if (!IpAddress::parse(options.address)) throw std::runtime_error("'" + options.address + "' is no address");
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  const auto time = record_time(options.at.empty() ? std::to_string(now.count()) : options.at);
  if (!time) {
    throw std::runtime_error("--at: '" + options.at +
                             "' is no time; write 2026-05-01T10:20:30 (UTC) or seconds since 1970");
  }
  const Json owner = owner_at(last_told("asset", options.eve, options.socket), options.address, *time);
  if (owner.is_null()) throw std::runtime_error("nobody is known to have had " + options.address + " by " + *time);
  if (options.json) {
    fmt::print("{}\n", owner.dump());
    return exit_status::done;
  }
  for (const char* member : {"address", "at", "host", "mac", "vendor", "names", "user", "since", "last"}) {
    if (!owner.contains(member)) continue;
    const Json& value = owner[member];
    std::string shown;
    if (value.is_array()) {
      for (const Json& name : value) shown += (shown.empty() ? "" : " ") + name.get<std::string>();
    } else {
      shown = value.get<std::string>();
    }
    fmt::print("{:<8} {}\n", member, for_terminal(shown));
  }
  return exit_status::done;
}

}  // namespace

void add_assets(CLI::App& app, Command& command) {
  auto options = std::make_shared<AssetOptions>();
  CLI::App* all =
      app.add_subcommand("assets", "list the hosts of this network that a sensor, or a file of records, knows");
  CLI::App* one =
      app.add_subcommand("who", "tell which host had an address at a time, what it is called and who used it");
  for (CLI::App* sub : {all, one}) {
    auto* socket = sub->add_option("--socket", options->socket,
                                   "the sensor's control socket (control.socket); else where it lies by default");
    sub->add_option("--eve", options->eve, "a file of records, instead of a running sensor")->excludes(socket);
    sub->add_flag("--json", options->json, "as JSON");
  }
  std::vector<std::string> roles;
  for (const analytics::RoleRow& row : analytics::role_rows()) roles.emplace_back(row.name);
  all->add_option("--role", options->role, "only those that have this role")->check(CLI::IsMember(roles));
  one->add_option("ADDRESS", options->address, "IPv4 or IPv6")->required();
  one->add_option("--at", options->at, "when: 2026-05-01T10:20:30 (UTC) or seconds since 1970; else now");
  all->callback([options, &command] { command = [options] { return list_assets(*options); }; });
  one->callback([options, &command] { command = [options] { return who(*options); }; });
}

}  // namespace lapwing
