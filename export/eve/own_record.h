// Records whose object is written by JsonWriter, between what opens and what ends every record.
#pragma once

#include <string>
#include <string_view>

#include "export/eve/envelope.h"
#include "sensor/base/json_writer.h"

namespace lapwing {

/// `own(json)` writes the member that the record is about.
template <class Own>
void write_own_record(std::string& out, RecordTools& tools, const Envelope& envelope, std::string_view type, Own own) {
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, type, View::flow);
  }
  JsonWriter json(out);
  json.raw("");  // the object is open and holds members: the next one needs its comma
  own(json);
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

}  // namespace lapwing
