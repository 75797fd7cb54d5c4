#include "sensor/cli/asset_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/terminal.h"
#include "sensor/base/text.h"
#include "sensor/base/time.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

/// Or empty where it is not there or no text: what is read may be a file.
std::string member_text(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}
const Json& listed(const Json& object, const char* name) {
  static const Json kNone = Json::array();
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_array() ? *found : kNone;
}

std::string roles_of(const Json& asset) {
  std::string out;
  for (const Json& role : listed(asset, "roles")) out += (out.empty() ? "" : " ") + member_text(role, "role");
  return out;
}

std::string services_of(const Json& asset) {
  std::string out;
  for (const Json& service : listed(asset, "services")) {
    const auto port = service.find("port");
    if (port == service.end() || !port->is_number_unsigned()) continue;
    const std::string protocol = member_text(service, "app_proto");
    out +=
        fmt::format("{}{}{}{}", out.empty() ? "" : " ", port->get<uint64_t>(), protocol.empty() ? "" : "/", protocol);
  }
  return out;
}

/// The last that began by then, else null.
const Json* last_by(const Json& entries, const std::string& time) {
  const Json* out = nullptr;
  for (const Json& entry : entries) {
    const std::string first = member_text(entry, "first");
    if (first.empty() || first > time) continue;
    if (!out || first > member_text(*out, "first")) out = &entry;
  }
  return out;
}

}  // namespace

bool has_role(const Json& asset, std::string_view role) {
  return std::ranges::any_of(listed(asset, "roles"), [&](const Json& of) { return member_text(of, "role") == role; });
}

uint64_t risk_of(const Json& asset, std::span<const Json> incidents) {
  uint64_t out = 0;
  for (const Json& incident : incidents) {
    if (member_text(incident, "state") == "closed" || incident.contains("background") || !incident.contains("subject"))
      continue;
    const Json& subject = incident["subject"];
    const std::string address = member_text(subject, "ip"), name = member_text(subject, "name");
    const bool about = (!name.empty() && name == member_text(asset, "mac")) ||
                       std::ranges::any_of(listed(asset, "addresses"), [&](const Json& of) {
                         return !address.empty() && member_text(of, "ip") == address;
                       });
    const auto score = incident.find("score");
    if (about && score != incident.end() && score->is_number_unsigned()) out = std::max(out, score->get<uint64_t>());
  }
  return out;
}

std::string asset_table(std::span<const Json> assets, std::span<const Json> incidents) {
  if (assets.empty()) return "";
  std::vector<const Json*> order;
  for (const Json& asset : assets) order.push_back(&asset);
  std::ranges::stable_sort(order, [](const Json* one, const Json* other) {
    const auto a = IpAddress::parse(member_text(*one, "ip")), b = IpAddress::parse(member_text(*other, "ip"));
    return a != b ? a < b : member_text(*one, "mac") < member_text(*other, "mac");
  });
  std::string out = fmt::format("{:<39}  {:<17}  {:<24}  {:<8}  {:>4}  {:<20}  {}\n", "address", "mac", "name", "os",
                                "risk", "roles", "services");
  for (const Json* asset : order) {
    const uint64_t risk = risk_of(*asset, incidents);
    // Whatever traffic called them.
    const std::string line =
        for_terminal(fmt::format("{:<39}  {:<17}  {:<24}  {:<8}  {:>4}  {:<20}  {}", member_text(*asset, "ip"),
                                 member_text(*asset, "mac"), member_text(*asset, "name"), member_text(*asset, "os"),
                                 risk ? std::to_string(risk) : "", roles_of(*asset), services_of(*asset)));
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::optional<std::string> record_time(std::string_view text) {
  if (const auto seconds = parse_unsigned(text); seconds && *seconds < 1ULL << 33) {
    return to_iso8601(Timestamp::from_seconds(static_cast<int64_t>(*seconds)));
  }
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd", kFraction = ".000000";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() < kForm.size()) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const char c = i == 10 && text[i] == ' ' ? 'T' : text[i];
    if (kForm[i] == 'd' ? !digit(c) : c != kForm[i]) return std::nullopt;
    out += c;
  }
  text.remove_prefix(kForm.size());
  std::string fraction(kFraction);
  if (text.starts_with('.')) {
    size_t size = 1;
    for (; size < text.size() && digit(text[size]); ++size) {
      if (size < fraction.size()) fraction[size] = text[size];
    }
    text.remove_prefix(size);
  }
  if (!text.empty() && text != "Z" && text != "+0000" && text != "+00:00") return std::nullopt;
  return out + fraction + "+0000";
}

/// An address has one owner at a time: who had it last, by then, has it until another has.
Json owner_at(std::span<const Json> assets, std::string_view address, const std::string& time) {
  const auto wanted = IpAddress::parse(address);
  const Json *owner = nullptr, *binding = nullptr;
  for (const Json& asset : assets) {
    for (const Json& of : listed(asset, "addresses")) {
      const std::string first = member_text(of, "first");
      if (IpAddress::parse(member_text(of, "ip")) != wanted || first.empty() || first > time) continue;
      const auto times = [](const Json& one) { return std::pair(member_text(one, "first"), member_text(one, "last")); };
      if (binding && times(of) <= times(*binding)) continue;
      owner = &asset;
      binding = &of;
    }
  }
  if (!owner) return nullptr;
  Json out = {{"address", address},
              {"at", time},
              {"host", member_text(*owner, "id")},
              {"since", member_text(*binding, "first")},
              {"last", member_text(*binding, "last")}};
  if (const std::string mac = member_text(*owner, "mac"); !mac.empty()) out["mac"] = mac;
  if (const std::string vendor = member_text(*owner, "vendor"); !vendor.empty()) out["vendor"] = vendor;
  Json names = Json::array();
  for (const Json& name : listed(*owner, "names")) {
    if (member_text(name, "first") <= time) names.push_back(member_text(name, "name"));
  }
  if (!names.empty()) out["names"] = std::move(names);
  if (const Json* user = last_by(listed(*owner, "users"), time)) out["user"] = member_text(*user, "user");
  return out;
}

}  // namespace lapwing
