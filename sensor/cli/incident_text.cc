#include "sensor/cli/incident_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "export/eve/incident.h"
#include "sensor/base/terminal.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

/// The member at a pointer, or the fallback where it is not there or of another type: what is read may be a file.
template <class T>
T at(const Json& object, const char* pointer, T fallback) {
  const Json::json_pointer where(pointer);
  if (!object.contains(where)) return fallback;
  const Json& found = object.at(where);
  if constexpr (std::is_same_v<T, std::string>) {
    return found.is_string() ? found.get<std::string>() : fallback;
  } else if constexpr (std::is_same_v<T, bool>) {
    return found.is_boolean() ? found.get<bool>() : fallback;
  } else {
    return found.is_number_unsigned() ? found.get<T>() : fallback;
  }
}
/// Subjects, objects and names are what traffic called them.
std::string text_at(const Json& object, const char* pointer) {
  return for_terminal(at<std::string>(object, pointer, ""));
}
uint64_t number(const Json& object, const char* pointer) {
  return at<uint64_t>(object, pointer, 0);
}
const Json& list_at(const Json& object, const char* pointer) {
  static const Json kNone = Json::array();
  const Json::json_pointer where(pointer);
  return object.contains(where) && object.at(where).is_array() ? object.at(where) : kNone;
}

std::string words(const Json& values) {
  std::string out;
  for (const Json& value : values) {
    if (value.is_string()) out += (out.empty() ? "" : " ") + for_terminal(value.get<std::string>());
  }
  return out;
}

/// "10.1.2.3 (anna-pc)"
std::string named(const Json& object) {
  const std::string address = text_at(object, "/ip"), name = text_at(object, "/name");
  return address.empty() || name.empty() ? address + name : address + " (" + name + ")";
}

/// What else is known of the host: "mac 00:22:72:00:00:01  by Example Cards  user anna  resolver web  criticality
/// high".
std::string known_of(const Json& subject) {
  std::string out;
  for (const auto& [member, word] : {std::pair("/mac", "mac "), {"/vendor", "by "}, {"/user", "user "}}) {
    if (const std::string value = text_at(subject, member); !value.empty()) out += "  " + (word + value);
  }
  if (const std::string roles = words(list_at(subject, "/roles")); !roles.empty()) out += "  " + roles;
  const std::string criticality = text_at(subject, "/criticality");
  if (!criticality.empty() && criticality != "normal") out += "  criticality " + criticality;
  return out.empty() ? out : out.substr(2);
}

std::string counted(uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

/// "2024-08-16 18:07:39" of an ISO time.
std::string when(const std::string& time) {
  std::string out = time.substr(0, 19);
  if (out.size() > 10) out[10] = ' ';
  return out;
}

std::string what(const Json& incident) {
  std::vector<std::string> detectors;
  for (const Json& finding : list_at(incident, "/findings")) {
    std::string name = text_at(finding, "/name");
    if (std::ranges::find(detectors, name) == detectors.end()) detectors.push_back(std::move(name));
  }
  std::string out;
  for (const std::string& name : detectors) out += (out.empty() ? "" : ", ") + name;
  if (const uint64_t alerts = number(incident, "/alerts/total")) {
    out += out.empty() ? "" : "; ";
    out += counted(alerts, "alert") + " of " + counted(list_at(incident, "/alerts/signatures").size(), "rule");
  }
  return out;
}

}  // namespace

std::vector<Json> objects_of(std::span<const Incident> incidents) {
  std::vector<Json> out;
  std::string object;
  for (const Incident& incident : incidents) {
    object.clear();
    JsonWriter json(object);
    write_incident_object(json, incident);
    out.push_back(Json::parse(object));
  }
  return out;
}

std::string one_line(const Json& incident) {
  return fmt::format("{:<8} {:>3}  {}  {}  {}  {}", text_at(incident, "/level"), number(incident, "/score"),
                     named(incident.value("subject", Json::object())), what(incident),
                     words(list_at(incident, "/tactics")), text_at(incident, "/id"));
}

std::string story(const Json& incident) {
  std::string out = fmt::format("{}  {} {}  {}\n", text_at(incident, "/id"), text_at(incident, "/level"),
                                number(incident, "/score"), named(incident.value("subject", Json::object())));
  out += fmt::format("{} to {}, {}\n", when(text_at(incident, "/first")), when(text_at(incident, "/last")),
                     text_at(incident, "/state"));
  if (const std::string known = known_of(incident.value("subject", Json::object())); !known.empty())
    out += known + "\n";
  std::string attack;
  for (const Json& row : list_at(incident, "/attack")) {
    const std::string tactic = text_at(row, "/tactic");
    attack += fmt::format("{}{}{}", attack.empty() ? "" : ", ", text_at(row, "/technique"),
                          tactic.empty() ? "" : " (" + tactic + ")");
  }
  if (!attack.empty()) out += "ATT&CK  " + attack + "\n";
  if (const std::string next = words(list_at(incident, "/next")); !next.empty()) out += "may follow  " + next + "\n";

  std::vector<std::pair<std::string, std::string>> events;  // time, line
  for (const Json& finding : list_at(incident, "/findings")) {
    events.emplace_back(text_at(finding, "/first"),
                        fmt::format("{:<20} {}  {}, score {}  {}", text_at(finding, "/name"),
                                    text_at(finding, "/object"), counted(number(finding, "/count"), "observation"),
                                    number(finding, "/score"), text_at(finding, "/id")));
  }
  for (const Json& rule : list_at(incident, "/alerts/signatures")) {
    events.emplace_back(text_at(rule, "/first"),
                        fmt::format("{:<20} {}  {}", fmt::format("{}:{}", number(rule, "/gid"), number(rule, "/sid")),
                                    text_at(rule, "/signature"), counted(number(rule, "/count"), "alert")));
  }
  std::ranges::stable_sort(events, {}, &std::pair<std::string, std::string>::first);
  out += "\n";
  for (const auto& [time, line] : events) out += when(time) + "  " + line + "\n";

  std::string objects;
  for (const Json& object : list_at(incident, "/objects")) {
    objects += fmt::format("{}{} ({})", objects.empty() ? "" : ", ", named(object), text_at(object, "/role"));
  }
  const uint64_t all = number(incident, "/objects_total"), shown = list_at(incident, "/objects").size();
  if (all > shown) objects += fmt::format(" and {} more", all - shown);
  if (!objects.empty()) out += "\nwith  " + objects + "\n";
  for (const Json& link : list_at(incident, "/links")) {
    out += fmt::format("{}  {}\n", text_at(link, "/kind"), text_at(link, "/incident"));
  }
  return out;
}

std::string summary(std::span<const Json> incidents, size_t most) {
  const auto behind = std::ranges::find_if(incidents, [](const Json& one) { return at(one, "/background", false); });
  const auto count = static_cast<size_t>(behind - incidents.begin());
  std::string out = count > 0 ? "incidents:\n" : "";
  for (const Json& incident : incidents.first(std::min(count, most))) out += "  " + one_line(incident) + "\n";
  if (count > most) out += fmt::format("  and {} more\n", count - most);
  if (count < incidents.size()) {
    out += fmt::format("attacks from outside without effect: {} in the background\n", incidents.size() - count);
  }
  return out;
}

}  // namespace lapwing
