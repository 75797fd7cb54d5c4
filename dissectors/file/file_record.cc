#include "dissectors/file/file_record.h"

#include "sensor/base/text.h"

namespace lapwing::file {
namespace {

void members(const File& file, uint64_t tx_id, const FileConfig& config, JsonWriter& json) {
  json.member("filename", file.name);
  if (config.magic && file.has_head() && !file.content().empty()) json.member("magic", file.magic());
  json.member("gaps", file.gaps);
  json.member("state", state_name(file.state));
  for (Algorithm algorithm : kAlgorithms) {
    // Consumers take md5 and sha1 for the digest of a whole file; sha256 is also shown of what came of a broken one.
    bool meaningful = file.state == State::closed || algorithm == Algorithm::sha256;
    if (!config.wants(algorithm) || !meaningful || file.state == State::open) continue;
    json.key(algorithm_name(algorithm)).hex(file.digest(algorithm).view());
  }
  const bool stored = file.store_id && file.state != State::open;
  json.member("stored", stored);
  if (stored) json.member("file_id", file.store_id);
  if (!stored && file.depth) json.member("storing", true);
  // While a file is under way, its size depends on how TCP cut it.
  if (file.state != State::open) json.member("size", file.size);
  if (file.range) json.member("start", file.range->first).member("end", file.range->second);
  json.member("tx_id", tx_id);
}

}  // namespace

void write_fileinfo(const File& file, uint64_t tx_id, const FileConfig& config, JsonWriter& json) {
  json.begin_object("fileinfo");
  members(file, tx_id, config, json);
  json.end_object();
}

void write_file(const File& file, uint64_t tx_id, const FileConfig& config, JsonWriter& json) {
  json.begin_object();
  members(file, tx_id, config, json);
  json.end_object();
}

}  // namespace lapwing::file
