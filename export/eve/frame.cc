#include "export/eve/frame.h"

#include <algorithm>
#include <string>

#include "sensor/event/event.h"

namespace lapwing {
namespace {

/// What is shown of the frame as text, with a word on what was lost of it.
std::string printed(const MessageFrame& frame, Bytes shown, uint64_t most) {
  std::string out(to_text(shown));
  if (frame.missing > 0) {
    out += "[" + std::to_string(frame.missing) + " bytes missing]";
    out += to_text(frame.behind);
  }
  out.resize(std::min<uint64_t>(out.size(), most));
  return out;
}

}  // namespace

void write_frame_member(std::string& out, const EveFrameOptions& options, const MessageFrame& frame) {
  JsonWriter json(out);
  json.begin_object("frame").member("type", frame.kind->name).member("id", frame.id);
  json.member("direction", frame.direction == Direction::to_server ? "toserver" : "toclient");
  if (!frame.datagram) json.member("stream_offset", frame.offset);
  json.member("length", frame.length).member("complete", frame.complete);
  const uint64_t most = shown_of_payload(options.payload_buffer_size);
  const Bytes shown = frame.bytes.first(std::min<uint64_t>(frame.bytes.size(), most));
  if (options.payload) json.key("payload").base64(shown);
  if (options.payload_printable) json.key("payload_printable").printable(to_bytes(printed(frame, shown, most)));
  if (frame.tx) json.member("tx_id", frame.tx->number);
  json.end_object();
}

void write_frame_record(std::string& out, RecordTools& tools, const Envelope& envelope, const MessageFrame& frame) {
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, "frame", View::packet);
    write_common(line, tools, envelope, envelope.flowbits, View::packet);
    line << ",";
  }
  write_frame_member(out, tools.options.frame, frame);
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

}  // namespace lapwing
