#include "sensor/config/yaml_text.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace lapwing::yaml {
namespace {

constexpr uintmax_t kMaxFileBytes = 64 << 20;

/// A tab that indents the line at fault or the one before it, which the parser stumbled over. Line 0: there is none.
SourceMark indenting_tab(std::string_view text, const SourceMark& fault) {
  uint32_t line = 1;
  for (size_t at = 0; at < text.size() && line <= fault.line; ++line) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view here = text.substr(at, end - at);
    const size_t tab = here.substr(0, here.find_first_not_of(" \t")).find('\t');
    // Blank lines may hold what they like.
    const bool blank = here.find_first_not_of(" \t\r") == std::string_view::npos;
    if (tab != std::string_view::npos && !blank && line + 1 >= fault.line) {
      return {fault.file, line, static_cast<uint32_t>(tab + 1)};
    }
    at = end + 1;
  }
  return {};
}

/// YAML::Load reads the first document and drops the rest in silence; YAML::LoadAll never ends on a text that no
/// document can begin with (", x"), since it makes one of nothing again and again.
class Documents : public YAML::EventHandler {
 public:
  explicit Documents(bool one) : one_(one) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_ && mark.pos == last_) throw YAML::ParserException(mark, "this is no YAML");
    if (started_ && one_) throw YAML::ParserException(mark, "a second document");
    started_ = true;
    last_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  const bool one_;
  bool started_ = false;
  int last_ = 0;
};

}  // namespace

std::string file_text(const std::string& path, const SourceMark& where) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw SettingError(where, "'" + path + "' is a directory, not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw SettingError(where, "cannot read '" + path + "': " + std::strerror(errno));
  auto size = std::filesystem::file_size(path, error);
  if (!error && size > kMaxFileBytes) throw SettingError(where, "'" + path + "' is too large for a configuration");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool is_null(const YAML::Node& node) {
  return !node.IsDefined() || node.IsNull();
}

SourceMark mark_of(const std::string& file, const YAML::Mark& mark) {
  if (mark.is_null()) return {file, 0, 0};
  return {file, static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

std::vector<YAML::Node> load(const std::string& text, const std::string& file, bool one) {
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Documents events(one);
    while (parser.HandleNextDocument(events)) {
    }
    return YAML::LoadAll(text);
  } catch (const YAML::Exception& e) {
    const SourceMark where = e.mark.is_null() ? SourceMark{file, 1, 1} : mark_of(file, e.mark);
    if (const SourceMark tab = indenting_tab(text, where); tab.line) {
      throw SettingError(tab, "a tab; YAML is indented with spaces alone (" + e.msg + ")");
    }
    throw SettingError(where, e.msg);
  }
}

}  // namespace lapwing::yaml
