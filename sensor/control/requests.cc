#include "sensor/control/requests.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lapwing {
namespace {

constexpr int kMaxDepth = 2;  // a request is flat but for its arguments: the parser recurses for nothing else
/// Versions of Suricata's protocol. From 0.2 on answers end with a line, which those before do not mind.
constexpr std::string_view kVersions[] = {"0.1", "0.2"};

std::string list(std::span<const ControlCommand> commands) {
  std::string out;
  for (const ControlCommand& command : commands) out += (out.empty() ? "" : ", ") + std::string(command.name);
  return out;
}

nlohmann::json parse(std::string_view line) {
  bool too_deep = false;
  auto watch = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep |= depth > kMaxDepth;
    return !too_deep;
  };
  auto json = nlohmann::json::parse(line, watch, false);
  return too_deep ? nlohmann::json(nlohmann::json::value_t::discarded) : json;
}

/// Empty, or what is wrong with them.
std::string read_arguments(const nlohmann::json& json, const ControlCommand& command, ControlInput& input) {
  std::string wrong = std::string(command.name) + " takes these arguments, texts:";
  for (std::string_view name : command.arguments) wrong += " " + std::string(name);
  if (!json.is_object() || json.size() != command.arguments.size()) return wrong;
  for (std::string_view name : command.arguments) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) return wrong;
    input.arguments.emplace(name, found->get<std::string>());
  }
  return {};
}

}  // namespace

Hello read_hello(std::string_view text) {
  const auto json = parse(text);
  if (!json.is_object() || json.size() != 1 || !json.contains("version") || !json["version"].is_string()) {
    return Hello::none;
  }
  const auto& version = json["version"].get_ref<const std::string&>();
  return std::ranges::find(kVersions, std::string_view(version)) != std::end(kVersions) ? Hello::known : Hello::unknown;
}

ControlRequest read_request(std::string_view line, std::span<const ControlCommand> commands) {
  ControlRequest out;
  const auto json = parse(line);
  const auto named = json.is_object() ? json.find("command") : json.end();
  if (!json.is_object() || named == json.end() || !named->is_string()) {
    out.error = R"(a request is one line of JSON such as {"command":"stats"})";
    return out;
  }
  const auto& name = named->get_ref<const std::string&>();
  const auto command = std::ranges::find(commands, std::string_view(name), &ControlCommand::name);
  if (command == commands.end()) {
    out.error = "there is no command of that name; there are " + list(commands);
    return out;
  }
  static const nlohmann::json kNone = nlohmann::json::object();
  const nlohmann::json* arguments = &kNone;
  for (const auto& [key, value] : json.items()) {
    if (key == "command") continue;
    if (key == "arguments") {
      arguments = &value;
      continue;
    }
    if (std::ranges::find(command->flags, std::string_view(key)) == command->flags.end() || !value.is_boolean()) {
      out.error = std::string(command->name) + " takes nothing but its flags, true or false:";
      for (std::string_view flag : command->flags) out.error += " " + std::string(flag);
      return out;
    }
    if (value.get<bool>()) out.input.flags.push_back(key);
  }
  out.error = read_arguments(*arguments, *command, out.input);
  if (out.error.empty()) out.command = &*command;
  return out;
}

std::string answer_line(bool ok, std::string_view message) {
  return std::string(ok ? R"({"return":"OK","message":)" : R"({"return":"NOK","message":)") + std::string(message) +
         "}\n";
}

}  // namespace lapwing
