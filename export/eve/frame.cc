#include "export/eve/frame.h"

#include <algorithm>

#include "sensor/event/event.h"

namespace lapwing {

void write_frame_member(std::string& out, const EveFrameOptions& options, const MessageFrame& frame) {
  JsonWriter json(out);
  json.begin_object("frame").member("type", frame.kind->name).member("id", frame.id);
  json.member("direction", frame.direction == Direction::to_server ? "toserver" : "toclient");
  if (!frame.datagram) json.member("stream_offset", frame.offset);
  json.member("length", frame.length).member("complete", frame.complete);
  const Bytes shown = frame.bytes.first(std::min<size_t>(frame.bytes.size(), options.payload_buffer_size));
  if (options.payload) json.key("payload").base64(shown);
  if (options.payload_printable) json.key("payload_printable").printable(shown);
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
