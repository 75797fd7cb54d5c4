#include "tests/dissectors/parts/carriers.h"

#include <optional>
#include <span>
#include <string>

#include "dissectors/contract/names.h"
#include "dissectors/parts/file/transfer.h"
#include "sensor/base/text.h"
#include "tests/dissectors/parts/label.h"

namespace lapwing {
namespace {

using namespace columns;

/// A line [W].
struct Item : Transaction {
  label::Label label;
};

const label::Label& label_of(const Item& item) {
  return item.label;
}
std::span<const label::Label> labels_of(const Item& item) {
  return {&item.label, 1};
}

/// Lines "<name> label TEXT", and "<name> piece OFFSET", which is a byte of the flow's one file.
template <class Kind>
class Lines {
 public:
  struct Config {};
  using Anomaly = typename Kind::Anomaly;
  using Pdu = None;
  using Cap = None;
  static constexpr auto& kParts = Kind::kParts;
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return {}; }
  static Likelihood probe(const Chunk& first) {
    const std::string_view text = to_text(first.data);
    if (text.starts_with(Kind::kName)) return Likelihood::sure;
    return Kind::kName.starts_with(text) ? Likelihood::more : Likelihood::no;
  }

  Lines(const Config&, const Out<Lines>& out) : out_(out) {}
  Step data(const Chunk& chunk) {
    size_t used = 0;
    while (true) {
      const std::string_view rest = to_text(chunk.data).substr(used);
      const size_t size = rest.find('\n');
      if (size == std::string_view::npos) return Step::ok(used);
      line(rest.substr(0, size), chunk.direction);
      used += size + 1;
    }
  }
  Step gap(Direction, uint64_t) { return Step::fail(); }
  void finish() {
    if (transfer_) transfer_->close(FileState::closed);
  }

 private:
  void line(std::string_view text, Direction direction) {
    constexpr std::string_view kLabel = " label ", kPiece = " piece ";
    if (!text.starts_with(Kind::kName)) return;
    text.remove_prefix(Kind::kName.size());
    if (text.starts_with(kPiece)) {
      const auto offset = parse_unsigned(text.substr(kPiece.size()));
      return offset ? piece(*offset, direction) : void();
    }
    Item item;
    out_.open(item);
    if (text.starts_with(kLabel)) {
      item.label =
          label::read(to_bytes(text.substr(kLabel.size())), direction, item, out_.template part<label::Labels>());
    } else if constexpr (requires { Anomaly::broken; }) {
      out_.anomaly(Anomaly::broken, direction, &item);
    }
    item.progress[index(direction)] = kComplete;
    out_.emit({.tx = &item, .direction = direction, .record = Kind::kRecords});
  }
  void piece(uint64_t offset, Direction direction) {
    if (!transfer_) {
      out_.open(carrying_);
      transfer_.emplace(out_, carrying_, direction, "pieces", 0);
    }
    transfer_->at(offset, to_bytes(std::string(offset == kLong ? (1 << 20) + 1 : 1, 'x')));
  }

  static constexpr uint64_t kLong = 1'000'000;  // where a piece begins that is longer than may wait

  Out<Lines> out_;
  Item carrying_;
  std::optional<file::Transfer<Lines>> transfer_;
};

template <class Kind>
const About Lines<Kind>::about{.name = Kind::kName, .help = "lines of text"};
template <class Kind>
const Protocol Lines<Kind>::protocol{.name = Kind::kName,
                                     .anomalies = Kind::kAnomalies,
                                     .records = Kind::kRecords,
                                     .help = "lines of text",
                                     .loud_anomalies = Kind::kLoud,
                                     .in_alert = Kind::kRecord,
                                     .parts = Kind::kParts};

template <Sender sender, const std::string_view& name>
struct Rows {
  static constexpr std::string_view kName = name;
  static constexpr Column kItem[] = {
      object<&label_of>("label", label::kColumns<sender, 1>, "the label of a line").of(sender)};
  static constexpr Column kRecord[] = {object<&self<Item>>(name, kItem, "a line")};
  static constexpr Table kShapes[] = {kRecord};
  static constexpr RecordRow kRecords[] = {{.type = name, .help = "a line", .shapes = kShapes}};
};

constexpr std::string_view kCrate = "crate", kParcel = "parcel";

struct Crate : Rows<Sender::client, kCrate> {
  enum class Anomaly : uint8_t { broken };
  static constexpr auto kAnomalies = names<Anomaly::broken>({{Anomaly::broken, "broken"}});
  static constexpr bool kLoud = false;
  static constexpr Carried kParts[] = {carried<&label_of>(label::Labels::part, Sender::client, {1}),
                                       {&file::Files::part}};
};

/// All of its anomalies are its parts'.
struct Parcel : Rows<Sender::server, kParcel> {
  enum class Anomaly : uint8_t {};
  static constexpr std::span<const std::string_view> kAnomalies = {};
  static constexpr bool kLoud = true;
  static constexpr Carried kParts[] = {{&file::Files::part},
                                       carried_each<&labels_of>(label::Labels::part, Sender::server, {1})};
};

}  // namespace

const DissectorRow crate::kRow = row<Lines<Crate>>();
const DissectorRow parcel::kRow = row<Lines<Parcel>>();

}  // namespace lapwing
