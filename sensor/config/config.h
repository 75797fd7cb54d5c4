// Configuration files into Setting trees.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/setting.h"

namespace lapwing {

/// What an operator should hear of a file that is read all the same, as "file:line:column: message".
using Warnings = std::vector<std::string>;

/// Reads a YAML file as Suricata reads suricata.yaml: "include" files (relative to the directory of `path`) followed,
/// a section given twice replaced by the later one, a dotted key ("stream.memcap: 64mb") setting that member only,
/// '_' in keys taken as '-' except in variables. Throws SettingError with the place.
std::unique_ptr<Setting> read_yaml(const std::string& path, Warnings* warnings = nullptr);
/// `name` stands for the file in messages, and its directory is where included files are looked for.
std::unique_ptr<Setting> parse_yaml(std::string_view text, const std::string& name, Warnings* warnings = nullptr);
/// The same for a suricata.yaml that is taken over from another machine: included files that are not there are reported
/// and passed over.
std::unique_ptr<Setting> read_suricata_yaml(const std::string& path, Warnings& warnings);
/// Applies "key=value" of the command line; list members are addressed by position ("outputs.1.eve-log.enabled")
/// or by name ("outputs.eve-log.enabled"), and position == size adds one. Throws SettingError.
void set_value(Setting& root, std::string_view assignment);
/// Lays `over` on `base`: maps are merged, everything else is replaced.
void merge(Setting& base, std::unique_ptr<Setting> over);

/// Lays a suricata.yaml on `root` in Lapwing's terms: files named relatively get their directory (rule files that of
/// default-rule-path, the others that of the file), $VARIABLES in ports of tunnel decoders are replaced by their
/// value; tables of rules (classification-file and the like) that are not there are left to their defaults, as
/// Suricata does. Returns what could not be carried over as it stood.
Warnings adopt_suricata(std::unique_ptr<Setting> yaml, Setting& root);

/// A setting nobody read, by its full path ("outputs.eve-log.xff").
struct UnusedKey {
  std::string path;
  const Setting* node = nullptr;
  SourceMark mark;  // of the key
};

/// What read_yaml gives, but with every mark that of the key, where there is one.
std::unique_ptr<Setting> read_key_places(const std::string& path);
/// The outermost settings that no read has touched, in file order; call it when every room has read its own. Where keys
/// stand is in `places`; without them the place is that of the value.
std::vector<UnusedKey> unused_keys(const Setting& root, const Setting* places = nullptr);
/// One message for each unused key that Suricata does not have either, also within what has no meaning here: most
/// likely a typing error. Where one of `known_keys` (dotted, complete), or a name of Suricata's, is close, it is
/// proposed.
Warnings unknown_key_messages(const Setting& root, std::span<const std::string> known_keys,
                              const Setting* places = nullptr);
/// The same of one key, without its place.
std::string unknown_key_text(const UnusedKey& key, std::span<const std::string> known_keys);
/// Throws SettingError at a single value where a map of settings belongs, as in "stats: no": nothing would read it.
void check_kinds(const Setting& root, std::span<const std::string> known_keys);
/// The unused keys of a suricata.yaml that have no meaning here, in one sentence of a few lines; empty when none.
std::string unsupported_keys_message(const Setting& root);

}  // namespace lapwing
