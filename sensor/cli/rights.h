// The files that a command may open once it is confined: those that its command line and configuration name.
#pragma once

#include "sensor/cli/configuration.h"
#include "sensor/cli/outputs.h"
#include "sensor/control/confinement.h"

namespace lapwing {

/// What may be read: files that the configuration came from and those it names, each with its folder, since a file that
/// is written anew takes the place of the old one; folders; what symbolic links in them lead to.
void add_configuration(const Setting& root, PathRights& rights);
/// `path` itself and, where it is a symbolic link or a folder with such links, what they lead to.
void add_readable(const std::string& path, PathRights& rights);
/// The same, with the folder of a file.
void add_replaceable(const std::string& path, PathRights& rights);
/// A folder to write into, made where it is missing: it could not be made later.
void add_folder(const std::string& path, PathRights& rights);
/// One file to write, made where it is missing: the folder around it is none of the process's business.
void add_file(const std::string& path, PathRights& rights);
/// A file that is written anew beside itself: its folder, which must be there.
void add_rewritten(const std::string& path, PathRights& rights);

/// The folders of sockets that are bound.
void add_endpoints(const std::vector<std::string>& endpoints, PathRights& rights);

/// Where records, files and sets of values go. A live sensor may begin a file of records anew, and so needs its folder.
void add_outputs(const OutputOptions& options, const Setting& root, const SensorConfig& config, bool live,
                 PathRights& rights);
/// Folder of compiled rules.
void add_cache(const RuleConfig& config, PathRights& rights);
/// Confines a command that reads rules: it may read any file and write the cache, and has no way out.
void confine_rules(const Setting& root, const RuleConfig& detect);
/// Whether records leave by a socket.
bool uses_sockets(const OutputOptions& options, const Setting& root);

}  // namespace lapwing
