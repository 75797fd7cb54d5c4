// Fields: what a transaction says, by the names that records have for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/frame/detector.h"
#include "sensor/base/bytes.h"
#include "sensor/base/hash.h"
#include "sensor/base/ip_address.h"
#include "sensor/event/event.h"
#include "sensor/event/member.h"

namespace lapwing::analytics {

/// [W] One member of records, "arp.src_ip" or "dns.answers.rdata": bound at the first event of each form of record that
/// has it. A build whose records lack it gives no values.
class FieldReader {
 public:
  explicit FieldReader(std::string_view path) : path_(path), id_(keyed_hash(to_bytes(path), kReplaySeed)) {}

  /// Calls each(const Value&) until it returns false. Bytes live as long as the call.
  template <class Each>
  void for_each(const Event& event, Each&& each) {
    struct Sink final : ValueSink {
      Sink(std::string& s, Each& e) : text(s), call(e) {}
      std::string& scratch() override { return text; }
      bool take(const Value& value) override { return call(value); }
      std::string& text;
      Each& call;
    } sink(scratch_, each);
    at(event).visit({.tx = event.tx, .direction = event.direction, .detail = event.detail}, sink);
  }
  /// The first value; its bytes live until the next is read.
  std::optional<Value> first(const Event& event) {
    std::optional<Value> out;
    for_each(event, [&](const Value& value) {
      out = value;
      return false;
    });
    return out;
  }
  /// The same; where another detector has read it of this event, it is not read again. Its bytes live as long as the
  /// call at least, unless this reader goes through the values of the same event.
  std::optional<Value> first(const Observed& observed) {
    if (const auto* known = observed.readings.find(id_)) return *known;
    const auto out = first(observed.event);
    observed.readings.keep(id_, out);
    return out;
  }
  template <class From>
  std::string_view text(const From& from) {
    const auto value = first(from);
    return value ? to_text(value->bytes) : std::string_view();
  }
  template <class From>
  std::optional<IpAddress> address(const From& from) {
    return IpAddress::parse(text(from));
  }

 private:
  const ColumnPath& at(const Event& event) {
    const lapwing::Table form = form_of(event);
    for (const auto& [known, path] : bound_) {
      if (known == form.begin()) return path;
    }
    // What alerts show is there whatever form records have.
    ColumnPath path = find(event.protocol->in_alert, path_);
    if (!path.found()) path = find(form, path_);
    return bound_.emplace_back(form.begin(), path).second;
  }
  /// Where no record is due, the form of the protocol's first; where it has none, what it shows detectors.
  static lapwing::Table form_of(const Event& event) {
    if (!event.record && event.protocol->records.empty()) return event.protocol->observed;
    const RecordRow& record = event.record ? *event.record : event.protocol->records[0];
    return record.shapes[event.record && record.shape ? record.shape(event, event.config) : 0];
  }

  std::string_view path_;
  uint64_t id_;
  std::vector<std::pair<const Column*, ColumnPath>> bound_;  // by form of record
  std::string scratch_;
};

}  // namespace lapwing::analytics
