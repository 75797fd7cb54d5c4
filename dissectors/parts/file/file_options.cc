#include "dissectors/parts/file/file_options.h"

namespace lapwing::file {
namespace {

constexpr NamedValue kDigests[] = {
    {"md5", bit(Algorithm::md5)}, {"sha1", bit(Algorithm::sha1)}, {"sha256", bit(Algorithm::sha256)}};

using C = FileConfig;
constexpr OptionRow<C> kOptions[] = {
    {"file.hash", some_of<&C::digests>(kDigests), "[]", "digests that fileinfo records show"},
    {"file.magic", &C::magic, "no", "fileinfo records show libmagic's verdict"},
};
constexpr OptionRow<C> kOptionsOfOutputs[] = {
    {"force-hash", some_of<&C::digests>(kDigests), "[]",
     "digests that fileinfo records show beside those of file.hash"},
    {"force-magic", &C::magic, "no", "fileinfo records show libmagic's verdict"},
};

}  // namespace

std::vector<std::string> FileConfig::columns() const {
  std::vector<std::string> out;
  if (magic) out.emplace_back("magic");
  for (const NamedValue& digest : kDigests) {
    if (digests & digest.value) out.emplace_back(digest.name);
  }
  return out;
}

std::span<const OptionRow<FileConfig>> options() {
  return kOptions;
}

std::span<const OptionRow<FileConfig>> options_of_outputs() {
  return kOptionsOfOutputs;
}

}  // namespace lapwing::file
