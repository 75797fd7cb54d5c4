#include "sensor/base/text.h"
#include "signatures/parse/list.h"
#include "signatures/parse/parse.h"
#include "signatures/parse/source_text.h"

namespace lapwing {
namespace {

constexpr auto npos = std::string_view::npos;

/// The text after "config KIND:", or nothing when the line is of another kind.
std::optional<std::string_view> after_keyword(std::string_view line, std::string_view kind) {
  if (!line.starts_with("config")) return std::nullopt;
  line = trim(line.substr(6));
  if (!line.starts_with(kind)) return std::nullopt;
  line = trim(line.substr(kind.size()));
  if (!line.starts_with(':')) return std::nullopt;
  return trim(line.substr(1));
}

/// Calls `read(text after the keyword)` on every line of the kind; a failed line throws SettingError.
template <class Read>
void read_lines(std::string_view text, const std::string& file, std::string_view kind, const char* form, Read read) {
  SourceLines lines(text, file);
  while (std::optional<SourceLine> line = lines.next()) {
    auto rest = after_keyword(line->text(), kind);
    if (!rest || !read(*rest))
      throw SettingError(line->mark(0), std::string("the line is not understood; write ") + form);
  }
}

}  // namespace

void parse_classifications(std::string_view text, const std::string& file, RuleTables& tables) {
  read_lines(text, file, "classification",
             "config classification: name,description,priority with a priority of 1 to 255",
             [&](std::string_view rest) {
               size_t first = rest.find(','), last = rest.rfind(',');  // a description may hold commas
               if (first == npos || first == last) return false;
               std::string name = to_lower(trim(rest.substr(0, first)));
               std::string_view description = trim(rest.substr(first + 1, last - first - 1));
               auto priority = parse_unsigned(trim(rest.substr(last + 1)));
               if (name.empty() || description.empty() || !priority || *priority < 1 || *priority > 255) return false;
               tables.classifications[name] = {name, std::string(description), static_cast<uint8_t>(*priority)};
               return true;
             });
}

void parse_references(std::string_view text, const std::string& file, RuleTables& tables) {
  read_lines(text, file, "reference", "config reference: system prefix", [&](std::string_view rest) {
    size_t blank = rest.find_first_of(" \t");
    if (blank == npos) return false;
    tables.references[to_lower(rest.substr(0, blank))] = trim(rest.substr(blank));
    return true;
  });
}

void read_classifications(const std::string& path, RuleTables& tables) {
  parse_classifications(read_text_file(path), path, tables);
}

void read_references(const std::string& path, RuleTables& tables) {
  parse_references(read_text_file(path), path, tables);
}

}  // namespace lapwing
