#include "export/eve/engine.h"

namespace lapwing {

void write_engine_record(std::string& out, RecordTools& tools, const EngineNotice& notice) {
  Envelope envelope;
  envelope.time = notice.time;
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, "engine", View::flow);
  }
  JsonWriter json(out);
  json.raw("");  // the object is open and holds members: the next one needs its comma
  json.begin_object("engine")
      .member("module", notice.module)
      .member(notice.fault ? "error" : "message", notice.message);
  json.end_object();
  json.key(notice.name).raw(notice.object);
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

}  // namespace lapwing
