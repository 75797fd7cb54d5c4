// What answers tell of the names of addresses.
#include "dissectors/protocols/dns/dns.h"
#include "sensor/event/sighting.h"

namespace lapwing::dns {

/// The name that was asked for is that of every address that its aliases lead to.
void sightings(const Event& event, SightingSink& sink) {
  const Message& message = static_cast<const MessageTransaction&>(*event.tx).message;
  if (!message.is_response() || message.questions.size() != 1) return;
  const std::string_view name = to_text(message.text_of(message.questions.front().name));
  for (const Record& answer : message.answers()) {
    const bool v4 = answer.type == kA && answer.data.size() == 4, v6 = answer.type == kAaaa && answer.data.size() == 16;
    if (!v4 && !v6) continue;
    sink.binding({.kind = BindingKind::dns,
                  .address = v4 ? IpAddress::v4(answer.data.data()) : IpAddress::v6(answer.data.data()),
                  .name = name,
                  .ttl = answer.ttl});
  }
}

}  // namespace lapwing::dns
