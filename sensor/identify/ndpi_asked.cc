#include "sensor/identify/ndpi_asked.h"

#include <algorithm>

namespace lapwing {
namespace {

std::bitset<256> read_class(std::string_view text) {
  std::bitset<256> out;
  if (text.empty()) return out.set();
  for (size_t i = 0; i < text.size(); ++i) {
    const bool range = i + 2 < text.size() && text[i + 1] == '-';
    const auto from = static_cast<uint8_t>(text[i]), to = static_cast<uint8_t>(text[range ? i + 2 : i]);
    for (unsigned byte = from; byte <= to; ++byte) out.set(byte);
    if (range) i += 2;
  }
  return out;
}

bool names(std::span<const NumberRange> ranges, uint16_t number) {
  return std::ranges::any_of(ranges, [&](const NumberRange& range) { return range.has(number); });
}

}  // namespace

AskedTable::AskedTable(Carrier carrier, At at) {
  std::vector<PayloadNeeds> rows;
  for (const PayloadNeeds& row : payload_needs()) {
    if (row.carrier != carrier && row.carrier != Carrier::both) continue;
    if (row.at == At::any_packet || row.at == at) rows.push_back(row);
  }
  NdpiSet with_row, any_port;
  for (const PayloadNeeds& row : rows) {
    with_row.set(row.protocol);
    if (row.without == Without::excludes) excludes_.set(row.protocol);
    if (row.ports[0].from == 0) any_port.set(row.protocol);
    for (const std::span<const NumberRange> ranges : {std::span(row.ports), std::span(row.other_ports)}) {
      for (const NumberRange& range : ranges) {
        for (uint32_t port = range.from; port != 0 && port <= range.to; ++port) named_.set(port);
      }
    }
    const std::bitset<256> bytes = read_class(row.first);
    for (size_t byte = 0; byte < by_first_.size(); ++byte) {
      if (bytes[byte]) by_first_[byte].set(row.protocol);
    }
  }
  const NdpiSet without_row = NdpiSet::all() - with_row;
  for (NdpiSet& set : by_first_) set = set | without_row;

  std::bitset<PayloadNeeds::kLongest + 3> turns;  // where what a row says of a length may change
  turns.set(0);
  for (const PayloadNeeds& row : rows) {
    for (const size_t turn : {size_t{row.least}, row.most + size_t{1}, size_t{row.ignores_from}}) turns.set(turn);
    for (const NumberRange& range : row.other_lengths) turns.set(range.from).set(range.to + size_t{1});
  }
  for (uint16_t length = 0; length <= PayloadNeeds::kLongest; ++length) {
    if (turns[length]) {
      ByLength& line = by_length_.emplace_back();
      line.fit = without_row;
      for (const PayloadNeeds& row : rows) {
        if (row.least <= length && length <= row.most) line.fit.set(row.protocol);
        if (names(row.other_lengths, length)) line.also.set(row.protocol);
        if (length >= row.ignores_from) line.ignore.set(row.protocol);
      }
    }
    length_class_[length] = static_cast<uint8_t>(by_length_.size() - 1);
  }

  for (uint32_t port = 1; port < named_.size(); ++port) {
    if (!named_[port]) continue;
    ByPort line;
    line.fit = without_row | any_port;
    for (const PayloadNeeds& row : rows) {
      if (names(row.ports, static_cast<uint16_t>(port))) line.fit.set(row.protocol);
      if (names(row.other_ports, static_cast<uint16_t>(port))) line.also.set(row.protocol);
    }
    ports_.push_back(static_cast<uint16_t>(port));
    by_port_.push_back(line);
  }
  by_port_.push_back({without_row | any_port, {}});
}

const AskedTable::ByPort& AskedTable::of(uint16_t port) const {
  if (!named_[port]) return by_port_.back();
  return by_port_[static_cast<size_t>(std::ranges::lower_bound(ports_, port) - ports_.begin())];
}

AskedTable::Answer AskedTable::look(std::span<const uint8_t> payload, uint16_t port, uint16_t other_port) const {
  const ByLength& length = by_length_[length_class_[payload.size()]];
  const ByPort &one = of(port), &other = of(other_port);
  const NdpiSet fit = by_first_[payload[0]] & length.fit & (one.fit | other.fit);
  Answer out;
  out.ask = (fit | length.also | one.also | other.also) - length.ignore;
  out.exclude = excludes_ - out.ask - length.ignore;
  return out;
}

}  // namespace lapwing
