#include "tests/pipeline/made_up/carrier.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "dissectors/parts/file/file_columns.h"
#include "sensor/base/text.h"

namespace lapwing::test {
namespace {

constexpr std::string_view kName = "carrier";
constexpr uint64_t kKeep = 1 << 16;

/// All are the client's.
std::vector<const file::File*> files_of(const Carrier::Parcel& parcel, const Place& at) {
  std::vector<const file::File*> out;
  if (at.direction != Direction::to_server) return out;
  for (const auto& item : parcel.items) {
    const file::File& file = item.transfer->file();
    if (!at.detail || at.detail == &file) out.push_back(&file);
  }
  return out;
}
const file::File* file_of_record(const Carrier::Parcel&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number) {
  auto& items = static_cast<Carrier::Parcel&>(tx).items;
  if (direction != Direction::to_server || number >= items.size()) return nullptr;
  return &std::next(items.begin(), number)->transfer->file();
}

constexpr Column kFileRecord[] = {columns::object<&file_of_record>("fileinfo", file::kColumns, "a file")};
constexpr Table kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {{.type = "fileinfo", .help = "a file", .shapes = kFileShapes}};
constexpr Column kInAlert[] = {columns::objects<&files_of>("files", file::kColumns, "files of the parcel")};

}  // namespace

const About Carrier::about{.name = kName, .help = "files in pieces"};
const Protocol Carrier::protocol{.name = kName,
                                 .records = kRecords,
                                 .help = "files in pieces",
                                 .file = &carried_file,
                                 .in_alert = kInAlert,
                                 .parts = kParts};

Likelihood Carrier::probe(const Chunk& first) {
  const std::string_view text = to_text(first.data);
  if (text.substr(0, kName.size()) != kName.substr(0, text.size())) return Likelihood::no;
  return text.size() < kName.size() ? Likelihood::more : Likelihood::sure;
}

Step Carrier::data(const Chunk& chunk) {
  size_t used = 0;
  while (true) {
    std::string_view rest = to_text(chunk.data).substr(used);
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return Step::ok(used);
    std::istringstream line{std::string(rest.substr(0, end))};
    std::array<std::string, 5> words;
    for (auto& word : words) line >> word;
    auto number = [&](size_t at) { return parse_unsigned(words[at]).value_or(0); };
    rest.remove_prefix(end + 1);
    if (words[1] == "piece") {
      if (rest.size() < number(4)) return Step::need(used, number(4) - rest.size());
      if (auto* transfer = find(number(2))) transfer->at(number(3), to_bytes(rest.substr(0, number(4))));
      used += number(4);
    }
    if (words[1] == "file") begin(number(2), number(3), words[4]);
    if (auto* transfer = words[1] == "close" ? find(number(2)) : nullptr) transfer->close(file::State::closed);
    if (words[1] == "done") close(file::State::closed);
    used += end + 1;
  }
}

void Carrier::begin(uint64_t id, uint64_t size, std::string_view name) {
  if (!parcel_) {
    parcel_ = std::make_unique<Parcel>();
    out_.open(*parcel_);
  }
  auto& item = parcel_->items.emplace_back();
  item.id = id;
  item.transfer =
      std::make_unique<file::Transfer<Carrier>>(out_, *parcel_, Direction::to_server, std::string(name), kKeep);
  if (size > 0) item.transfer->expect_size(size);
}

file::Transfer<Carrier>* Carrier::find(uint64_t id) {
  if (!parcel_) return nullptr;
  const auto found = std::ranges::find(parcel_->items, id, &Parcel::Item::id);
  return found == parcel_->items.end() ? nullptr : found->transfer.get();
}

void Carrier::close(file::State state) {
  if (!parcel_) return;
  for (auto& item : parcel_->items) item.transfer->close(state);
  out_.reach(*parcel_, Direction::to_server, kComplete);
  parcel_->progress[index(Direction::to_client)] = kComplete;
  for (auto& item : parcel_->items) {
    const file::File& file = item.transfer->file();
    out_.emit(
        {.tx = parcel_.get(), .direction = Direction::to_server, .record = kRecords, .detail = &file, .file = &file});
  }
  parcel_.reset();
}

}  // namespace lapwing::test
