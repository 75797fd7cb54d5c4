#include "tests/dissectors/parts/label.h"

#include <algorithm>
#include <string>

#include "dissectors/contract/names.h"
#include "dissectors/contract/words.h"
#include "sensor/base/text.h"

namespace lapwing::label {

namespace {

constexpr auto kAnomalies = names<Labels::Anomaly::unprintable>(
    {{Labels::Anomaly::empty, "empty"}, {Labels::Anomaly::unprintable, "unprintable"}});

/// "SIZE"
struct Size {
  uint64_t bytes;
};
Size size(const WordText& text) {
  const auto bytes = parse_unsigned(text.text);
  if (!bytes) text.fail("takes a number of bytes");
  return {*bytes};
}
std::string describe(const Size& size) {
  return std::to_string(size.bytes);
}
bool has_size(const Label& label, const Moment&, const Size& size) {
  return label.text.size() == size.bytes;
}

constexpr Word kWords[] = {
    words::tested<&size, &has_size>({.name = "label.size", .stage = kRead, .help = "bytes of the label"}),
};

}  // namespace

const Part Labels::part{
    .name = "label", .help = "a line of text", .anomalies = kAnomalies, .caps = kCaps, .words = kWords};

Label read(Bytes line, Direction direction, Transaction& tx, PartOut<Labels> out) {
  if (line.empty()) out.anomaly(Labels::Anomaly::empty, direction, &tx);
  if (std::ranges::any_of(line, [](uint8_t c) { return c < ' '; })) {
    out.anomaly(Labels::Anomaly::unprintable, direction, &tx);
  }
  const size_t most = out.limit(Labels::Cap::length);
  if (!out.within(Labels::Cap::length, line.size())) line = line.first(most);
  return {std::string(to_text(line))};
}

}  // namespace lapwing::label
